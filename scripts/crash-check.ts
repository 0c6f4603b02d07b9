import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCrashApp, complaints } from '../test/support/crash-run.ts';
import {
  type Disturbance,
  type Extent,
  playStory,
  STORIES,
  type Story,
  type StoryResult,
  toleranceOf,
} from '../test/support/crash-stories.ts';

const HELP = `Kills the local environment at many points of a run and checks that it comes to the same end each time.

Usage: npm run crash-check -- [options]

Every story (${STORIES.join(', ')}) is played once undisturbed and then
  - with the host's memory dropped before and after each activity,
  - with every activity run twice,
  - with SIGKILL of the host at points drawn from seeds,
  - with SIGKILL of simulated Azure and of storage in mid-run.
Each must leave the same resources, each created once, one journal line for each decision, and an empty plan.

Options:
  --points N    kills of the host while the sample is provisioned; a quarter of them in each other story (default 20)
  --seed N      first seed (default 1)
  --story NAME  only this story; may be given more than once
  --json        the results as JSON on stdout, progress on stderr
  --help        this text

Exit codes: 0 all came to the same end, 1 some did not, 2 wrong usage.

Examples:
  npm run crash-check
  npm run crash-check -- --story provision --points 1 --seed 17`;

interface Case {
  readonly story: Story;
  readonly disturbance: Disturbance;
}

interface Result extends Case {
  readonly seconds: number;
  readonly complaints: readonly string[];
}

interface Options {
  readonly points: number;
  readonly seed: number;
  readonly stories: readonly Story[];
  readonly json: boolean;
}

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not '${text}'.`);
  return value;
}

/** `null`: help is wanted. @throws Error with what is wrong. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      points: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      story: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const stories = (values.story ?? STORIES).map((name) => {
    const story = STORIES.find((one) => one === name);
    if (story === undefined) throw new Error(`There is no story '${name}'; there are ${STORIES.join(', ')}.`);
    return story;
  });
  return {
    points: wholeNumber(values.points, 'points'),
    seed: wholeNumber(values.seed, 'seed'),
    stories,
    json: values.json,
  };
}

function casesOf(story: Story, { points, seed }: Options): readonly Case[] {
  const kills = story === 'provision' ? points : Math.ceil(points / 4);
  const host = Array.from({ length: kills }, (_, index): Disturbance => ({ name: 'host', seed: seed + index }));
  const others: readonly Disturbance[] = [
    { name: 'memory' },
    { name: 'twice' },
    { name: 'azure', seed },
    { name: 'storage', seed },
  ];
  return [...others, ...host].map((disturbance) => ({ story, disturbance }));
}

function nameOf({ story, disturbance }: Case): string {
  return `${story}, ${disturbance.name}${'seed' in disturbance ? ` (seed ${disturbance.seed})` : ''}`;
}

async function check(appFile: string, one: Case, reference: StoryResult): Promise<Result> {
  const startedMs = performance.now();
  const secondsPassed = () => Math.round((performance.now() - startedMs) / 100) / 10;
  try {
    const extent: Extent = reference.extent;
    const { picture, disturbed } = await playStory(appFile, one.story, one.disturbance, extent);
    const found = complaints(reference.picture, picture, toleranceOf(one.story, one.disturbance));
    return {
      ...one,
      seconds: secondsPassed(),
      complaints: disturbed ? found : ['The run was over before it was disturbed.', ...found],
    };
  } catch (error) {
    return { ...one, seconds: secondsPassed(), complaints: [error instanceof Error ? error.message : String(error)] };
  }
}

async function run(options: Options, note: (line: string) => void): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-crash-check-'));
  const results: Result[] = [];
  try {
    const appFile = buildCrashApp(folder);
    for (const story of options.stories) {
      const reference = await playStory(appFile, story, { name: 'none' });
      note(`${story}, undisturbed: ${reference.extent.activities} activities, ${reference.picture.operation.state}`);
      for (const one of casesOf(story, options)) {
        const result = await check(appFile, one, reference);
        results.push(result);
        note(`${result.complaints.length === 0 ? 'ok    ' : 'FAILED'} ${nameOf(one)}: ${result.seconds} s`);
        for (const complaint of result.complaints) note(`       ${complaint}`);
      }
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${HELP}\n`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const progress = options.json ? process.stderr : process.stdout;
  const results = await run(options, (line) => progress.write(`${line}\n`));
  const failed = results.filter((result) => result.complaints.length > 0);
  if (options.json) process.stdout.write(`${JSON.stringify({ failed: failed.length, results }, null, 2)}\n`);
  progress.write(`${results.length} disturbed runs, ${failed.length} did not come to the same end.\n`);
  for (const result of failed) progress.write(`FAILED ${nameOf(result)}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();

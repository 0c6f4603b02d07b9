/**
 * How near provisioning comes to the least possible time, and what it costs: hubs with 1, 10 and 50 spokes, each through
 * the whole app on the stepped clock. Run: `node bench/makespan.ts [--spokes 1,10,50]`. Writes ratios, which compare
 * between machines, to `bench/results/makespan.json` and `bench/results/cost.json`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEnvironment, type TestEnvironment } from '../test/support/environment.ts';
import { type Body, boundOf, type MeasuredOperation } from './support/bound.ts';
import { specWithSpokes } from './support/spoke-specs.ts';

const { values: options } = parseArgs({ options: { spokes: { type: 'string', default: '1,10,50' } } });

/** A run that takes longer has failed. */
const MOST_MINUTES = 24 * 60;

interface Operation {
  readonly state: string;
  readonly errors: readonly unknown[];
  readonly progress: { readonly total: number };
}

interface HostStatistics {
  readonly activities: number;
  readonly historyEvents: number;
  readonly historyBytes: number;
  readonly longestHistoryEvents: number;
}

/** What one run took and cost. */
interface Measured {
  readonly spokes: number;
  readonly resources: number;
  readonly bound: ReturnType<typeof boundOf>;
  readonly history: HostStatistics;
  readonly calls: ReadonlyMap<string, number>;
}

async function untilOver(environment: TestEnvironment, operationId: string): Promise<Operation> {
  for (let minute = 0; minute < MOST_MINUTES; minute++) {
    await environment.advance(60);
    const { body } = await environment.api<Operation>('GET', `/api/operations/${operationId}`);
    if (body.state !== 'queued' && body.state !== 'running') return body;
  }
  throw new Error(`The operation ${operationId} does not end.`);
}

/** Calls by service and what they do. */
function callsIn(file: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [service, method] = line.split(' ');
    if (service === undefined || method === undefined) continue;
    const name = `${service} ${method === 'GET' || method === 'HEAD' ? 'reads' : 'writes'}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

async function measure(spokes: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-bench-'));
  const callsFile = join(folder, 'calls.txt');
  const environment = await startEnvironment({
    record: null,
    settings: {
      NODE_OPTIONS: `--import ${join(import.meta.dirname, 'support/count-calls.ts')}`,
      HUBKEEPER_CALLS_FILE: callsFile,
    },
  });
  try {
    const put = await environment.api<{ operationId: string }>(
      'PUT',
      `/api/baselines/spokes-${spokes}`,
      specWithSpokes(spokes),
    );
    const operation = await untilOver(environment, put.body.operationId);
    if (operation.state !== 'succeeded') throw new Error(`${operation.state}: ${JSON.stringify(operation.errors)}`);
    const stats = await environment.sim<{ operations: readonly MeasuredOperation[] }>('GET', 'stats');
    const state = await environment.sim<{ resources: readonly Body[] }>('GET', 'state');
    const host = await environment.hostControl<Record<string, HostStatistics>>('GET', 'statistics');
    const history = host.body.baselineReconciler;
    if (history === undefined) throw new Error('The host has counted nothing of the reconciler.');
    return {
      spokes,
      resources: operation.progress.total,
      bound: boundOf(stats.body.operations, state.body.resources),
      history,
      calls: callsIn(callsFile),
    };
  } finally {
    await environment.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function costOf({ spokes, resources, history, calls }: Measured) {
  const per = (count: number) => rounded(count / resources);
  return {
    spokes,
    resources,
    perResource: {
      historyEvents: per(history.historyEvents),
      historyBytes: per(history.historyBytes),
      activities: per(history.activities),
      ...Object.fromEntries([...calls].sort().map(([name, count]) => [name, per(count)])),
    },
    longestHistoryEvents: history.longestHistoryEvents,
  };
}

/** How each cost grows when the resources do: 1 is linear growth, less is better. */
function growthOf(small: Measured, large: Measured) {
  const before = Object.entries(costOf(small).perResource);
  const after = new Map(Object.entries(costOf(large).perResource));
  return {
    fromSpokes: small.spokes,
    toSpokes: large.spokes,
    resources: rounded(large.resources / small.resources),
    perResource: Object.fromEntries(before.map(([name, value]) => [name, rounded((after.get(name) ?? 0) / value)])),
  };
}

function write(name: string, results: unknown): void {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(results, null, 2)}\n`;
  writeFileSync(join(folder, name), text);
  process.stdout.write(text);
}

const runs: Measured[] = [];
for (const spokes of options.spokes.split(',').map(Number)) runs.push(await measure(spokes));

write('makespan.json', {
  meaning: {
    ratio: 'first start to last noticed end, over the bound',
    bound: 'the longest chain of dependencies or the heaviest lane with its head and tail, in simulated seconds',
  },
  runs: runs.map(({ spokes, bound: { ratio, makespanSeconds, boundSeconds, by } }) => ({
    spokes,
    ratio: rounded(ratio),
    makespanSeconds,
    boundSeconds,
    by: by.replace(/\/.*\//, '…/'),
  })),
});
write('cost.json', {
  meaning: {
    perResource: 'of a whole provisioning, divided by the resources that it made',
    growth: 'perResource at the larger size over that at the smaller one: 1 is linear growth',
  },
  runs: runs.map(costOf),
  growth: runs.slice(1).map((run, index) => growthOf(runs[index] ?? run, run)),
});

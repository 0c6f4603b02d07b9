/**
 * How planning and scheduling grow with the size of a baseline, and how near schedules come to the least possible time.
 * Run: `node bench/plan.ts`. Writes ratios, which compare between machines, to `bench/results/plan.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import type { JsonObject } from '../lib/json.ts';
import { planChanges } from '../lib/plan/diff.ts';
import { type DesiredNode, normaliseId } from '../lib/plan/graph.ts';
import { nextSteps } from '../lib/plan/scheduler.ts';
import { anyJobs, hubAndSpoke } from '../test/lib/plan/run-shapes.ts';
import { leastPossibleMinutes, play } from '../test/lib/plan/run-simulator.ts';
import { always, id, kinds, thing, written } from '../test/lib/plan/small-kind.ts';

const REPEATS = 7;

/** The fastest of several: the others were disturbed. */
function fastestMs(work: () => void): number {
  const times = Array.from({ length: REPEATS }, () => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  return Math.min(...times);
}

/** As many nodes as a baseline with that many resources: layers that depend on each other, forty entries in every tenth. */
function world(count: number) {
  const nodes: DesiredNode[] = Array.from({ length: count }, (_, index) => {
    const parts = index % 10 === 0 ? Array.from({ length: 40 }, (__, part) => ({ name: `part-${part}`, y: part })) : [];
    const refs = index > 20 ? [{ id: id(`n${index - 20}`) }, { id: id(`n${index % 20}`) }] : [];
    const earlier = index > 20 ? [`n${index - 20}`, `n${index % 20}`, `n${index - 7}`] : [];
    return thing(`n${index}`, {
      body: { tags: { a: '1', b: '2' }, properties: { x: 1, parts, refs, nested: { a: 1, b: { c: 2, d: 3 } } } },
      dependsOn: always(...earlier),
      lanes: [`lane-${index % 12}`],
    });
  });
  const drifted = (node: DesiredNode, index: number): JsonObject =>
    index % 3 === 0 ? { ...node.body, tags: { a: 'other' } } : node.body;
  const observed = new Map(nodes.map((node, index) => [normaliseId(node.id), drifted(node, index)]));
  const ledger = nodes.map((node) => written(node));
  return { nodes, observed, ledger };
}

function planMs(count: number, declaredPart: number): number {
  const { nodes, observed, ledger } = world(count);
  const graph = { baseline: 'b', nodes: nodes.slice(0, Math.floor(count * declaredPart)) };
  return fastestMs(() => planChanges({ graph, observed, ledger, kinds, specVersion: '1', teardown: true }));
}

function scheduleMs(spokes: number): number {
  const nodes = hubAndSpoke({ spokes, expressRoute: true, zones: 2 }).map((job) => ({
    ...job,
    state: { name: 'pending' as const },
  }));
  return fastestMs(() => nextSteps({ nodes, buckets: {} }, 0));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function growth(measure: (size: number) => number, small: number, large: number) {
  measure(small);
  return {
    from: small,
    to: large,
    sizeRatio: rounded(large / small),
    timeRatio: rounded(measure(large) / measure(small)),
  };
}

function makespans() {
  return [1, 10, 50].flatMap((spokes) =>
    [false, true].map((expressRoute) => {
      const jobs = hubAndSpoke({ spokes, expressRoute, zones: 2 });
      const ratio = rounded(play(jobs).makespanMinutes / leastPossibleMinutes(jobs));
      return { spokes, expressRoute, nodes: jobs.length, toLeastPossible: ratio };
    }),
  );
}

function randomMakespans() {
  const samples = fc.sample(anyJobs, { numRuns: 2000, seed: 20_260_601 });
  const ratios = samples
    .map((jobs) => play(jobs, undefined, 60_000).makespanMinutes / leastPossibleMinutes(jobs))
    .sort((a, b) => a - b);
  const at = (part: number) => rounded(ratios[Math.min(ratios.length - 1, Math.floor(ratios.length * part))] ?? 0);
  return { graphs: ratios.length, median: at(0.5), p90: at(0.9), p99: at(0.99), worst: at(1) };
}

const results = {
  meaning: {
    planning:
      'time of planChanges at the larger size over that at the smaller one; equal to sizeRatio is linear growth',
    scheduling: 'the same for one turn of the scheduler that starts a whole baseline, by spokes',
    hubAndSpoke: 'duration of a simulated run over the least that dependencies and lanes allow',
    random: 'the same for random graphs with seven contended lanes; the least possible is no reachable optimum there',
  },
  thousandNodesUnderOneSecond: planMs(1000, 1) < 1000,
  planning: {
    update: growth((size) => planMs(size, 1), 250, 1000),
    halfDeleted: growth((size) => planMs(size, 0.5), 250, 1000),
  },
  scheduling: growth(scheduleMs, 12, 48),
  hubAndSpoke: makespans(),
  random: randomMakespans(),
};

const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'plan.json'), `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);

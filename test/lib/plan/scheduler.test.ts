import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_LIMITS, type NodeState, nextSteps, type RunNode } from '../../../lib/plan/scheduler.ts';
import { anyJobs, hubAndSpoke } from './run-shapes.ts';
import { leastPossibleMinutes, play } from './run-simulator.ts';

const PENDING: NodeState = { name: 'pending' };
const DONE: NodeState = { name: 'done' };

function node(id: string, over: Partial<RunNode> = {}): RunNode {
  return { id, state: PENDING, dependsOn: [], lanes: [], estimatedMinutes: 1, ...over };
}

describe('nextSteps', () => {
  it('starts everything that is free at once, and never two in one lane', () => {
    const nodes = [
      node('a', { lanes: ['x'] }),
      node('b', { lanes: ['x', 'y'], estimatedMinutes: 5 }),
      node('c', { lanes: ['z'] }),
      node('d', { dependsOn: ['a'] }),
      node('e'),
    ];

    const step = nextSteps({ nodes, buckets: {} }, 0);

    expect(step.start.toSorted()).toEqual(['a', 'c', 'e']);
    expect(step.waitSeconds).toBeNull();
    expect(step.finished).toBe(false);
  });

  it('leaves a lane free for a moment when something more urgent is about to need it', () => {
    const nodes = [
      node('policy'),
      node('firewall', { dependsOn: ['policy'], lanes: ['hub'], estimatedMinutes: 10 }),
      node('cluster', { dependsOn: ['firewall'], estimatedMinutes: 12 }),
      node('gateway', { lanes: ['hub'], estimatedMinutes: 45 }),
    ];

    const step = nextSteps({ nodes, buckets: {} }, 0);

    expect(step.start).toEqual(['policy']);
  });

  it('gives the lane away when what it was left for hangs', () => {
    const running: NodeState = { name: 'running', startedAtMs: 0, nextPollAtMs: 10_000_000 };
    const nodes = [
      node('policy', { state: running }),
      node('firewall', { dependsOn: ['policy'], lanes: ['hub'], estimatedMinutes: 10 }),
      node('cluster', { dependsOn: ['firewall'], estimatedMinutes: 12 }),
      node('gateway', { lanes: ['hub'], estimatedMinutes: 12 }),
    ];

    const soon = nextSteps({ nodes, buckets: {} }, 30_000);
    const late = nextSteps({ nodes, buckets: {} }, 60 * 60_000);

    expect(soon.start).toEqual([]);
    expect(late.start).toEqual(['gateway']);
  });

  it('polls exactly what is due and sleeps until the next', () => {
    const running = (nextPollAtMs: number): NodeState => ({ name: 'running', startedAtMs: 0, nextPollAtMs });
    const nodes = [node('a', { state: running(5_000) }), node('b', { state: running(15_500) })];

    const due = nextSteps({ nodes, buckets: {} }, 5_000);
    const rest = nextSteps({ nodes: nodes.slice(1), buckets: {} }, 5_000);

    expect(due).toMatchObject({ poll: ['a'], start: [], waitSeconds: null });
    expect(rest).toMatchObject({ poll: [], waitSeconds: 11, finished: false });
  });

  it('blocks what depends on a failed node, down the whole chain, and goes on elsewhere', () => {
    const nodes = [
      node('a', { state: { name: 'failed' } }),
      node('b', { dependsOn: ['a'] }),
      node('c', { dependsOn: ['b'], state: { name: 'waiting' } }),
      node('d'),
    ];

    const step = nextSteps({ nodes, buckets: {} }, 0);

    expect(step.blocked).toEqual([
      { id: 'b', by: 'a' },
      { id: 'c', by: 'a' },
    ]);
    expect(step.start).toEqual(['d']);
  });

  it.each<readonly [string, readonly RunNode[], boolean, number | null]>([
    ['all ended', [node('a', { state: DONE }), node('b', { state: { name: 'refused' } })], true, null],
    ['the rest is blocked', [node('a', { state: { name: 'failed' } }), node('b', { dependsOn: ['a'] })], true, null],
    ['one waits for an outsider', [node('a', { state: { name: 'waiting' } })], false, null],
    ['one waits until a time', [node('a', { state: { name: 'waiting', untilMs: 61_000 } })], false, 60],
    ['one retries later', [node('a', { state: { name: 'retrying', notBeforeMs: 31_000 } })], false, 30],
    ['a start has not answered', [node('a', { state: { name: 'starting', startedAtMs: 1_000 } })], false, 30],
    ['nothing at all', [], true, null],
  ])('knows when it is over: %s', (_, nodes, finished, waitSeconds) => {
    expect(nextSteps({ nodes, buckets: {} }, 1_000)).toMatchObject({ start: [], poll: [], finished, waitSeconds });
  });

  it('starts what was retried once its time has come', () => {
    const nodes = [node('a', { state: { name: 'retrying', notBeforeMs: 1_000 } })];

    expect(nextSteps({ nodes, buckets: {} }, 1_000).start).toEqual(['a']);
  });

  it('holds no lane for one that waits', () => {
    const nodes = [
      node('a', { lanes: ['x'], state: { name: 'waiting' } }),
      node('b', { lanes: ['x'], state: { name: 'retrying', notBeforeMs: 600_000 } }),
      node('c', { lanes: ['x'] }),
    ];

    expect(nextSteps({ nodes, buckets: {} }, 0).start).toEqual(['c']);
  });

  it('starts nothing more when it is to stop, and ends when nothing is in flight', () => {
    const running: NodeState = { name: 'running', startedAtMs: 0, nextPollAtMs: 10_000 };
    const inFlight = [node('a', { state: running }), node('b')];

    const during = nextSteps({ nodes: inFlight, buckets: {}, stopping: true }, 0);
    const after = nextSteps({ nodes: [node('a', { state: DONE }), node('b')], buckets: {}, stopping: true }, 0);

    expect(during).toMatchObject({ start: [], waitSeconds: 10, finished: false });
    expect(after).toMatchObject({ start: [], waitSeconds: null, finished: true });
  });

  it('bounds the starts of one turn', () => {
    const nodes = Array.from({ length: 100 }, (_, index) => node(`n${index}`));

    const step = nextSteps({ nodes, buckets: {} }, 0, { ...DEFAULT_LIMITS, startsPerTurn: 7 });

    expect(step.start).toHaveLength(7);
  });

  it('refuses a circle with a typed problem', () => {
    const nodes = [node('a', { dependsOn: ['b'] }), node('b', { dependsOn: ['a'] })];

    expect(() => nextSteps({ nodes, buckets: {} }, 0)).toThrow('DependencyCycle');
  });

  it('never outruns the buckets of a subscription, and does not wait longer than they need', () => {
    const id = (index: number) => `/subscriptions/s/resourceGroups/g/providers/p/t/n${index}`;
    const jobs = Array.from({ length: 600 }, (_, index) => ({
      id: id(index),
      estimatedMinutes: 0.5,
      dependsOn: [],
      lanes: [],
    }));

    const { writesMs } = play(jobs);

    let tokens = DEFAULT_LIMITS.writeBucketTokens;
    let beforeMs = 0;
    for (const atMs of writesMs) {
      const refill = ((atMs - beforeMs) / 1000) * DEFAULT_LIMITS.writeTokensPerSecond;
      tokens = Math.min(DEFAULT_LIMITS.writeBucketTokens, tokens + refill) - 1;
      beforeMs = atMs;
      expect(tokens).toBeGreaterThanOrEqual(DEFAULT_LIMITS.writeReserveTokens);
    }
    expect(writesMs).toHaveLength(600);
    // 160 at once, 440 at ten a second; reads share the time with polls.
    expect(beforeMs / 1000).toBeLessThan(120);
  });
});

describe('a whole run', () => {
  const shapes = [1, 10, 50].flatMap((spokes) =>
    [false, true].flatMap((expressRoute) => [1].map((zones) => ({ spokes, expressRoute, zones }))),
  );

  it.each(shapes)(
    'of a hub with $spokes spokes (ExpressRoute: $expressRoute, zones: $zones) is near the best',
    (shape) => {
      const jobs = hubAndSpoke(shape);

      const played = play(jobs, DEFAULT_LIMITS, 300_000);

      expect([...played.states.values()].every(({ name }) => name === 'done')).toBe(true);
      expect(played.makespanMinutes / leastPossibleMinutes(jobs)).toBeLessThanOrEqual(1.1);
    },
  );

  it('of any shape ends, with something in flight at every moment', () => {
    fc.assert(
      fc.property(anyJobs, (jobs) => {
        const { makespanMinutes, states } = play(jobs, DEFAULT_LIMITS, 60_000);

        const total = jobs.reduce((sum, { estimatedMinutes }) => sum + estimatedMinutes, 0);
        expect([...states.values()].every(({ name }) => name === 'done')).toBe(true);
        // A second is lost at most where a wait is rounded up.
        expect(makespanMinutes).toBeLessThanOrEqual(total + jobs.length / 60);
        expect(makespanMinutes).toBeGreaterThanOrEqual(leastPossibleMinutes(jobs) - 1e-6);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps its rules when estimates are wrong and operations fail', () => {
    const spoiled = fc.tuple(
      anyJobs,
      fc.array(fc.record({ factor: fc.constantFrom(0.2, 1, 1, 4), fails: fc.nat(9).map((n) => n === 0) }), {
        minLength: 40,
        maxLength: 40,
      }),
    );
    fc.assert(
      fc.property(spoiled, ([jobs, luck]) => {
        const real = jobs.map((job, index) => ({
          ...job,
          actualMinutes: job.estimatedMinutes * (luck[index]?.factor ?? 1),
          fails: luck[index]?.fails ?? false,
        }));

        const { states } = play(real, DEFAULT_LIMITS, 60_000);

        for (const job of real) {
          const hasBadBase = job.dependsOn.some((id) => states.get(id)?.name !== 'done');
          expect(states.get(job.id)?.name).toBe(hasBadBase ? 'blocked' : job.fails ? 'failed' : 'done');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is the same again', () => {
    const jobs = hubAndSpoke({ spokes: 5, expressRoute: true, zones: 1 });

    expect([...play(jobs).startsMs]).toEqual([...play(jobs).startsMs]);
  });
});

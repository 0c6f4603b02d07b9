import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import type { AdvanceRequest } from '../../lib/reconcile/advance.ts';
import type { StartOutcome, StartRequest } from '../../lib/reconcile/start-write.ts';
import type { Decision } from '../../lib/state/run.ts';
import { ACTIVITY, ORCHESTRATION } from '../../orchestrations/names.ts';
import { createReconcileBaseline, type ReconcileInput } from '../../orchestrations/reconcile-baseline.ts';
import { type Fixture, LATER, START, startFixture } from '../local/host/support/host-fixture.ts';

const ID = 'reconcile.main.1';
const INPUT: ReconcileInput = { version: 1, baseline: 'main', turn: 1, outcomes: [] };
const END: Decision = { next: 'end' };
const AGAIN: Decision = { next: 'again' };
/** Replay reads the whole history at each step: Durable's guidance is less than one or two thousand events. */
const MOST_EVENTS = 1_000;

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

interface Played {
  readonly advances: readonly AdvanceRequest[];
  readonly starts: readonly StartRequest[];
  readonly status: Awaited<ReturnType<Fixture['status']>>;
}

interface Fakes {
  /** Decision of each turn; may throw. */
  readonly decide: (request: AdvanceRequest, call: number) => Decision;
  readonly start?: (request: StartRequest) => StartOutcome;
  readonly withoutInput?: boolean;
  readonly crash?: boolean;
}

/** Plays the reconciler to its end, with activities that only decide and note. */
async function play({ decide, start = settled, withoutInput = false, crash = false }: Fakes): Promise<Played> {
  const advances: AdvanceRequest[] = [];
  const starts: StartRequest[] = [];
  fixture = await startFixture({}, () => {
    const retry = new df.RetryOptions(5_000, 4);
    retry.backoffCoefficient = 2;
    df.app.orchestration(ORCHESTRATION.reconcile, createReconcileBaseline(retry));
    df.app.activity(ACTIVITY.advance, {
      handler: (request: AdvanceRequest) => decide(request, advances.push(request)),
    });
    df.app.activity(ACTIVITY.start, {
      handler: (request: StartRequest) => {
        starts.push(request);
        return start(request);
      },
    });
  });
  if (crash) fixture.host.setFaults({ crashAroundEveryActivity: true, crashAroundEveryCommit: true });
  await fixture.start(ORCHESTRATION.reconcile, withoutInput ? undefined : INPUT, ID);
  await fixture.run(LATER);
  return { advances, starts, status: await fixture.status(ID) };
}

function settled({ id, attempt }: StartRequest): StartOutcome {
  return { id, attempt, outcome: 'settled', wrote: true };
}

function starting(...ids: readonly string[]): Decision {
  const nodes = ids.map((id) => ({ id, attempt: 1 }));
  return { next: 'start', operationId: 'main-7', planKey: '2-abc', generation: 5, pauseGeneration: 3, nodes };
}

/** The decisions in their order. */
function inOrder(...decisions: readonly Decision[]): Fakes['decide'] {
  return ({ turn }) => decisions[turn - 1] ?? END;
}

describe('the reconciler', () => {
  it('asks for the first decision with what it was started with, and ends when told', async () => {
    const { advances, starts, status } = await play({ decide: inOrder(END) });

    expect(advances).toEqual([
      { baseline: 'main', instanceId: ID, turn: 1, outcomes: [], nowIso: new Date(START).toISOString() },
    ]);
    expect(starts).toEqual([]);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('waits as long as was decided before it asks again', async () => {
    const { advances } = await play({ decide: inOrder({ next: 'wait', seconds: 45 }, { next: 'wait', seconds: 15 }) });

    const secondsPassed = advances.map(({ nowIso }) => (Date.parse(nowIso) - START) / 1_000);
    expect(secondsPassed).toEqual([0, 45, 60]);
    expect(advances.map(({ turn }) => turn)).toEqual([1, 2, 3]);
  });

  it('asks again at once when told so', async () => {
    const { advances } = await play({ decide: inOrder(AGAIN, AGAIN) });

    expect(advances.map(({ turn }) => turn)).toEqual([1, 2, 3]);
    expect(new Set(advances.map(({ nowIso }) => nowIso)).size).toBe(1);
  });

  it('starts everything that was decided with all that a start checks, and hands in the answers with the next turn, once', async () => {
    const refused: StartOutcome = { id: 'b', attempt: 1, outcome: 'stale', why: 'moved' };
    const { advances, starts } = await play({
      decide: inOrder(starting('a', 'b', 'c'), AGAIN),
      start: (request) => (request.id === 'b' ? refused : settled(request)),
    });

    expect(starts.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(starts[0]).toEqual({
      baseline: 'main',
      instanceId: ID,
      operationId: 'main-7',
      planKey: '2-abc',
      generation: 5,
      pauseGeneration: 3,
      id: 'a',
      attempt: 1,
      nowIso: advances[0]?.nowIso,
    });
    expect(advances.map(({ outcomes }) => outcomes.map(({ id, outcome }) => `${id} ${outcome}`))).toEqual([
      [],
      ['a settled', 'b stale', 'c settled'],
      [],
    ]);
  });

  it('says so when it was started without an input', async () => {
    const { advances, status } = await play({ decide: inOrder(END), withoutInput: true });

    expect(status.runtimeStatus).toBe('Failed');
    expect(status.output).toContain('without an input');
    expect(advances).toEqual([]);
  });
});

describe('generations of the reconciler', () => {
  it('begin anew every thirty turns, and no turn is lost or doubled in between', async () => {
    const { advances } = await play({ decide: ({ turn }) => (turn < 100 ? { next: 'wait', seconds: 10 } : END) });

    const { generations, longestHistoryEvents } = fixture.host.statistics()[ORCHESTRATION.reconcile] ?? {};
    expect(advances.map(({ turn }) => turn)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(generations).toBe(4);
    expect(longestHistoryEvents).toBeLessThan(MOST_EVENTS);
  });

  it('begin anew after many starts, and carry the answers over', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `node-${index}`);
    const { advances, starts } = await play({ decide: ({ turn }) => (turn <= 6 ? starting(...many) : END) });

    const { generations, longestHistoryEvents } = fixture.host.statistics()[ORCHESTRATION.reconcile] ?? {};
    expect(starts).toHaveLength(6 * many.length);
    expect(advances.map(({ outcomes }) => outcomes.length)).toEqual([0, 40, 40, 40, 40, 40, 40]);
    expect(generations).toBe(3);
    expect(longestHistoryEvents).toBeLessThan(MOST_EVENTS);
  });
});

describe('a turn that fails', () => {
  it('is tried again as the same turn with the same time, after pauses that double', async () => {
    const calledAtMs: number[] = [];
    const { advances, status } = await play({
      decide: (request, call) => {
        calledAtMs.push(fixture.clock.nowMs());
        if (call <= 2) throw new Error('storage is away');
        return inOrder(END)(request, call);
      },
    });

    expect(advances).toHaveLength(3);
    expect(new Set(advances.map((request) => JSON.stringify(request))).size).toBe(1);
    expect(calledAtMs.map((atMs) => (atMs - START) / 1_000)).toEqual([0, 5, 15]);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('ends the reconciler with its reason when it always fails, so that the timer can replace it', async () => {
    const { advances, status } = await play({
      decide: () => {
        throw new Error('the head cannot be read');
      },
    });

    expect(advances).toHaveLength(4);
    expect(status.runtimeStatus).toBe('Failed');
    expect(status.output).toContain('the head cannot be read');
  });

  it('ends the reconciler when a start fails as a function: its row is then looked up by the next one', async () => {
    const { status, starts } = await play({
      decide: inOrder(starting('a', 'b')),
      start: (request) => {
        if (request.id === 'a') throw new Error('the function timed out');
        return settled(request);
      },
    });

    expect(starts.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(status.runtimeStatus).toBe('Failed');
    expect(status.output).toContain('the function timed out');
  });
});

describe('a host that crashes around everything', () => {
  it('takes the same turns with the same answers', async () => {
    const story: Fakes['decide'] = ({ turn }) => {
      if (turn === 1) return starting('a', 'b');
      return turn < 40 ? { next: 'wait', seconds: 10 } : END;
    };
    const calm = await play({ decide: story });
    await fixture.close();
    const stormy = await play({ decide: story, crash: true });

    const distinct = (requests: readonly unknown[]) => [...new Set(requests.map((request) => JSON.stringify(request)))];
    expect(stormy.status.runtimeStatus).toBe('Completed');
    expect(distinct(stormy.advances)).toEqual(distinct(calm.advances));
    expect(distinct(stormy.starts).sort()).toEqual(distinct(calm.starts).sort());
    expect(stormy.advances.length).toBeGreaterThan(calm.advances.length);
  });
});

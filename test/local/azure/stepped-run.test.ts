import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ClockStuckError,
  PARTICIPANT_PATIENCE_MS,
  type Participant,
  ParticipantLostError,
  runStepped,
  type SteppedRunParts,
} from '../../../local/azure/stepped-run.ts';
import { SimulatedClock } from '../../../local/clock.ts';

const START_MS = 1_000_000;

/** A clock, somebody's wall clock that goes on only when waited for, and no participants. */
function parts(changes: Partial<SteppedRunParts> = {}): SteppedRunParts & { readonly clock: SimulatedClock } {
  let wallMs = 0;
  return {
    clock: new SimulatedClock({ simulatedMs: START_MS, wallMs: 0, speed: 0 }),
    participants: () => [],
    requestCount: () => 0,
    idle: () => Promise.resolve(),
    moved: () => undefined,
    wallNowMs: () => wallMs,
    sleep: (milliseconds) => {
      wallMs += milliseconds;
      return Promise.resolve();
    },
    ...changes,
  };
}

/** Does what is due when it is told the time, and notes when. */
function sleeper(name: string, dueAtMs: readonly number[], done: string[]): Participant {
  const waiting = [...dueAtMs].sort((one, other) => one - other);
  return {
    name,
    tell: (nowMs) => {
      let workDone = false;
      while (waiting[0] !== undefined && waiting[0] <= nowMs) {
        done.push(`${name} ${waiting.shift()} at ${nowMs}`);
        workDone = true;
      }
      return Promise.resolve({ nextDueMs: waiting[0] ?? null, workDone });
    },
  };
}

describe('runStepped', () => {
  it('does everything that is due, each exactly at its time and in order, and stops at the target', async () => {
    const times = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(times, times, times, async (own, host, cluster) => {
        const done: string[] = [];
        const at = (list: readonly number[]): readonly number[] => list.map((ms) => START_MS + ms);
        const participants = [sleeper('host', at(host), done), sleeper('cluster', at(cluster), done)];
        const run = parts({ participants: () => participants });
        for (const ms of at(own)) run.clock.schedule(ms, () => done.push(`own ${ms} at ${run.clock.nowMs()}`));
        const result = await runStepped(run, 4000);
        expect(result.simulatedMs).toBe(START_MS + 4000);
        const expected = [...at(own), ...at(host), ...at(cluster)].filter((ms) => ms <= START_MS + 4000);
        expect(done).toHaveLength(expected.length);
        const moments = done.map((line) => line.split(' '));
        for (const [, due, , when] of moments) expect(when).toBe(due);
        expect(moments.map(([, due]) => Number(due))).toEqual([...expected].sort((one, other) => one - other));
      }),
    );
  });

  it('does not move while anybody has something to do', async () => {
    const told: number[] = [];
    let rounds = 3;
    const busy: Participant = {
      name: 'busy',
      tell: (nowMs) => {
        told.push(nowMs);
        return Promise.resolve({ nextDueMs: null, workDone: rounds-- > 0 });
      },
    };
    await runStepped(parts({ participants: () => [busy] }), 10);
    expect(told).toEqual([START_MS, START_MS, START_MS, START_MS, START_MS + 10]);
  });

  it('takes a changed count for work, and asks once more when a request came meanwhile', async () => {
    const counts = [7, 8, 8, 8];
    let requests = 0;
    let rounds = 0;
    const counter: Participant = {
      name: 'host',
      tell: () => {
        rounds++;
        if (rounds === 3) requests++;
        return Promise.resolve({ nextDueMs: null, workDone: counts.shift() ?? 8 });
      },
    };
    await runStepped(parts({ participants: () => [counter], requestCount: () => requests }), 0);
    expect(rounds).toBe(4);
  });

  it('asks a participant when it is due only after a call to it has come in', async () => {
    const done: string[] = [];
    const dueMs: number[] = [];
    let underWay = 0;
    let arrive = (): void => undefined;
    const host: Participant = {
      name: 'host',
      tell: (nowMs) => {
        const isDue = dueMs[0] !== undefined && dueMs[0] <= nowMs;
        if (isDue) done.push(`due at ${dueMs.shift()}, done at ${nowMs}`);
        return Promise.resolve({ nextDueMs: dueMs[0] ?? null, workDone: isDue });
      },
    };
    const run = parts({
      participants: () => [host],
      requestCount: () => underWay,
      idle: async () => arrive(),
    });
    run.clock.schedule(START_MS + 10, () => {
      underWay++;
      arrive = () => {
        dueMs.push(START_MS + 15);
        arrive = () => undefined;
      };
    });

    await runStepped(run, 100);

    expect(done).toEqual([`due at ${START_MS + 15}, done at ${START_MS + 15}`]);
  });

  it('waits for a participant that is being restarted', async () => {
    const done: string[] = [];
    const back = sleeper('host', [START_MS + 5], done);
    let refusals = 3;
    const host: Participant = {
      name: 'host',
      tell: (nowMs, setting) =>
        refusals-- > 0 ? Promise.reject(new Error('ECONNREFUSED')) : back.tell(nowMs, setting),
    };
    await runStepped(parts({ participants: () => [host] }), 10);
    expect(done).toEqual([`host ${START_MS + 5} at ${START_MS + 5}`]);
  });

  it('gives up on one that does not come back, and says which', async () => {
    const gone: Participant = { name: 'host', tell: () => Promise.reject(new Error('ECONNREFUSED')) };
    const run = parts({ participants: () => [gone] });
    await expect(runStepped(run, 10)).rejects.toThrow(ParticipantLostError);
    await expect(runStepped(run, 10)).rejects.toThrow(
      `The clock participant 'host' could not be reached for ${PARTICIPANT_PATIENCE_MS / 1000} seconds (ECONNREFUSED).`,
    );
  });

  it('forgets one that is taken off the list', async () => {
    let asked = 0;
    const gone: Participant = {
      name: 'host',
      tell: () => {
        asked++;
        return Promise.reject(new Error('ECONNREFUSED'));
      },
    };
    const result = await runStepped(parts({ participants: () => (asked < 2 ? [gone] : []) }), 10);
    expect(result.simulatedMs).toBe(START_MS + 10);
  });

  it('gives up when something is due and nobody does it', async () => {
    const lazy: Participant = {
      name: 'host',
      tell: (nowMs) => Promise.resolve({ nextDueMs: nowMs, workDone: false }),
    };
    await expect(runStepped(parts({ participants: () => [lazy] }), 10)).rejects.toThrow(ClockStuckError);
  });
});

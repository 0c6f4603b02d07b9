import type { ClockSetting, SimulatedClock } from '../clock.ts';

/** What a participant answers when it is told the time: it has done all that was runnable, and sleeps until then. */
export interface ParticipantAnswer {
  readonly nextDueMs: number | null;
  /** Whether being told the time made it do anything, or a count of all that it has done so far. */
  readonly workDone: boolean | number;
}

/** A process that shares the clock. */
export interface Participant {
  readonly name: string;
  /** Tells it the time and waits until nothing in it is runnable. Rejects while it cannot be reached. */
  tell(nowMs: number, setting: ClockSetting): Promise<ParticipantAnswer>;
}

export interface SteppedRunParts {
  readonly clock: SimulatedClock;
  /** Looked up in each round: a restarted participant registers anew. */
  participants(): readonly Participant[];
  /** How many requests to ARM have come so far. */
  requestCount(): number;
  /** Resolves when no request is in the middle of its handling, nor a call of the simulation to somebody. */
  idle(): Promise<void>;
  /** After each move, before anything else happens. */
  moved(): void;
  readonly wallNowMs: () => number;
  sleep(milliseconds: number): Promise<void>;
}

export interface SteppedRunResult {
  readonly simulatedMs: number;
  /** How often the clock moved. */
  readonly steps: number;
}

/** A participant that is being restarted after a kill is waited for this long, in wall milliseconds. */
export const PARTICIPANT_PATIENCE_MS = 60_000;
const RETRY_MS = 200;

/** A participant did not come back. */
export class ParticipantLostError extends Error {
  readonly participant: string;

  constructor(participant: string, reason: string) {
    super(
      `The clock participant '${participant}' could not be reached for ${PARTICIPANT_PATIENCE_MS / 1000} seconds (${reason}). ` +
        'Start it again so that it registers, or remove it with DELETE /_sim/clock/participants/{name}.',
    );
    this.name = 'ParticipantLostError';
    this.participant = participant;
  }
}

/**
 * Moves a stepped clock by `advanceMs`, through each due item in order. The clock moves only when nothing is runnable
 * anywhere: every participant has been told the time and did nothing, and no request came meanwhile.
 */
export async function runStepped(parts: SteppedRunParts, advanceMs: number): Promise<SteppedRunResult> {
  const { clock } = parts;
  const targetMs = clock.nowMs() + advanceMs;
  const counts = new Map<string, number>();
  let steps = 0;
  for (;;) {
    const participantsDueMs = await settle(parts, counts);
    const nextMs = Math.min(...[clock.nextDueMs(), ...participantsDueMs].filter((due) => due !== null));
    if (nextMs > targetMs) {
      // Nothing is due up to the target; the last move lets everybody see it.
      if (clock.nowMs() >= targetMs) return { simulatedMs: clock.nowMs(), steps };
      clock.moveTo(targetMs);
    } else {
      clock.moveTo(Math.max(nextMs, clock.nowMs()));
    }
    parts.moved();
    steps++;
  }
}

/** Something is due and nobody does it. */
export class ClockStuckError extends Error {
  constructor(nowMs: number) {
    super(
      `Something is due at ${new Date(nowMs).toISOString()} and nobody did it within ` +
        `${PARTICIPANT_PATIENCE_MS / 1000} seconds.`,
    );
    this.name = 'ClockStuckError';
  }
}

/** Rounds until one in which nothing happened. Answers when each participant is due next. */
async function settle(parts: SteppedRunParts, counts: Map<string, number>): Promise<readonly (number | null)[]> {
  let progressMs = parts.wallNowMs();
  for (;;) {
    const before = parts.requestCount();
    // What is due already runs now, or the clock would never be at rest.
    parts.clock.moveTo(parts.clock.nowMs());
    // A call to a participant that is on its way may give it something to do: one that was asked before that came in
    // would not know of it.
    await parts.idle();
    const participantsDueMs: (number | null)[] = [];
    let worked = false;
    for (const { name } of parts.participants()) {
      const answer = await tellPatiently(parts, name);
      participantsDueMs.push(answer.nextDueMs);
      worked = didWork(name, answer, counts) || worked;
    }
    await parts.idle();
    worked = worked || parts.requestCount() !== before;
    const nowMs = parts.clock.nowMs();
    const isDue = (due: number | null): boolean => due !== null && due <= nowMs;
    if (!worked && ![parts.clock.nextDueMs(), ...participantsDueMs].some(isDue)) return participantsDueMs;
    if (worked) progressMs = parts.wallNowMs();
    else if (parts.wallNowMs() - progressMs > PARTICIPANT_PATIENCE_MS) throw new ClockStuckError(nowMs);
    else await parts.sleep(RETRY_MS / 20);
  }
}

/** A count that has not been seen yet may hide work; so may one that began anew after a restart. */
function didWork(name: string, { workDone }: ParticipantAnswer, counts: Map<string, number>): boolean {
  if (typeof workDone === 'boolean') return workDone;
  const before = counts.get(name);
  counts.set(name, workDone);
  return before !== workDone;
}

async function tellPatiently(parts: SteppedRunParts, name: string): Promise<ParticipantAnswer> {
  const startedMs = parts.wallNowMs();
  for (;;) {
    const participant = parts.participants().find((one) => one.name === name);
    // Removed meanwhile: it no longer has a say.
    if (participant === undefined) return { nextDueMs: null, workDone: false };
    try {
      return await participant.tell(parts.clock.nowMs(), parts.clock.setting());
    } catch (error) {
      if (parts.wallNowMs() - startedMs > PARTICIPANT_PATIENCE_MS) {
        throw new ParticipantLostError(name, error instanceof Error ? error.message : String(error));
      }
      await parts.sleep(RETRY_MS);
    }
  }
}

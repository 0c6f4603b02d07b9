import type { ClockSetting } from '../clock.ts';
import type { ClockKeeper } from './clock-keeper.ts';
import type { SimulationSettings } from './simulation-settings.ts';
import { type Participant, type ParticipantAnswer, runStepped, type SteppedRunResult } from './stepped-run.ts';

/** How often requests to ARM came, and when none is being handled. */
export interface RequestActivity {
  requestCount(): number;
  idle(): Promise<void>;
}

/** Longer than the longest activity that a participant waits for before it answers (wall time). */
const ANSWER_WITHIN_MS = 600_000;

/**
 * Moves the one clock of all processes. A running clock is stopped for the way and then runs on: each participant is
 * told the setting with the time and adopts it. With a running clock and no participant the way is waited for, since
 * whoever else reads this clock would not follow a jump.
 */
export class ClockMaster {
  readonly #keeper: ClockKeeper;
  readonly #settings: SimulationSettings;
  readonly #activity: RequestActivity;
  #last: Promise<unknown> = Promise.resolve();

  constructor(keeper: ClockKeeper, settings: SimulationSettings, activity: RequestActivity) {
    this.#keeper = keeper;
    this.#settings = settings;
    this.#activity = activity;
  }

  /** One advance after the other, however many are asked for at a time. */
  advance(advanceMs: number): Promise<SteppedRunResult> {
    const run = this.#last.then(() => this.#advance(advanceMs));
    this.#last = run.catch(() => undefined);
    return run;
  }

  register(name: string, url: string): void {
    this.#settings.set('participants', { ...this.#settings.get('participants'), [name]: url });
  }

  unregister(name: string): void {
    const { [name]: _gone, ...others } = this.#settings.get('participants');
    this.#settings.set('participants', others);
  }

  async #advance(advanceMs: number): Promise<SteppedRunResult> {
    const { clock } = this.#keeper;
    const { speed } = clock.setting();
    if (speed === 0) return this.#step(advanceMs);
    if (this.#participants().length === 0) return this.#waitFor(advanceMs / speed);
    this.#keeper.setSpeed(0);
    try {
      return await this.#step(advanceMs);
    } finally {
      this.#keeper.setSpeed(speed);
      await Promise.allSettled(this.#participants().map((one) => one.tell(clock.nowMs(), clock.setting())));
    }
  }

  async #waitFor(wallMs: number): Promise<SteppedRunResult> {
    await sleep(wallMs);
    await this.#activity.idle();
    return { simulatedMs: this.#keeper.clock.nowMs(), steps: 0 };
  }

  #step(advanceMs: number): Promise<SteppedRunResult> {
    return runStepped(
      {
        clock: this.#keeper.clock,
        participants: () => this.#participants(),
        requestCount: () => this.#activity.requestCount(),
        idle: () => this.#activity.idle(),
        moved: () => this.#keeper.save(),
        wallNowMs: Date.now,
        sleep,
      },
      advanceMs,
    );
  }

  #participants(): readonly Participant[] {
    return Object.entries(this.#settings.get('participants')).map(([name, url]) => ({
      name,
      tell: (nowMs, setting) => tell(url, nowMs, setting),
    }));
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function tell(url: string, nowMs: number, setting: ClockSetting): Promise<ParticipantAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nowMs, setting }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null) throw new Error(`${url} answered no object`);
  const { nextDueMs, workDone } = answer as { nextDueMs?: unknown; workDone?: unknown };
  if (nextDueMs !== null && typeof nextDueMs !== 'number') throw new Error(`${url} answered no nextDueMs`);
  if (typeof workDone !== 'boolean' && typeof workDone !== 'number') throw new Error(`${url} answered no workDone`);
  return { nextDueMs, workDone };
}

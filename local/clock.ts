/**
 * Simulated time. One clock serves the Functions host and the simulated Azure: durable timers, NCRONTAB schedules,
 * ARM durations, Retry-After, throttling buckets and event delays run on it. Function and HTTP timeouts and the life
 * of tokens do not: those are wall time.
 */
export interface Clock {
  /** Simulated time in milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once, as soon as simulated time has reached `dueMs`. */
  schedule(dueMs: number, callback: () => void): { cancel(): void };
  /** When the next scheduled item is due; `null` when there is none. */
  nextDueMs(): number | null;
}

/** How time runs: `simulatedMs` was the time when the wall clock said `wallMs`. Speed 0: time moves only by stepping. */
export interface ClockSetting {
  readonly simulatedMs: number;
  readonly wallMs: number;
  /** Simulated seconds for each real second; 0 for a stepped clock. */
  readonly speed: number;
}

interface Item {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Longest sleep that Node's timers take. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

export class SimulatedClock implements Clock {
  #setting: ClockSetting;
  readonly #wallNowMs: () => number;
  #items: Item[] = [];
  #order = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(setting: ClockSetting, wallNowMs: () => number = Date.now) {
    this.#setting = setting;
    this.#wallNowMs = wallNowMs;
  }

  get stepped(): boolean {
    return this.#setting.speed === 0;
  }

  /** The setting from which another process can make an equal clock. */
  setting(): ClockSetting {
    return { ...this.#setting, simulatedMs: this.nowMs(), wallMs: this.#wallNowMs() };
  }

  nowMs(): number {
    const { simulatedMs, wallMs, speed } = this.#setting;
    return simulatedMs + Math.floor((this.#wallNowMs() - wallMs) * speed);
  }

  schedule(dueMs: number, callback: () => void): { cancel(): void } {
    const item: Item = { dueMs, order: this.#order++, callback };
    const at = this.#items.findIndex((other) => other.dueMs > dueMs);
    if (at < 0) this.#items.push(item);
    else this.#items.splice(at, 0, item);
    this.#arm();
    return {
      cancel: () => {
        this.#items = this.#items.filter((other) => other !== item);
        this.#arm();
      },
    };
  }

  nextDueMs(): number | null {
    return this.#items[0]?.dueMs ?? null;
  }

  /** Stepped clock: moves time forward to `ms` (never back) and runs what is due by then, in order of its time. */
  moveTo(ms: number): void {
    if (!this.stepped) throw new Error('Only a stepped clock can be moved.');
    if (ms > this.#setting.simulatedMs) this.#setting = { ...this.#setting, simulatedMs: ms };
    this.#runDue();
  }

  /** Goes on as another clock is set: stopped, started again, or put forward. What is due by then runs. */
  adopt(setting: ClockSetting): void {
    this.#setting = setting;
    this.#arm();
  }

  /** Forgets everything that is scheduled, so that the process can end. */
  stop(): void {
    this.#items = [];
    this.#arm();
  }

  #runDue(): void {
    for (;;) {
      const first = this.#items[0];
      if (first === undefined || first.dueMs > this.nowMs()) break;
      this.#items.shift();
      first.callback();
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const first = this.#items[0];
    if (first === undefined) return;
    if (this.stepped) {
      // What is due already runs soon, though never inside the caller that scheduled it.
      if (first.dueMs <= this.nowMs()) this.#timer = setTimeout(() => this.#runDue(), 0);
      return;
    }
    const sleepMs = Math.max(0, Math.ceil((first.dueMs - this.nowMs()) / this.#setting.speed));
    this.#timer = setTimeout(() => this.#runDue(), Math.min(sleepMs, MAX_SLEEP_MS));
  }
}

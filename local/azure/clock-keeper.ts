import { type ClockSetting, SimulatedClock } from '../clock.ts';
import { Collection, type Documents } from './documents.ts';

interface SavedClock {
  readonly setting: ClockSetting;
  /** Simulated time when this was saved. */
  readonly nowMs: number;
  /** No later time was told to anybody before the next save. */
  readonly highWaterMs: number;
}

/** Wall time between saves, and how far ahead of the last one a time may be told. */
const SAVE_EVERY_MS = 500;
const SAVED_AHEAD_MS = 2000;

/** A simulated clock that never goes back, also when its process is killed and started again. */
export class ClockKeeper {
  readonly clock: SimulatedClock;
  readonly #documents: Documents;
  readonly #saved: Collection<SavedClock>;
  readonly #wallNowMs: () => number;
  readonly #timer: NodeJS.Timeout;

  /** `startMs`: simulated time of the very first start; default the wall clock. */
  constructor(documents: Documents, speed: number, startMs?: number, wallNowMs: () => number = Date.now) {
    this.#documents = documents;
    this.#saved = new Collection<SavedClock>(documents, 'clock');
    this.#wallNowMs = wallNowMs;
    const wallMs = wallNowMs();
    const simulatedMs = resumedAt(this.#saved.get('clock'), speed, wallMs) ?? startMs ?? wallMs;
    this.clock = new SimulatedClock({ simulatedMs, wallMs, speed }, wallNowMs);
    this.save();
    this.#timer = setInterval(() => this.keep(), SAVE_EVERY_MS);
    this.#timer.unref();
  }

  /** To be called before a time is told: saves if the last save does not cover it. */
  keep(): void {
    const saved = this.#saved.get('clock');
    const { speed } = this.clock.setting();
    if (saved !== undefined && this.clock.nowMs() + (SAVED_AHEAD_MS / 2) * speed <= saved.highWaterMs) return;
    this.save();
  }

  save(): void {
    const setting = this.clock.setting();
    const nowMs = setting.simulatedMs;
    this.#saved.set('clock', { setting, nowMs, highWaterMs: nowMs + SAVED_AHEAD_MS * setting.speed });
    this.#documents.flush();
  }

  /** Stopped (0) or running at a speed, from now on. */
  setSpeed(speed: number): void {
    this.clock.adopt({ simulatedMs: this.clock.nowMs(), wallMs: this.#wallNowMs(), speed });
    this.save();
  }

  /** Saves nothing more. */
  stop(): void {
    clearInterval(this.#timer);
    this.clock.stop();
  }

  close(): void {
    this.save();
    this.stop();
  }
}

/** Time goes on as if the process had not ended, but never further than what may have been told. */
function resumedAt(saved: SavedClock | undefined, speed: number, wallMs: number): number | undefined {
  if (saved === undefined) return undefined;
  if (saved.setting.speed !== speed) return saved.highWaterMs;
  const continuedMs = saved.setting.simulatedMs + Math.floor((wallMs - saved.setting.wallMs) * speed);
  if (continuedMs < saved.nowMs) return saved.highWaterMs;
  return Math.min(continuedMs, saved.highWaterMs);
}

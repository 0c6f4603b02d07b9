import type { Clock } from '../../clock.ts';
import { Collection, type Documents } from '../documents.ts';

/** Told when a call begins and when it has ended, so that time does not move meanwhile. */
export interface CallActivity {
  enter(): void;
  leave(): void;
}

/** A call and what became of it: `waiting` until it needs no further attempt. */
export interface QueuedCall {
  readonly state: string;
  readonly dueMs: number;
  readonly attempts: readonly { readonly atMs: number; readonly answer: number | string }[];
}

interface Parts<Call extends QueuedCall> {
  readonly documents: Documents;
  /** Name of the collection that keeps the calls. */
  readonly collection: string;
  readonly clock: Clock;
  readonly activity: CallActivity;
  /** Makes one attempt and answers the call as it is then; undefined when the end of the process cut it short. */
  attempt(call: Call, signal: AbortSignal): Promise<Call | undefined>;
}

/** Connections that are open at a time. */
const MOST_AT_A_TIME = 20;

/** Calls to the outside, each at its time on the simulated clock. Whoever starts after a kill takes up what waits. */
export class CallQueue<Call extends QueuedCall> {
  readonly #parts: Parts<Call>;
  readonly #calls: Collection<Call>;
  readonly #ending = new AbortController();
  readonly #scheduled = new Map<string, { cancel(): void }>();
  readonly #ready: string[] = [];
  #open = 0;
  #next: number;

  constructor(parts: Parts<Call>) {
    this.#parts = parts;
    this.#calls = new Collection<Call>(parts.documents, parts.collection);
    this.#next = Math.max(0, ...[...this.#calls.entries()].map(([key]) => Number(key) + 1));
  }

  /** Takes up what was under way when the process ended. */
  resume(): void {
    for (const [key, call] of this.#calls.entries()) this.#schedule(key, call);
  }

  close(): void {
    this.#ending.abort();
  }

  add(call: Call): void {
    this.#keep(String(this.#next++), call);
  }

  /** Changes a call that waits, before its next attempt; one that is being made stays as it is. */
  change(key: string, call: Call): void {
    if (!this.#scheduled.has(key)) return;
    this.#keep(key, call);
  }

  entries(): IterableIterator<[string, Call]> {
    return this.#calls.entries();
  }

  /** True for a call that is not being made right now. */
  isWaiting(key: string): boolean {
    return this.#scheduled.has(key);
  }

  /** Drops the ended calls that were due before. */
  forgetBefore(oldestMs: number): void {
    for (const [key, { state, dueMs }] of [...this.#calls.entries()]) {
      if (state !== 'waiting' && dueMs < oldestMs) this.#calls.delete(key);
    }
  }

  #keep(key: string, call: Call): void {
    this.#calls.set(key, call);
    this.#schedule(key, call);
  }

  #schedule(key: string, { state, dueMs }: Call): void {
    this.#scheduled.get(key)?.cancel();
    this.#scheduled.delete(key);
    if (state !== 'waiting') return;
    const handle = this.#parts.clock.schedule(dueMs, () => {
      this.#scheduled.delete(key);
      this.#parts.activity.enter();
      this.#ready.push(key);
      this.#startReady();
    });
    this.#scheduled.set(key, handle);
  }

  /** Each that is ready counts as activity until it has been called. */
  #startReady(): void {
    while (this.#open < MOST_AT_A_TIME) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      this.#open++;
      void this.#attempt(key).finally(() => {
        this.#open--;
        this.#startReady();
        this.#parts.activity.leave();
      });
    }
  }

  async #attempt(key: string): Promise<void> {
    const call = this.#calls.get(key);
    if (call === undefined || call.state !== 'waiting' || this.#ending.signal.aborted) return;
    const after = await this.#parts.attempt(call, this.#ending.signal);
    // Whoever starts next makes it again: nobody knows whether it came through.
    if (after === undefined || this.#ending.signal.aborted) return;
    this.#keep(key, after);
    this.#parts.documents.flush();
  }
}

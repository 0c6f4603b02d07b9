import type { Clock } from '../clock.ts';
import type { StoredTimer } from './durable-store.ts';

type TimerId = Pick<StoredTimer, 'instanceId' | 'executionId' | 'taskId'>;

/** The stored timers that wait on the clock. */
export class DurableTimers {
  readonly #clock: Clock;
  readonly #fire: (timer: StoredTimer) => void;
  readonly #handles = new Map<string, { cancel(): void }>();

  constructor(clock: Clock, fire: (timer: StoredTimer) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  schedule(timer: StoredTimer): void {
    const key = taskKey(timer);
    const handle = this.#clock.schedule(timer.fireAtMs, () => {
      this.#handles.delete(key);
      this.#fire(timer);
    });
    this.#handles.set(key, handle);
  }

  cancel(timer: TimerId): void {
    const key = taskKey(timer);
    this.#handles.get(key)?.cancel();
    this.#handles.delete(key);
  }

  /** All of an instance, or of one of its generations. */
  cancelAll(instanceId: string, executionId?: string): void {
    const prefix = executionId === undefined ? `${instanceId}\n` : `${instanceId}\n${executionId}\n`;
    for (const [key, handle] of this.#handles) {
      if (!key.startsWith(prefix)) continue;
      handle.cancel();
      this.#handles.delete(key);
    }
  }

  clear(): void {
    for (const handle of this.#handles.values()) handle.cancel();
    this.#handles.clear();
  }
}

/** Names one task among those of all generations of all instances; instance ids hold no line breaks. */
export function taskKey({ instanceId, executionId, taskId }: TimerId): string {
  return `${instanceId}\n${executionId}\n${taskId}`;
}

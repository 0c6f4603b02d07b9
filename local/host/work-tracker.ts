/** Counts what is running, and tells when nothing is any more. */
export class WorkTracker {
  #running = 0;
  #begun = 0;
  #done = 0;
  #waiting: (() => void)[] = [];

  /** How many invocations and turns of orchestrations have begun so far. */
  get workDone(): number {
    return this.#done;
  }

  get running(): number {
    return this.#running;
  }

  /** Counts an invocation, or a turn of an orchestration that needs none. Requests alone change nothing and are not counted. */
  count(): void {
    this.#done += 1;
  }

  /** Says that something has begun to run; the returned function says, once, that it has ended. */
  enter(): () => void {
    this.#running += 1;
    this.#begun += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      if (this.#running > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    };
  }

  /** Resolves when nothing runs, also after the event loop had a turn in which waiting sockets could deliver more. */
  async idle(): Promise<void> {
    for (;;) {
      if (this.#running > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const begun = this.#begun;
      await nextTurn();
      await nextTurn();
      if (this.#running === 0 && this.#begun === begun) return;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

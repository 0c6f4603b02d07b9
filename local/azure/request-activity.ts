/** Counts requests and knows when none is being handled. */
export class RequestCounter {
  #count = 0;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  requestCount(): number {
    return this.#count;
  }

  /** Resolves when no request is in the middle of its handling. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  enter(): void {
    this.#count++;
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

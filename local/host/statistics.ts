/** What the orchestrations of one name have cost since the host was created. */
export interface OrchestrationStatistics {
  readonly generations: number;
  readonly episodes: number;
  /** Runs of activities that ended, whether they failed or not. */
  readonly activities: number;
  readonly activityFailures: number;
  readonly activityTimeouts: number;
  /** History events written, and their bytes as UTF-8 JSON. */
  readonly historyEvents: number;
  readonly historyBytes: number;
  /** Of the longest generation. */
  readonly longestHistoryEvents: number;
  readonly differingSecondRuns: number;
}

const ZERO: OrchestrationStatistics = {
  generations: 0,
  episodes: 0,
  activities: 0,
  activityFailures: 0,
  activityTimeouts: 0,
  historyEvents: 0,
  historyBytes: 0,
  longestHistoryEvents: 0,
  differingSecondRuns: 0,
};

export type Countable = Exclude<keyof OrchestrationStatistics, 'longestHistoryEvents'>;

/** Counts per orchestration name; outlives the hosts that are dropped. */
export class Statistics {
  readonly #byName = new Map<string, OrchestrationStatistics>();

  count(name: string, counter: Countable, by = 1): void {
    const so = this.#byName.get(name) ?? ZERO;
    this.#byName.set(name, { ...so, [counter]: so[counter] + by });
  }

  noteHistory(name: string, events: number): void {
    const so = this.#byName.get(name) ?? ZERO;
    this.#byName.set(name, { ...so, longestHistoryEvents: Math.max(so.longestHistoryEvents, events) });
  }

  snapshot(): Readonly<Record<string, OrchestrationStatistics>> {
    return Object.fromEntries(this.#byName);
  }
}

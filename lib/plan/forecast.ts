import { headsAndTails, type IndexedWork } from './critical-path.ts';

/** Work that has not ended, in times from now. */
export interface Task {
  readonly durationMs: number;
  /** Not before then. */
  readonly releaseMs: number;
  readonly lanes: readonly number[];
  /** It runs already: it starts now and stays. */
  readonly running: boolean;
}

export interface Forecast {
  /** When each task starts, from now. */
  readonly startsMs: readonly number[];
  readonly makespanMs: number;
}

interface Interval {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** When each lane is taken, in order of time. */
class Lanes {
  readonly #taken: Interval[][];

  constructor(count: number) {
    this.#taken = Array.from({ length: count }, () => []);
  }

  /** Earliest time from `fromMs` on at which all lanes of the task are free for it as long as it takes. */
  earliest({ lanes, durationMs }: Task, fromMs: number): number {
    const inItsWay = lanes.map((lane) => this.#taken[lane] ?? []);
    let atMs = fromMs;
    for (let moved = true; moved; ) {
      moved = false;
      for (const taken of inItsWay) {
        const free = this.#earliestIn(taken, atMs, durationMs);
        if (free > atMs) {
          atMs = free;
          moved = true;
        }
      }
    }
    return atMs;
  }

  take({ lanes, durationMs }: Task, fromMs: number): void {
    if (durationMs === 0) return;
    const untilMs = fromMs + durationMs;
    for (const lane of lanes) {
      const taken = this.#taken[lane];
      taken?.splice(firstEndingAfter(taken, fromMs), 0, { fromMs, untilMs });
    }
  }

  #earliestIn(taken: readonly Interval[], fromMs: number, durationMs: number): number {
    let atMs = fromMs;
    for (let index = firstEndingAfter(taken, fromMs); index < taken.length; index++) {
      const interval = taken[index];
      if (interval === undefined || atMs + durationMs <= interval.fromMs) break;
      atMs = Math.max(atMs, interval.untilMs);
    }
    return atMs;
  }
}

function firstEndingAfter(taken: readonly Interval[], ms: number): number {
  let low = 0;
  let high = taken.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((taken[middle]?.untilMs ?? 0) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Smallest first; of equals, the smaller index. */
class Heap {
  readonly #items: number[] = [];
  readonly #rank: readonly number[];

  constructor(rank: readonly number[]) {
    this.#rank = rank;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    items[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < items.length && this.#before(left, least)) least = left;
      if (right < items.length && this.#before(right, least)) least = right;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const itemA = this.#items[a] ?? 0;
    const itemB = this.#items[b] ?? 0;
    const rankA = this.#rank[itemA] ?? 0;
    const rankB = this.#rank[itemB] ?? 0;
    return rankA === rankB ? itemA < itemB : rankA < rankB;
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] ?? 0;
    this.#items[a] = this.#items[b] ?? 0;
    this.#items[b] = item;
  }
}

/**
 * Places tasks one by one, the lowest rank first among those whose dependencies are placed, each at the earliest time at
 * which its lanes are free for all of it. So a long task that is less urgent never takes a lane that a more urgent one
 * needs in a moment.
 */
function place(tasks: readonly Task[], work: IndexedWork, rank: readonly number[], laneCount: number): Forecast {
  const lanes = new Lanes(laneCount);
  const startsMs = tasks.map(() => 0);
  const missing = work.dependsOn.map((ids) => ids.length);
  const ready = new Heap(rank);
  let makespanMs = 0;

  const settle = (index: number, startMs: number, task: Task) => {
    startsMs[index] = startMs;
    makespanMs = Math.max(makespanMs, startMs + task.durationMs);
    for (const dependent of work.dependents[index] ?? []) {
      const left = (missing[dependent] ?? 0) - 1;
      missing[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  };

  tasks.forEach((task, index) => {
    if (task.running) lanes.take(task, 0);
    if (missing[index] === 0) ready.push(index);
  });
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    const task = tasks[index];
    if (task === undefined) continue;
    if (task.running) {
      settle(index, 0, task);
      continue;
    }
    let fromMs = task.releaseMs;
    for (const id of work.dependsOn[index] ?? []) {
      fromMs = Math.max(fromMs, (startsMs[id] ?? 0) + (tasks[id]?.durationMs ?? 0));
    }
    const startMs = lanes.earliest(task, fromMs);
    lanes.take(task, startMs);
    settle(index, startMs, task);
  }
  return { startsMs, makespanMs };
}

/** Pushes everything as late as the makespan allows; the latest starts are the ranks of a better schedule. */
function latestStarts(
  tasks: readonly Task[],
  work: IndexedWork,
  forecast: Forecast,
  laneCount: number,
): readonly number[] {
  const mirrored: IndexedWork = {
    order: work.order.toReversed(),
    dependsOn: work.dependents,
    dependents: work.dependsOn,
  };
  const freely = tasks.map((task) => ({ ...task, releaseMs: 0, running: false }));
  const rank = forecast.startsMs.map((startMs, index) => -(startMs + (tasks[index]?.durationMs ?? 0)));
  const backwards = place(freely, mirrored, rank, laneCount);
  return backwards.startsMs.map((startMs, index) => -startMs - (tasks[index]?.durationMs ?? 0));
}

/** How often a schedule is pushed to its end and back; more gains next to nothing. */
const ROUNDS = 2;

/**
 * Forecasts the rest of a run: when each task would start in the shortest schedule found. Several rules of urgency are
 * tried, each improved by pushing the schedule to its end and back (forward-backward improvement, a standard method for
 * project scheduling with scarce resources). Deterministic; the cost grows with tasks times their lanes.
 */
export function forecast(tasks: readonly Task[], work: IndexedWork, laneCount: number): Forecast {
  const durations = tasks.map(({ durationMs }) => durationMs);
  const { tails } = headsAndTails(durations, work);
  const byStart = tails.map((tail, index) => -(tail + (durations[index] ?? 0)));
  const byEnd = tails.map((tail) => -tail);
  let best: Forecast | undefined;
  for (const rank of [byEnd, byStart]) {
    let candidate = place(tasks, work, rank, laneCount);
    if (best === undefined || candidate.makespanMs < best.makespanMs) best = candidate;
    for (let round = 0; round < ROUNDS; round++) {
      candidate = place(tasks, work, latestStarts(tasks, work, candidate, laneCount), laneCount);
      if (candidate.makespanMs < best.makespanMs) best = candidate;
    }
  }
  return best ?? { startsMs: [], makespanMs: 0 };
}

import { headsAndTails, type IndexedWork, indexWork } from './critical-path.ts';
import { forecast, type Task } from './forecast.ts';
import { type Bucket, type BucketLimits, refilled, taken, untilFreeMs } from './token-bucket.ts';

export type { Bucket } from './token-bucket.ts';

/** State of one node of a run, as plain data. */
export type NodeState =
  | { readonly name: 'pending' }
  /** For an outsider; set to `pending` when that has happened. Holds no lane. */
  | { readonly name: 'waiting'; readonly untilMs?: number }
  /** Its start was asked for and has not answered. Holds its lanes. */
  | { readonly name: 'starting'; readonly startedAtMs: number }
  /** Azure works on it. Holds its lanes. */
  | { readonly name: 'running'; readonly startedAtMs: number; readonly nextPollAtMs: number }
  /** A temporary error; not started again before that time. Holds no lane. */
  | { readonly name: 'retrying'; readonly notBeforeMs: number }
  | { readonly name: 'done' | 'failed' | 'blocked' | 'refused' };

export interface RunNode {
  readonly id: string;
  readonly state: NodeState;
  /** Ids of other nodes of the run. */
  readonly dependsOn: readonly string[];
  readonly lanes: readonly string[];
  readonly estimatedMinutes: number;
  /** It runs far longer than it may: whatever depends on it is blocked as if it had failed; its lanes stay taken. */
  readonly overdue?: boolean;
}

export interface Run {
  readonly nodes: readonly RunNode[];
  /** By subscription; empty at first, then what the step before returned. */
  readonly buckets: Readonly<Record<string, Bucket>>;
  /** True: starts nothing more, polls what is in flight to its end. */
  readonly stopping?: boolean;
}

export interface Limits extends BucketLimits {
  /** Starts and polls in one turn of the orchestration. */
  readonly startsPerTurn: number;
  readonly pollsPerTurn: number;
}

export interface Step {
  /** To be set `starting` and started now, most urgent first. */
  readonly start: readonly string[];
  /** Running nodes whose poll is due. */
  readonly poll: readonly string[];
  /** To be set `blocked`; `by` is the node that failed or is overdue. */
  readonly blocked: readonly { readonly id: string; readonly by: string }[];
  /**
   * Seconds until something is due. Null when there is something to do at once (`start` or `poll`), when finished, or
   * when only outsiders can move the run on.
   */
  readonly waitSeconds: number | null;
  /** Nothing is in flight and nothing will ever start. */
  readonly finished: boolean;
  /** To be carried into the next run state. */
  readonly buckets: Readonly<Record<string, Bucket>>;
}

export const DEFAULT_LIMITS: Limits = {
  startsPerTurn: 20,
  pollsPerTurn: 40,
  writeBucketTokens: 200,
  writeTokensPerSecond: 10,
  writeReserveTokens: 40,
  readBucketTokens: 250,
  readTokensPerSecond: 25,
  readReserveTokens: 50,
};

/** A start reads the resource once more before it writes; a poll may read the resource after the operation. */
const START_CALLS = { writes: 1, reads: 1 };
const POLL_CALLS = { writes: 0, reads: 2 };

/** For a start that has not answered: look again then. */
const STARTING_WAIT_MS = 30_000;
/** A running operation is never believed to end sooner than this. */
const LEAST_REMAINING_MS = 5_000;
/** What is overdue is expected to take this part of the time that it has taken: the longer it hangs, the longer it will. */
const OVERDUE_PART = 0.25;

/**
 * What to do next in a run: starts every node whose dependencies are done and whose lanes are free, never two in one
 * lane; polls exactly what is due; paces both by ARM's token buckets, so that the run itself causes no 429.
 *
 * Where several nodes want a lane, the forecast of the whole rest decides, so a node may be left for a moment although
 * its lane is free: a gateway of 45 minutes does not go before the firewall that is ready in one. Dependents of failed
 * nodes are blocked, independent ones go on. Pure and deterministic.
 */
export function nextSteps(run: Run, nowMs: number, limits: Limits = DEFAULT_LIMITS): Step {
  const { nodes } = run;
  const work = indexWork(nodes);
  const blocked = blockedNodes(nodes, work);
  const buckets = new Map(Object.entries(run.buckets));
  const polls = duePolls(nodes, nowMs, limits, buckets);
  const starts = run.stopping ? NO_STARTS : dueStarts(run, work, blocked, nowMs, limits, buckets);

  const poll = polls.now.map(({ id }) => id);
  const start = starts.now.map(({ id }) => id);
  const inFlight = nodes.some(({ state }) => state.name === 'starting' || state.name === 'running');
  const open = nodes.some(({ state }, index) => isOpen(state) && !blocked.has(index));
  const finished = start.length === 0 && !inFlight && (run.stopping === true || !open);
  const busy = start.length > 0 || poll.length > 0;
  return {
    start,
    poll,
    blocked: [...blocked].map(([index, by]) => ({ id: nodes[index]?.id ?? '', by })),
    waitSeconds: busy || finished ? null : waitSeconds(run, blocked, nowMs, [...polls.laterMs, ...starts.laterMs]),
    finished,
    buckets: Object.fromEntries(buckets),
  };
}

interface Due {
  readonly now: readonly RunNode[];
  /** When tokens for what is due and has to wait are there. */
  readonly laterMs: readonly number[];
}

const NO_STARTS: Due = { now: [], laterMs: [] };

function isOpen(state: NodeState): boolean {
  return state.name === 'pending' || state.name === 'waiting' || state.name === 'retrying';
}

/** Nothing can be built on it. */
function isLost({ state, overdue }: RunNode): boolean {
  return state.name === 'failed' || state.name === 'refused' || state.name === 'blocked' || overdue === true;
}

function blockedNodes(nodes: readonly RunNode[], work: IndexedWork): ReadonlyMap<number, string> {
  const blocked = new Map<number, string>();
  for (const index of work.order) {
    const node = nodes[index];
    if (node === undefined || !isOpen(node.state)) continue;
    for (const id of work.dependsOn[index] ?? []) {
      const base = nodes[id];
      const by = base !== undefined && isLost(base) ? base.id : blocked.get(id);
      if (by === undefined) continue;
      blocked.set(index, by);
      break;
    }
  }
  return blocked;
}

/** The subscription whose buckets a call to this resource uses. */
function bucketName(id: string): string {
  return /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? '';
}

/** Takes tokens for as many as may go now, in the given order. */
function admit(
  wanted: readonly RunNode[],
  most: number,
  calls: { readonly writes: number; readonly reads: number },
  nowMs: number,
  limits: Limits,
  buckets: Map<string, Bucket>,
): Due {
  const now: RunNode[] = [];
  const laterMs = new Map<string, number>();
  for (const node of wanted) {
    if (now.length === most) break;
    const name = bucketName(node.id);
    const bucket = refilled(buckets.get(name), nowMs, limits);
    const left = taken(bucket, calls, limits);
    buckets.set(name, left ?? bucket);
    if (left === null) laterMs.set(name, nowMs + untilFreeMs(bucket, calls, limits));
    else now.push(node);
  }
  return { now, laterMs: [...laterMs.values()] };
}

function duePolls(nodes: readonly RunNode[], nowMs: number, limits: Limits, buckets: Map<string, Bucket>): Due {
  const due = nodes.flatMap((node) =>
    node.state.name === 'running' && node.state.nextPollAtMs <= nowMs ? [{ node, dueMs: node.state.nextPollAtMs }] : [],
  );
  const wanted = due.toSorted((a, b) => a.dueMs - b.dueMs).map(({ node }) => node);
  return admit(wanted, limits.pollsPerTurn, POLL_CALLS, nowMs, limits, buckets);
}

function dueStarts(
  run: Run,
  work: IndexedWork,
  blocked: ReadonlyMap<number, string>,
  nowMs: number,
  limits: Limits,
  buckets: Map<string, Bucket>,
): Due {
  const { nodes } = run;
  const taken = new Set<string>();
  for (const { state, lanes } of nodes) {
    if (state.name !== 'starting' && state.name !== 'running') continue;
    for (const lane of lanes) taken.add(lane);
  }
  const ready = nodes.flatMap((node, index) => {
    const { state } = node;
    const mayStart = state.name === 'pending' || (state.name === 'retrying' && state.notBeforeMs <= nowMs);
    const isFree = mayStart && !blocked.has(index) && !node.lanes.some((lane) => taken.has(lane));
    const isReady = isFree && (work.dependsOn[index] ?? []).every((id) => nodes[id]?.state.name === 'done');
    return isReady ? [index] : [];
  });
  if (ready.length === 0) return NO_STARTS;

  const { startsMs, urgency } = forecastRest(run, work, blocked, nowMs);
  const wanted = ready
    .filter((index) => startsMs.get(index) === 0)
    .toSorted((a, b) => (urgency[b] ?? 0) - (urgency[a] ?? 0) || a - b)
    .flatMap((index) => nodes[index] ?? []);
  return admit(wanted, limits.startsPerTurn, START_CALLS, nowMs, limits, buckets);
}

function remainingMs(node: RunNode, nowMs: number): number {
  const durationMs = node.estimatedMinutes * 60_000;
  if (node.state.name !== 'running' && node.state.name !== 'starting') return durationMs;
  const elapsedMs = Math.max(0, nowMs - node.state.startedAtMs);
  if (elapsedMs < durationMs) return Math.max(durationMs - elapsedMs, LEAST_REMAINING_MS);
  return Math.max((elapsedMs - durationMs) * OVERDUE_PART, LEAST_REMAINING_MS);
}

/** When everything that can run without outsiders would start, from now, and how long a way each has before it. */
function forecastRest(
  run: Run,
  work: IndexedWork,
  blocked: ReadonlyMap<number, string>,
  nowMs: number,
): { readonly startsMs: ReadonlyMap<number, number>; readonly urgency: readonly number[] } {
  const { nodes } = run;
  const laneNumbers = new Map<string, number>();
  const laneNumber = (lane: string): number => {
    const number = laneNumbers.get(lane) ?? laneNumbers.size;
    laneNumbers.set(lane, number);
    return number;
  };
  const kept: number[] = [];
  const position = new Map<number, number>();
  for (const index of work.order) {
    const node = nodes[index];
    if (node === undefined || blocked.has(index) || !isGoingOn(node)) continue;
    const dependencies = work.dependsOn[index] ?? [];
    if (dependencies.some((id) => nodes[id]?.state.name !== 'done' && !position.has(id))) continue;
    position.set(index, kept.length);
    kept.push(index);
  }
  const inside = (ids: readonly number[] | undefined) => (ids ?? []).flatMap((id) => position.get(id) ?? []);
  const rest: IndexedWork = {
    order: kept.map((_, at) => at),
    dependsOn: kept.map((index) => inside(work.dependsOn[index])),
    dependents: kept.map((index) => inside(work.dependents[index])),
  };
  const tasks: Task[] = kept.flatMap((index) => {
    const node = nodes[index];
    if (node === undefined) return [];
    const { state } = node;
    return {
      durationMs: Math.max(1, remainingMs(node, nowMs)),
      releaseMs: state.name === 'retrying' ? Math.max(0, state.notBeforeMs - nowMs) : 0,
      lanes: node.lanes.map(laneNumber),
      running: state.name === 'running' || state.name === 'starting',
    };
  });
  const { startsMs } = forecast(tasks, rest, laneNumbers.size);
  const { tails } = headsAndTails(
    tasks.map(({ durationMs }) => durationMs),
    rest,
  );
  const urgency = nodes.map((_, index) => {
    const at = position.get(index) ?? -1;
    return (tails[at] ?? 0) + (tasks[at]?.durationMs ?? 0);
  });
  return { startsMs: new Map(kept.map((index, at) => [index, startsMs[at] ?? 0])), urgency };
}

/** Nodes that have not ended and wait for nobody outside. */
function isGoingOn(node: RunNode): boolean {
  switch (node.state.name) {
    case 'starting':
    case 'running':
    case 'pending':
    case 'retrying':
      return true;
    case 'waiting':
    case 'done':
    case 'failed':
    case 'blocked':
    case 'refused':
      return false;
  }
}

function waitSeconds(
  run: Run,
  blocked: ReadonlyMap<number, string>,
  nowMs: number,
  laterMs: readonly number[],
): number | null {
  const moments = [...laterMs];
  run.nodes.forEach(({ state }, index) => {
    if (state.name === 'starting') moments.push(nowMs + STARTING_WAIT_MS);
    if (state.name === 'running' && state.nextPollAtMs > nowMs) moments.push(state.nextPollAtMs);
    if (run.stopping || blocked.has(index)) return;
    if (state.name === 'retrying' && state.notBeforeMs > nowMs) moments.push(state.notBeforeMs);
    if (state.name === 'waiting' && state.untilMs !== undefined && state.untilMs > nowMs) moments.push(state.untilMs);
  });
  if (moments.length === 0) return null;
  return Math.max(1, Math.ceil((Math.min(...moments) - nowMs) / 1000));
}

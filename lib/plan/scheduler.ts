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
}

/** What is left of ARM's token buckets for one subscription, as of `atMs`. */
export interface Bucket {
  readonly atMs: number;
  readonly writeTokens: number;
  readonly readTokens: number;
}

export interface Run {
  readonly nodes: readonly RunNode[];
  /** By subscription; empty at first, then what the step before returned. */
  readonly buckets: Readonly<Record<string, Bucket>>;
  /** True: starts nothing more, polls what is in flight to its end. */
  readonly stopping?: boolean;
  /** Lanes in which somebody else writes. */
  readonly busyLanes?: readonly string[];
}

export interface Limits {
  readonly startsPerTurn: number;
  readonly pollsPerTurn: number;
  readonly writeBucketTokens: number;
  readonly writeTokensPerSecond: number;
  /** Tokens left for others. */
  readonly writeReserveTokens: number;
  readonly readBucketTokens: number;
  readonly readTokensPerSecond: number;
  readonly readReserveTokens: number;
}

export interface Step {
  /** To be set `starting` and started now, most urgent first. */
  readonly start: readonly string[];
  /** Running nodes whose poll is due. */
  readonly poll: readonly string[];
  /** To be set `blocked`; `by` is the node that failed. */
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

/** What to do next in a run. Pure and deterministic. */
export function nextSteps(run: Run, nowMs: number, limits: Limits = DEFAULT_LIMITS): Step {
  throw new Error(`not there yet ${run} ${nowMs} ${limits}`);
}

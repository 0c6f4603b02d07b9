import {
  type Bucket,
  DEFAULT_LIMITS,
  type Limits,
  type NodeState,
  nextSteps,
  type RunNode,
} from '../../../lib/plan/scheduler.ts';

export interface Job {
  readonly id: string;
  readonly estimatedMinutes: number;
  readonly dependsOn: readonly string[];
  readonly lanes: readonly string[];
  /** How long it really takes; absent: as estimated. */
  readonly actualMinutes?: number;
  /** Its operation fails. */
  readonly fails?: boolean;
}

export interface Played {
  readonly makespanMinutes: number;
  readonly states: ReadonlyMap<string, NodeState>;
  readonly startsMs: ReadonlyMap<string, number>;
  readonly endsMs: ReadonlyMap<string, number>;
  readonly turns: number;
  /** Calls in each second, to compare with ARM's buckets. */
  readonly writesMs: readonly number[];
}

function collide(one: Job, other: Job): boolean {
  return one.lanes.some((lane) => other.lanes.includes(lane));
}

/** Plays a run against operations that end after their time, and checks on the way what must never happen. */
export function play(jobs: readonly Job[], limits: Limits = DEFAULT_LIMITS, retryAfterMs = 10_000): Played {
  const states = new Map<string, NodeState>(jobs.map(({ id }) => [id, { name: 'pending' }]));
  const startsMs = new Map<string, number>();
  const endsMs = new Map<string, number>();
  const writesMs: number[] = [];
  let buckets: Readonly<Record<string, Bucket>> = {};
  let nowMs = 0;
  for (let turns = 1; ; turns++) {
    if (turns > 1000 * jobs.length + 1000) throw new Error('The run does not end.');
    const nodes: RunNode[] = jobs.map((job) => ({ ...job, state: states.get(job.id) ?? { name: 'pending' } }));
    const step = nextSteps({ nodes, buckets }, nowMs, limits);
    buckets = step.buckets;
    for (const { id } of step.blocked) states.set(id, { name: 'blocked' });
    for (const id of step.start) {
      const job = jobs.find((one) => one.id === id);
      if (job === undefined || states.get(id)?.name !== 'pending') throw new Error(`${id} was started twice.`);
      const waitsFor = job.dependsOn.find((other) => states.get(other)?.name !== 'done');
      if (waitsFor !== undefined) throw new Error(`${id} was started before ${waitsFor} was done.`);
      const rival = jobs.find((other) => states.get(other.id)?.name === 'running' && collide(job, other));
      if (rival !== undefined) throw new Error(`${id} was started beside ${rival.id} in one lane.`);
      const endMs = nowMs + (job.actualMinutes ?? job.estimatedMinutes) * 60_000;
      states.set(id, { name: 'running', startedAtMs: nowMs, nextPollAtMs: Math.min(endMs, nowMs + retryAfterMs) });
      startsMs.set(id, nowMs);
      endsMs.set(id, endMs);
      writesMs.push(nowMs);
    }
    for (const id of step.poll) {
      const state = states.get(id);
      const endMs = endsMs.get(id) ?? 0;
      if (state?.name !== 'running' || state.nextPollAtMs > nowMs) throw new Error(`${id} was polled too early.`);
      if (endMs > nowMs) states.set(id, { ...state, nextPollAtMs: Math.min(endMs, nowMs + retryAfterMs) });
      else states.set(id, { name: jobs.find((one) => one.id === id)?.fails ? 'failed' : 'done' });
    }
    if (step.finished) {
      return { makespanMinutes: Math.max(0, ...endsMs.values()) / 60_000, states, startsMs, endsMs, turns, writesMs };
    }
    if (step.start.length > 0 || step.poll.length > 0) continue;
    if (step.waitSeconds === null) throw new Error('The run waits for nobody.');
    nowMs += step.waitSeconds * 1000;
  }
}

/** The shortest time that is possible, from the longest chain and from what each lane has to do one by one. */
export function leastPossibleMinutes(jobs: readonly Job[]): number {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const minutesOf = (job: Job) => job.actualMinutes ?? job.estimatedMinutes;
  const heads = new Map<string, number>();
  const head = (job: Job): number => {
    const known = heads.get(job.id);
    if (known !== undefined) return known;
    const value = Math.max(
      0,
      ...job.dependsOn.map((id) => byId.get(id)).map((other) => (other ? head(other) + minutesOf(other) : 0)),
    );
    heads.set(job.id, value);
    return value;
  };
  const dependents = new Map<string, Job[]>();
  for (const job of jobs) for (const id of job.dependsOn) dependents.set(id, [...(dependents.get(id) ?? []), job]);
  const tails = new Map<string, number>();
  const tail = (job: Job): number => {
    const known = tails.get(job.id);
    if (known !== undefined) return known;
    const value = Math.max(0, ...(dependents.get(job.id) ?? []).map((other) => tail(other) + minutesOf(other)));
    tails.set(job.id, value);
    return value;
  };
  let least = Math.max(0, ...jobs.map((job) => head(job) + minutesOf(job)));
  const lanes = new Map<string, Job[]>();
  for (const job of jobs) for (const lane of job.lanes) lanes.set(lane, [...(lanes.get(lane) ?? []), job]);
  for (const members of lanes.values()) {
    for (const { id } of members) {
      const floor =
        tails.get(id) ?? tail(byId.get(id) ?? members[0] ?? { id, estimatedMinutes: 0, dependsOn: [], lanes: [] });
      const those = members.filter((other) => tail(other) >= floor);
      const load = those.reduce((sum, job) => sum + minutesOf(job), 0);
      least = Math.max(least, Math.min(...those.map(head)) + load + floor);
    }
  }
  return least;
}

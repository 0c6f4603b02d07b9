import type { Contested } from '../plan/contested.ts';
import {
  byProperty,
  type ChangeOrigin,
  type Contest,
  type Drift,
  MOST_CONTESTS,
  type PutRight,
  propertyKey,
  type Reversal,
} from './drift-record.ts';

/** A property that drifts again so soon after it was put right was changed back. */
const REVERSAL_WINDOW_MS = 24 * 3_600_000;
/** So many reversals in that time, and Hubkeeper leaves the property to the other writer. */
export const MOST_REVERSALS = 3;
/** For so long, unless a person reconciles or changes the spec before. */
const REST_MS = 24 * 3_600_000;
/** Pauses before it is put right again (Argo CD's self-heal: 2 s, times 3, at most 300 s). */
const FIRST_PAUSE_SECONDS = 2;
const PAUSE_FACTOR = 3;
const LONGEST_PAUSE_SECONDS = 300;

/** Pause after that many reversals, in seconds; none before the first. */
export function pauseSeconds(reversals: number): number {
  if (reversals <= 0) return 0;
  return Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * PAUSE_FACTOR ** (reversals - 1));
}

/** When a contest that was stopped may be taken up again. */
export function restEndsAt(stoppedAt: string): string {
  return new Date(Date.parse(stoppedAt) + REST_MS).toISOString();
}

export interface ContestEnd {
  readonly contest: Contest;
  readonly because: 'reconciledByHand' | 'specChanged' | 'rested';
}

/** Why contests end: a person took them over, by key, or the spec or the time has moved on. */
export interface ContestEndings {
  readonly isTakenOver: (contest: Contest) => boolean;
  readonly specVersion: number;
  readonly nowMs: number;
}

/** The contests that go on, and those that had been stopped and are over. Pure. */
export function withoutEnded(
  contests: readonly Contest[],
  { isTakenOver, specVersion, nowMs }: ContestEndings,
): { readonly contests: readonly Contest[]; readonly ended: readonly ContestEnd[] } {
  const kept: Contest[] = [];
  const ended: ContestEnd[] = [];
  const end = (contest: Contest, because: ContestEnd['because']): void => {
    if (contest.stoppedAt !== null) ended.push({ contest, because });
  };
  for (const contest of contests) {
    const { stoppedAt } = contest;
    if (isTakenOver(contest)) end(contest, 'reconciledByHand');
    else if (contest.specVersion !== specVersion) end(contest, 'specChanged');
    else if (stoppedAt !== null && Date.parse(restEndsAt(stoppedAt)) <= nowMs) end(contest, 'rested');
    else if (stoppedAt !== null) kept.push(contest);
    else kept.push(...recent(contest, nowMs));
  }
  return { contests: kept, ended };
}

/** The contest with what counts still; nothing when nothing does. */
function recent(contest: Contest, nowMs: number): readonly Contest[] {
  const isRecent = ({ at }: { readonly at: string }) => Date.parse(at) > nowMs - REVERSAL_WINDOW_MS;
  const ours = contest.ours.filter(isRecent);
  const theirs = contest.theirs.filter(isRecent);
  if (ours.length + theirs.length === 0) return [];
  const isSame = ours.length === contest.ours.length && theirs.length === contest.theirs.length;
  return [isSame ? contest : { ...contest, ours, theirs }];
}

/**
 * The contests after properties were seen to have drifted. It is a reversal where Hubkeeper has put the property right
 * in the window before and no reversal was seen since: the same drift seen again is none. Pure.
 */
export function withReversals(
  contests: readonly Contest[],
  drifted: readonly Pick<Drift, 'id' | 'path' | 'origin'>[],
  operationId: string,
  nowIso: string,
): { readonly contests: readonly Contest[]; readonly stopped: readonly Contest[] } {
  const origins = new Map(drifted.map((drift) => [propertyKey(drift), drift.origin]));
  const stopped: Contest[] = [];
  const next = contests.map((contest): Contest => {
    const origin = origins.get(propertyKey(contest));
    if (origin === undefined || !isReversed(contest, nowIso)) return contest;
    const theirs = [...contest.theirs, reversalOf(origin, operationId, nowIso)];
    if (!endsWithNextReversal(contest)) return { ...contest, theirs };
    const over: Contest = { ...contest, theirs, stoppedAt: nowIso };
    stopped.push(over);
    return over;
  });
  return { contests: next, stopped };
}

function endsWithNextReversal({ theirs }: Contest): boolean {
  return theirs.length + 1 >= MOST_REVERSALS;
}

function isReversed({ ours, theirs, stoppedAt }: Contest, nowIso: string): boolean {
  const last = ours.at(-1);
  if (stoppedAt !== null || last === undefined) return false;
  const since = theirs.at(-1);
  const isUnanswered = since === undefined || since.at < last.at;
  return isUnanswered && Date.parse(nowIso) - Date.parse(last.at) < REVERSAL_WINDOW_MS;
}

function reversalOf(origin: ChangeOrigin | null, operationId: string, nowIso: string): Reversal {
  return { at: nowIso, operationId, origin };
}

/** The contests after properties were put right without a person. Again for the same operation and time: the same. Pure. */
export function withPutRights(
  contests: readonly Contest[],
  fixed: readonly Pick<Drift, 'id' | 'kind' | 'path'>[],
  putRight: PutRight,
  specVersion: number,
): readonly Contest[] {
  const known = new Map(contests.map((contest) => [propertyKey(contest), contest]));
  for (const { id, kind, path } of fixed) {
    const key = propertyKey({ id, path });
    const before = known.get(key) ?? { id, kind, path, specVersion, ours: [], theirs: [], stoppedAt: null };
    const isKnown = before.ours.some(
      ({ at, operationId }) => at === putRight.at && operationId === putRight.operationId,
    );
    if (!isKnown) known.set(key, { ...before, ours: [...before.ours, putRight].slice(-(MOST_REVERSALS + 1)) });
  }
  return mostRecent([...known.values()]);
}

/** Those that two writers are at stay longest, then the newest. */
function mostRecent(contests: readonly Contest[]): readonly Contest[] {
  if (contests.length <= MOST_CONTESTS) return contests.toSorted(byProperty);
  const lastOf = ({ ours }: Contest) => ours.at(-1)?.at ?? '';
  return contests
    .toSorted(
      (one, other) =>
        other.theirs.length - one.theirs.length || lastOf(other).localeCompare(lastOf(one)) || byProperty(one, other),
    )
    .slice(0, MOST_CONTESTS)
    .sort(byProperty);
}

/**
 * The properties that are left to another writer: those of contests that were stopped, and, where `looksForDrift`, those
 * of which one more reversal is the last, if such a look finds one. Pure.
 */
export function leftToOthers(
  contests: readonly Contest[],
  endings: ContestEndings,
  looksForDrift: boolean,
): readonly Contested[] {
  const nowIso = new Date(endings.nowMs).toISOString();
  return withoutEnded(contests, endings).contests.flatMap((contest) => {
    const isLast = looksForDrift && isReversed(contest, nowIso) && endsWithNextReversal(contest);
    const stoppedAt = contest.stoppedAt ?? (isLast ? nowIso : null);
    return stoppedAt === null ? [] : [stoppedFrom(contest, stoppedAt)];
  });
}

function stoppedFrom({ id, path }: Contest, stoppedAt: string): Contested {
  return { id, path, stopped: true, sinceIso: stoppedAt, untilIso: restEndsAt(stoppedAt) };
}

/** What the guard has to know of contests at a time. Pure. */
export function contestedAt(contests: readonly Contest[], nowMs: number): readonly Contested[] {
  return contests.flatMap((contest): readonly Contested[] => {
    const { id, path, theirs, stoppedAt } = contest;
    if (stoppedAt !== null) return [stoppedFrom(contest, stoppedAt)];
    const last = theirs.at(-1);
    if (last === undefined) return [];
    const goesOnMs = Date.parse(last.at) + pauseSeconds(theirs.length) * 1_000;
    return goesOnMs <= nowMs ? [] : [{ id, path, stopped: false, untilIso: new Date(goesOnMs).toISOString() }];
  });
}

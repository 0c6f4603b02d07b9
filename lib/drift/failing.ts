import { normaliseId } from '../plan/graph.ts';
import type { FailingChange } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Plan } from '../plan/plan.ts';
import { type Failing, MOST_FAILING } from './drift-record.ts';

/** What has failed so often in a row, with the same change to the same state, fails again: a person has to look. */
export const MOST_FAILURES = 5;
/** Pause after the first failure; it doubles with each, so that an hourly scan tries again after 1, 1, 2 and 4 hours. */
const FIRST_PAUSE_MINUTES = 25;

/** ISO time from which on a change that has failed is tried again. */
export function triedAgainAt({ count, lastAt }: Pick<Failing, 'count' | 'lastAt'>): string {
  const pauseMinutes = FIRST_PAUSE_MINUTES * 2 ** Math.max(0, count - 1);
  return new Date(Date.parse(lastAt) + pauseMinutes * 60_000).toISOString();
}

/** A change of a run without a person that has failed and is not tried again by it. */
export interface FailedChange {
  readonly id: string;
  readonly changeHash: string;
  /** Digest of what was sent, or would have been: the declared merged with what was there. */
  readonly worldHash: string;
  readonly code: string;
  readonly message: string;
}

/** What tells whether a failure is still about something. */
export interface FailingSight {
  readonly plan: Pick<Plan, 'changes'>;
  /** `worldHash` of each change of the plan, by normalised id. */
  readonly worlds: ReadonlyMap<string, string>;
  readonly standing: (id: string) => 'asDeclared' | 'notDeclared' | 'unknown';
  readonly isUnderWay: (id: string) => boolean;
  /** A person takes the resource over: whoever reconciles by hand wants it tried again. */
  readonly isTakenOver: (one: { readonly id: string }) => boolean;
  readonly specVersion: number;
}

/** Whether Hubkeeper has given a change up until something moves. */
export function isParked({ count }: Pick<Failing, 'count'>): boolean {
  return count >= MOST_FAILURES;
}

/**
 * The failures after a comparison: those of changes that are the same still, to a resource that is the same still, under
 * the same spec, and those of what was not looked at, until somebody reconciles by hand. `ended`: those over that had been
 * given up. Pure.
 */
export function withoutMoved(
  failing: readonly Failing[],
  { plan, worlds, standing, isUnderWay, isTakenOver, specVersion }: FailingSight,
): { readonly failing: readonly Failing[]; readonly ended: readonly Failing[] } {
  if (failing.length === 0) return { failing, ended: [] };
  const planned = new Map(plan.changes.map((change) => [changeHash(change), worldOf(worlds, change.id)]));
  const isSame = (one: Failing): boolean => {
    if (one.specVersion !== specVersion || isTakenOver(one)) return false;
    if (isUnderWay(one.id)) return true;
    const world = planned.get(one.changeHash);
    return world === undefined ? standing(normaliseId(one.id)) === 'unknown' : world === one.worldHash;
  };
  const kept = failing.filter(isSame);
  return kept.length === failing.length
    ? { failing, ended: [] }
    : { failing: kept, ended: failing.filter((one) => !kept.includes(one) && isParked(one)) };
}

function worldOf(worlds: ReadonlyMap<string, string>, id: string): string {
  return worlds.get(normaliseId(id)) ?? '';
}

/** The failures after changes have ended: what is done has none, what failed again has one more. `parked`: given up now. Pure. */
export function withFailures(
  failing: readonly Failing[],
  doneIds: readonly string[],
  failed: readonly FailedChange[],
  specVersion: number,
  nowIso: string,
): { readonly failing: readonly Failing[]; readonly parked: readonly Failing[] } {
  const done = new Set(doneIds.map(normaliseId));
  const known = new Map(
    failing.filter(({ id }) => !done.has(normaliseId(id))).map((one) => [one.changeHash, one] as const),
  );
  if (failed.length === 0)
    return { failing: known.size === failing.length ? failing : [...known.values()], parked: [] };
  const parked: Failing[] = [];
  for (const one of failed) {
    const { worldHash } = one;
    const before = known.get(one.changeHash);
    const isSame = before?.worldHash === worldHash && before.specVersion === specVersion;
    const next: Failing = {
      ...one,
      specVersion,
      count: isSame ? before.count + 1 : 1,
      firstAt: isSame ? before.firstAt : nowIso,
      lastAt: nowIso,
    };
    known.set(one.changeHash, next);
    if (next.count === MOST_FAILURES) parked.push(next);
  }
  return { failing: mostRecent([...known.values()]), parked };
}

/** Those that were given up stay longest, then the newest. */
function mostRecent(failing: readonly Failing[]): readonly Failing[] {
  return failing
    .toSorted(
      (one, other) =>
        Number(isParked(other)) - Number(isParked(one)) ||
        other.lastAt.localeCompare(one.lastAt) ||
        one.changeHash.localeCompare(other.changeHash),
    )
    .slice(0, MOST_FAILING);
}

/** What a change failed with so often, and what lets it go on. Pure. */
export function parkedText({ count, firstAt, lastAt, message }: Failing): string {
  return `It failed ${count} times in a row, from ${firstAt} to ${lastAt}, the last time with ${sentence(message)} Hubkeeper tries it again when the resource changes, when the spec does, or when somebody reconciles.`;
}

function delayedText(one: Failing): string {
  const times = one.count === 1 ? 'once' : `${one.count} times in a row`;
  return `It failed ${times}, the last time with ${sentence(one.message)} It is tried again after ${triedAgainAt(one)}.`;
}

/** Text of Azure's within a sentence of ours. */
function sentence(message: string): string {
  const text = message.trim();
  return text === '' ? 'Azure refused it.' : /[.!?]$/.test(text) ? `"${text}"` : `"${text}".`;
}

/** What the guard has to know of failures at a time. Pure. */
export function failingAt(failing: readonly Failing[], nowMs: number): readonly FailingChange[] {
  return failing.flatMap((one): readonly FailingChange[] => {
    if (isParked(one))
      return [{ changeHash: one.changeHash, parked: true, sinceIso: one.lastAt, why: parkedText(one) }];
    if (Date.parse(triedAgainAt(one)) <= nowMs) return [];
    return [{ changeHash: one.changeHash, parked: false, sinceIso: one.lastAt, why: delayedText(one) }];
  });
}

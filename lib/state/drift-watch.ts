import { normaliseId } from '../plan/graph.ts';

/** Who made a change, as the claims of its resource event say. Text of others: shown, never trusted. */
export interface ChangeAuthor {
  readonly name: string | null;
  readonly objectId: string | null;
  readonly appId: string | null;
}

/** What an event said about a resource of the baseline: a hint where to look, never a fact about its state. */
export interface ChangeHint {
  /** ARM id of the resource as the ledger spells it; an event about a part of it names the resource itself. */
  readonly resource: string;
  readonly action: 'write' | 'delete' | 'action';
  /** ISO time of the event. */
  readonly at: string;
  readonly author: ChangeAuthor | null;
  /** Finds the change in Azure's activity log. */
  readonly correlationId: string | null;
}

/** A hint with the key of the event that gave it: copies of one event share it. */
export interface KeyedHint {
  readonly key: string;
  readonly hint: ChangeHint;
}

/** What events have said since the last request for a comparison. */
export interface PendingHints {
  /** When the first and the last of them came in, by the app's own clock. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The newest hint of each resource; `null`: of so many that everything is compared. */
  readonly hints: readonly ChangeHint[] | null;
}

/** What a baseline remembers of resource events. The order in which they came makes no difference to it. */
export interface DriftWatch {
  readonly pending: PendingHints | null;
  /** Keys and times of the latest events, oldest first. */
  readonly seen: readonly { readonly key: string; readonly at: string }[];
  /** The newest hint of each of the resources that changed last, oldest first: who made a change that a scan finds. */
  readonly heard: readonly ChangeHint[];
  /** The comparison that was asked for last, until its end was seen. */
  readonly asked: { readonly operationId: string; readonly at: string } | null;
}

export const NO_DRIFT_WATCH: DriftWatch = { pending: null, seen: [], heard: [], asked: null };

/** Resources of one comparison at most; when more have changed, everything is compared. A hint has half a kilobyte. */
const MOST_HINTS = 200;
/** Events by which copies are known: Event Grid repeats within seconds, and a copy that is not known costs a comparison. */
const REMEMBERED_EVENTS = 256;
const REMEMBERED_HINTS = 50;

/**
 * Takes events in. Copies of what was seen change nothing; of two events about one resource the newer one counts,
 * whichever came first. The same object comes back when nothing is new. Pure.
 */
export function withHints(watch: DriftWatch, events: readonly KeyedHint[], nowIso: string): DriftWatch {
  const known = new Set(watch.seen.map(({ key }) => key));
  const fresh = [...new Map(events.map((event) => [event.key, event])).values()].filter(({ key }) => !known.has(key));
  if (fresh.length === 0) return watch;
  const hints = fresh.map(({ hint }) => hint);
  const seen = [...watch.seen, ...fresh.map(({ key, hint }) => ({ key, at: hint.at }))];
  const { pending } = watch;
  return {
    ...watch,
    pending: {
      firstAt: pending === null || nowIso < pending.firstAt ? nowIso : pending.firstAt,
      lastAt: pending === null || nowIso > pending.lastAt ? nowIso : pending.lastAt,
      hints: joinedHints([pending === null ? [] : pending.hints, hints]),
    },
    seen: seen.toSorted(byTime(({ key }) => key)).slice(-REMEMBERED_EVENTS),
    heard: newestOfEach([...watch.heard, ...hints])
      .toSorted(byTime(({ resource }) => normaliseId(resource)))
      .slice(-REMEMBERED_HINTS),
  };
}

/**
 * The resources that several requests name, each with its newest hint, sorted by id; `null`, which is everything, when
 * one of them names none or they are too many. Pure.
 */
export function joinedHints(requests: readonly (readonly ChangeHint[] | null)[]): readonly ChangeHint[] | null {
  const named: ChangeHint[] = [];
  for (const hints of requests) {
    if (hints === null) return null;
    named.push(...hints);
  }
  const joined = newestOfEach(named);
  return joined.length > MOST_HINTS ? null : joined;
}

function newestOfEach(hints: readonly ChangeHint[]): readonly ChangeHint[] {
  const newest = new Map<string, ChangeHint>();
  for (const hint of hints) {
    const key = normaliseId(hint.resource);
    const other = newest.get(key);
    if (other === undefined || isNewer(hint, other)) newest.set(key, hint);
  }
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, hint]) => hint);
}

/** Of the same moment, their text decides: which of the two came first must not. */
function isNewer(hint: ChangeHint, other: ChangeHint): boolean {
  if (hint.at !== other.at) return hint.at > other.at;
  return textOf(hint) > textOf(other);
}

function textOf({ action, author, correlationId }: ChangeHint): string {
  return JSON.stringify([action, correlationId, author?.objectId, author?.appId, author?.name]);
}

function byTime<Item extends { readonly at: string }>(keyOf: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => {
    if (a.at !== b.at) return a.at < b.at ? -1 : 1;
    return keyOf(a) < keyOf(b) ? -1 : 1;
  };
}

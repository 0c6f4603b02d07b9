import type { ForeignEntry } from '../plan/foreign-entries.ts';
import { normaliseId } from '../plan/graph.ts';
import { formatPath, parsePath } from '../plan/property-path.ts';
import {
  byProperty,
  type ChangeOrigin,
  type DriftRecord,
  type KnownForeignEntry,
  MOST_FOREIGN_ENTRIES,
  propertyKey,
} from './drift-record.ts';
import { moreCount, remember } from './remember.ts';

/** News of one comparison up to this number are told one by one; of more, those of each resource together. */
export const MOST_SINGLE_NEWS = 20;

/** What has become of an entry of others. */
export type ForeignStanding =
  /** Nothing is known: its resource was not looked at, or is being written. */
  | 'unknown'
  | 'gone'
  /** The spec or an adjustment has it now. */
  | 'declared'
  /** Its resource is no longer declared. */
  | 'notDeclared';

/** What a comparison saw of others' entries. */
export interface ForeignSight {
  /** Of every resource that was looked at. */
  readonly foreign: readonly ForeignEntry[];
  /** What an entry that is not among these stands for. */
  readonly foreignStanding: (entry: KnownForeignEntry) => ForeignStanding;
  readonly isUnderWay: (id: string) => boolean;
  readonly looksForDrift: boolean;
  readonly isWhole: boolean;
  readonly operationId: string;
  readonly nowIso: string;
}

/** What is new of the entries of others: one of them, or several of one resource or, the first time, of the baseline. */
export interface ForeignNews {
  readonly news: 'foreign';
  readonly change: 'found' | 'foundAtFirst' | 'foundMore' | 'changed' | Exclude<ForeignStanding, 'unknown'>;
  /** ARM id; empty: of the whole baseline. */
  readonly id: string;
  /** By id and path. */
  readonly entries: readonly KnownForeignEntry[];
  /** All of them, those beyond the list too. */
  readonly count: number;
}

/** The newest change of each resource that events told of, by normalised id. */
export interface ToldOrigins {
  readonly all: ReadonlyMap<string, ChangeOrigin>;
  /** Only of changes since our last write: what is new now is of none before. */
  readonly sinceWritten: ReadonlyMap<string, ChangeOrigin>;
}

type KnownEntries = Pick<DriftRecord, 'foreignEntries' | 'moreForeignCount' | 'foreignKnownSince'>;

/**
 * The entries of others after a comparison. Who looks for drift finds new ones and changed ones; anybody learns what has
 * gone or is declared by now. The same comparison again gives the same and no news. Pure.
 */
export function seeForeign(
  record: KnownEntries,
  origins: ToldOrigins,
  sight: ForeignSight,
): { readonly record: KnownEntries; readonly news: readonly ForeignNews[] } {
  const before = new Map(record.foreignEntries.map((entry) => [propertyKey(entry), entry]));
  const ignored = new Set(sight.foreign.filter(({ isIgnored }) => isIgnored).map(propertyKey));
  const there = sight.foreign.filter(({ id, isIgnored }) => !isIgnored && !sight.isUnderWay(id));
  // The entry around known ones is theirs as a whole once it is no longer ours: neither is news.
  const around = new Set(record.foreignEntries.flatMap(keysAround));
  const theirs = new Set(sight.foreign.filter(({ id }) => !sight.isUnderWay(id)).map(propertyKey));
  const isKnown = (one: ForeignEntry) => before.has(propertyKey(one)) || around.has(propertyKey(one));
  const found = inOrder(there.filter((one) => sight.looksForDrift || isKnown(one)));
  const foundKeys = new Set(found.map(propertyKey));
  const isFirst = record.foreignKnownSince === null && sight.looksForDrift && sight.isWhole;
  const left = record.foreignEntries.filter(
    (one) =>
      !foundKeys.has(propertyKey(one)) &&
      !ignored.has(propertyKey(one)) &&
      !keysAround(one).some((outer) => theirs.has(outer)),
  );
  const unknown = left.filter((one) => sight.foreignStanding(one) === 'unknown');
  const remembered = remember(found, unknown, before, MOST_FOREIGN_ENTRIES);
  const seen = remembered.seen.map((one) => {
    const known = before.get(propertyKey(one));
    return sight.looksForDrift || known === undefined ? seenEntry(one, known, origins, sight) : known;
  });
  const fresh = seen.filter((one) => !before.has(propertyKey(one)));
  const changed = seen.filter((one) => isChanged(before.get(propertyKey(one)), one));
  const countsAll = sight.looksForDrift && sight.isWhole;
  const moreForeignCount = moreCount(record.moreForeignCount, remembered.beyondCount, countsAll);
  const gone = (['gone', 'declared', 'notDeclared'] as const).map(
    (standing) => [standing, left.filter((one) => sight.foreignStanding(one) === standing)] as const,
  );
  return {
    record: {
      foreignEntries: [...seen, ...remembered.unseen].toSorted(byProperty),
      moreForeignCount,
      foreignKnownSince: isFirst ? sight.nowIso : record.foreignKnownSince,
    },
    news: [
      ...(isFirst
        ? newsOf('foundAtFirst', '', fresh, fresh.length + moreForeignCount)
        : [
            ...newsOfEach(
              'found',
              fresh.filter((one) => !around.has(propertyKey(one))),
            ),
            ...(moreForeignCount > record.moreForeignCount ? newsOf('foundMore', '', [], moreForeignCount) : []),
          ]),
      ...newsOfEach('changed', changed),
      ...gone.flatMap(([standing, entries]) => newsOfEach(standing, entries)),
    ],
  };
}

/** Keys of the entries that an entry is in. */
function keysAround({ id, path }: Pick<ForeignEntry, 'id' | 'path'>): readonly string[] {
  const segments = parsePath(path);
  return segments.flatMap(({ type }, depth) =>
    type === 'entry' && depth < segments.length - 1
      ? [propertyKey({ id, path: formatPath(segments.slice(0, depth + 1)) })]
      : [],
  );
}

/** Each once. */
function inOrder(found: readonly ForeignEntry[]): readonly ForeignEntry[] {
  return [...new Map(found.map((one) => [propertyKey(one), one])).values()].sort(byProperty);
}

function seenEntry(
  { id, kind, path, description, contentHash }: ForeignEntry,
  known: KnownForeignEntry | undefined,
  origins: ToldOrigins,
  { operationId, nowIso }: ForeignSight,
): KnownForeignEntry {
  const entry = { id, kind, path, description, contentHash };
  if (known !== undefined && known.contentHash === contentHash) {
    const told = origins.all.get(normaliseId(id)) ?? null;
    // An event may come after the comparison; one about a later change tells of another author.
    const explained = told !== null && told.at <= known.firstSeenAt ? told : null;
    return { ...known, origin: known.origin ?? explained, lastSeenAt: nowIso };
  }
  const told = origins.sinceWritten.get(normaliseId(id)) ?? null;
  return { ...entry, origin: told, firstSeenAt: nowIso, lastSeenAt: nowIso, operationId };
}

function isChanged(known: KnownForeignEntry | undefined, seen: KnownForeignEntry): boolean {
  return known !== undefined && known.contentHash !== seen.contentHash;
}

function newsOf(
  change: ForeignNews['change'],
  id: string,
  entries: readonly KnownForeignEntry[],
  count = entries.length,
): readonly ForeignNews[] {
  return count === 0 ? [] : [{ news: 'foreign', change, id, entries, count }];
}

function newsOfEach(change: ForeignNews['change'], entries: readonly KnownForeignEntry[]): readonly ForeignNews[] {
  if (entries.length <= MOST_SINGLE_NEWS) return entries.flatMap((entry) => newsOf(change, entry.id, [entry]));
  const byResource = Map.groupBy(entries, ({ id }) => normaliseId(id));
  return [...byResource.values()].flatMap((ofOne) => newsOf(change, ofOne[0]?.id ?? '', ofOne));
}

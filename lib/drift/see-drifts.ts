import { otherSides } from '../plan/change-groups.ts';
import type { KeptDifference, PostponedDifference } from '../plan/drift-rules.ts';
import { normaliseId } from '../plan/graph.ts';
import { canonicalJson } from '../plan/hash.ts';
import { BEHIND_CODE, CALLED_OFF_CODE, LEFT_CODE } from '../plan/left-changes.ts';
import type { Plan } from '../plan/plan.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import { withoutEnded, withReversals } from './contest.ts';
import type { DriftNews } from './drift-news.ts';
import {
  byProperty,
  type ChangeOrigin,
  type Drift,
  type DriftRecord,
  MOST_DRIFTS,
  MOST_UNMANAGED,
  propertyKey,
  type Rejection,
  type Scan,
  type UnmanagedResource,
} from './drift-record.ts';
import { type FailingSight, withoutMoved } from './failing.ts';
import { type DriftGround, type FoundDrift, foundDrifts } from './found-drift.ts';
import { withRejections } from './rejection.ts';
import { moreCount, remember } from './remember.ts';
import { type ForeignSight, seeForeign } from './see-foreign.ts';

/** A comparison reads for as long after the time that it has: large baselines are read in parts. */
const LONGEST_LOOK_MS = 60_000;

/** One comparison of a baseline with Azure, as a run made it. */
export interface Sight extends Pick<DriftGround, 'ledger' | 'wasAsDeclared'>, ForeignSight {
  readonly plan: Pick<Plan, 'changes' | 'refused'>;
  readonly kept: readonly KeptDifference[];
  readonly postponed: readonly PostponedDifference[];
  /**
   * What a property that the plan does not name stands for: it is as declared, nobody declares its resource any more, or
   * nothing is known, since the run did not look, or has a write under way.
   */
  readonly standing: (id: string) => 'asDeclared' | 'notDeclared' | 'unknown';
  /** Whether a write of the run is under way there: what is seen meanwhile says nothing. */
  readonly isUnderWay: (id: string) => boolean;
  readonly hints: readonly ChangeHint[];
  /** A run that looks for drift without a person: it counts who changes what back, and is told of as a comparison. */
  readonly looksForDrift: boolean;
  /** A person takes the property over, so that nobody counts whose write it was. */
  readonly isTakenOver: (one: { readonly id: string }) => boolean;
  /** Of each change of the plan, a digest of what would be sent, by normalised id. */
  readonly worlds: FailingSight['worlds'];
  readonly isWhole: boolean;
  readonly comparedCount: number;
  readonly notComparedCount: number;
  /** Only of a run that looked for them. */
  readonly unmanaged?: readonly UnmanagedResource[];
  /** All of them, those beyond that list too. */
  readonly unmanagedCount?: number;
  readonly specVersion: number;
  /** Changes of the plan that a person has said no to in this operation. */
  readonly rejected: readonly Rejection[];
  readonly operationId: string;
  readonly nowIso: string;
}

/** What a comparison adds to the record, before anything is decided about it. */
export interface Seen {
  readonly record: DriftRecord;
  readonly news: readonly DriftNews[];
  /** `propertyKey` of the drifts that were not known. */
  readonly fresh: ReadonlySet<string>;
  /** `propertyKey` of all that this comparison saw. */
  readonly seen: ReadonlySet<string>;
}

/**
 * The record after a comparison: drifts found, seen again, explained by an event or gone, and properties that another
 * writer has changed back. The same comparison again gives the same record and no news. Pure.
 */
export function seeDrifts(record: DriftRecord, sight: Sight): Seen {
  const before = new Map(record.drifts.map((drift) => [propertyKey(drift), drift]));
  const found = foundDrifts(sight.plan, sight.kept, sight.postponed, {
    ...sight,
    known: new Set(before.keys()),
  }).filter((one) => !sight.isUnderWay(one.id));
  const origins = originsOf(sight.hints.filter((hint) => isSinceWritten(hint, sight.ledger)));
  const explained = withOtherSides(origins, sight.plan.changes);
  const foreign = seeForeign(record, { all: originsOf(sight.hints), sinceWritten: origins }, sight);
  const foundKeys = new Set(found.map(propertyKey));
  const left = record.drifts.filter((drift) => !foundKeys.has(propertyKey(drift)));
  const unplanned = idsOfUnplanned(sight.plan);
  const standingOf: Sight['standing'] = (id) => (unplanned.has(normaliseId(id)) ? 'unknown' : sight.standing(id));
  const unknown = left.filter(({ id }) => standingOf(id) === 'unknown');
  const gone = left.filter(({ id }) => standingOf(id) !== 'unknown');
  const remembered = remember(found, unknown, before, MOST_DRIFTS);
  const seen = remembered.seen.map((one) => seenDrift(one, before.get(propertyKey(one)), explained, sight));
  const seenKeys = new Set(seen.map(propertyKey));

  const failing = withoutMoved(record.failing, { ...sight, standing: standingOf });
  const going = withoutEnded(record.contests, { ...sight, nowMs: Date.parse(sight.nowIso) });
  // What a rule says to look away from, or only to tell, nobody has changed back in a fight.
  const isFought = ({ kept }: FoundDrift) => kept === undefined || kept.policy === 'contested';
  const drifted = sight.looksForDrift ? found.filter(isFought) : [];
  const contested = withReversals(
    going.contests,
    drifted.map((one) => ({ ...one, origin: explained.get(normaliseId(one.id)) ?? null })),
    sight.operationId,
    sight.nowIso,
  );
  return {
    record: {
      ...record,
      ...scanned(sight, found.length),
      ...foreign.record,
      drifts: [...seen, ...remembered.unseen].sort(byProperty),
      moreDriftsCount: moreCount(record.moreDriftsCount, remembered.beyondCount, sight.looksForDrift && sight.isWhole),
      contests: contested.contests,
      failing: failing.failing,
      rejections: withRejections(record.rejections, { ...sight, standing: standingOf }),
    },
    news: [
      ...seen.flatMap((drift) => newsOfKnown(before.get(propertyKey(drift)), drift)),
      ...gone.map((drift) => ({ news: 'gone', drift, isDeclared: sight.standing(drift.id) === 'asDeclared' }) as const),
      ...going.ended.map((end) => ({ news: 'conflictOver', end }) as const),
      ...failing.ended.map((one) => ({ news: 'unparked', failing: one }) as const),
      ...contested.stopped.map((contest) => ({ news: 'conflict', contest }) as const),
      ...foreign.news,
    ],
    fresh: new Set([...seenKeys].filter((key) => !before.has(key))),
    seen: seenKeys,
  };
}

/** Refusals of a part of a resource: the plan has the rest of it. */
const REFUSALS_OF_PARTS = new Set([
  'DriftReported',
  'DriftIgnored',
  'ModeForbidsDelete',
  'WriterConflict',
  LEFT_CODE,
  BEHIND_CODE,
  CALLED_OFF_CODE,
]);

/** Resources that the plan refuses as a whole, whatever they differ in. */
function idsOfUnplanned({ refused }: Sight['plan']): ReadonlySet<string> {
  return new Set(refused.filter(({ code }) => !REFUSALS_OF_PARTS.has(code)).map(({ id }) => normaliseId(id)));
}

/** A change from before our last write is not the one that is seen now. */
function isSinceWritten({ resource, at }: ChangeHint, ledger: Sight['ledger']): boolean {
  const entry = ledger.get(normaliseId(resource));
  return entry === undefined || Date.parse(at) > Date.parse(entry.at);
}

/** The newest change of each resource that an event told of, by normalised id. */
function originsOf(hints: readonly ChangeHint[]): ReadonlyMap<string, ChangeOrigin> {
  const newest = new Map<string, ChangeHint>();
  for (const hint of hints) {
    const key = normaliseId(hint.resource);
    const known = newest.get(key);
    if (known === undefined || isNewer(hint, known)) newest.set(key, hint);
  }
  return new Map([...newest].map(([key, hint]) => [key, originOf(hint)] as const));
}

function originOf({ author, at, correlationId, action, resource }: ChangeHint): ChangeOrigin {
  return { author, at, correlationId, ...(action === 'delete' ? { deleted: resource } : {}) };
}

/** With who deleted the other side of what broke by it: of that itself Azure sends no event. */
function withOtherSides(
  origins: ReadonlyMap<string, ChangeOrigin>,
  changes: Sight['plan']['changes'],
): ReadonlyMap<string, ChangeOrigin> {
  const sides = otherSides(changes);
  const broken = changes.filter(({ id, replaces }) => replaces === true && !origins.has(normaliseId(id)));
  return new Map([
    ...origins,
    ...broken.flatMap(({ id }) => {
      const origin = origins.get(normaliseId(sides.get(normaliseId(id))?.id ?? ''));
      return origin?.deleted === undefined ? [] : [[normaliseId(id), origin] as const];
    }),
  ]);
}

/** Events of one moment are told apart, so that their order does not count. */
function isNewer(one: ChangeHint, other: ChangeHint): boolean {
  if (one.at !== other.at) return one.at > other.at;
  return canonicalJson(JSON.parse(JSON.stringify(one))) > canonicalJson(JSON.parse(JSON.stringify(other)));
}

function seenDrift(
  { kept: _, ...found }: FoundDrift,
  known: Drift | undefined,
  origins: ReadonlyMap<string, ChangeOrigin>,
  { operationId, nowIso }: Sight,
): Drift {
  const told = origins.get(normaliseId(found.id)) ?? null;
  if (known === undefined) {
    return {
      ...found,
      policy: 'enforce',
      state: 'puttingRight',
      code: '',
      why: '',
      until: null,
      origin: told,
      firstSeenAt: nowIso,
      lastSeenAt: nowIso,
      operationId,
    };
  }
  const { before: _before, after: _after, ...rest } = known;
  return { ...rest, ...found, origin: originAfter(known, found, told), lastSeenAt: nowIso };
}

/**
 * Another value has another author, who has made it since the last sight; of the same one, whoever was told first has
 * made it, and had by then.
 */
function originAfter(known: Drift, found: FoundDrift, told: ChangeOrigin | null): ChangeOrigin | null {
  const toldMs = told === null ? Number.NaN : Date.parse(told.at);
  const seenMs = Date.parse(known.lastSeenAt);
  if (isOtherValue(known, found)) return toldMs > seenMs ? told : null;
  return known.origin ?? (toldMs <= seenMs + LONGEST_LOOK_MS ? told : null);
}

function isOtherValue(known: Pick<Drift, 'before' | 'foundHash'>, found: Pick<Drift, 'before' | 'foundHash'>): boolean {
  if (known.foundHash !== undefined && found.foundHash !== undefined) return known.foundHash !== found.foundHash;
  return canonicalJson(known.before) !== canonicalJson(found.before);
}

function newsOfKnown(known: Drift | undefined, drift: Drift): readonly DriftNews[] {
  if (known === undefined) return [];
  if (isOtherValue(known, drift)) return [{ news: 'changedAgain', drift }];
  return known.origin === null && drift.origin !== null ? [{ news: 'explained', drift }] : [];
}

function scanned(sight: Sight, foundCount: number): Partial<DriftRecord> {
  const { looksForDrift, isWhole, operationId, nowIso, comparedCount, notComparedCount, unmanaged, unmanagedCount } =
    sight;
  const scan: Scan = { operationId, at: nowIso, comparedCount, notComparedCount, foundCount };
  return {
    ...(looksForDrift ? (isWhole ? { lastScan: scan } : { lastLook: scan }) : {}),
    ...(unmanaged === undefined || !isWhole
      ? {}
      : {
          unmanaged: unmanaged
            .map(({ id, type }) => ({ id, type }))
            .toSorted((one, other) => (normaliseId(one.id) < normaliseId(other.id) ? -1 : 1))
            .slice(0, MOST_UNMANAGED),
          unmanagedCount: unmanagedCount ?? unmanaged.length,
          unmanagedAt: nowIso,
        }),
  };
}

import type { Json } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { ChangeAuthor } from '../state/drift-watch.ts';

/** What the spec lets Hubkeeper do about a drift without a person. */
export type DriftPolicy = 'enforce' | 'approve' | 'report' | 'ignore';

/**
 * What is being done about a drift. `puttingRight`: its write is due or under way. `waiting`: for an approval, a hold, a
 * window, a budget or a back-off. `refused`: something forbids it. `failed`: the write did not succeed.
 */
export type DriftState = 'puttingRight' | 'waiting' | 'refused' | 'reported' | 'ignored' | 'failed';

/** The change behind a drift, as far as an event told of it. Text of others: shown, never trusted. */
export interface ChangeOrigin {
  readonly author: ChangeAuthor | null;
  /** ISO time of the change. */
  readonly at: string;
  /** Finds the change in Azure's activity log. */
  readonly correlationId: string | null;
  /** ARM id of what it deleted: the resource, or the other side of its connection; absent: it deleted nothing. */
  readonly deleted?: string;
}

/** What is to become of a drift. */
export interface DriftDecision {
  readonly policy: DriftPolicy;
  readonly state: DriftState;
  /** Code of the refusal or the failure, or what it waits for; empty when it is being put right. */
  readonly code: string;
  /** One plain sentence; empty when it is being put right. */
  readonly why: string;
  /** ISO time at which a wait ends; null: no end is known. */
  readonly until: string | null;
}

/** One property that is not as declared although it was. */
export interface Drift extends DriftDecision {
  readonly id: string;
  readonly kind: string;
  /** Property path; empty: the resource itself is gone. */
  readonly path: string;
  /** As found; absent: not there. Secrets are redacted; of long values that is kept in which they differ. */
  readonly before?: Json;
  /** As declared; absent: not declared. */
  readonly after?: Json;
  /** Of the whole value found: another one means that it was changed again. Absent in a record of an earlier version. */
  readonly foundHash?: string;
  /** Null while no event has told who it was. */
  readonly origin: ChangeOrigin | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** The operation that decided about it last. */
  readonly operationId: string;
}

/** One comparison. */
export interface Scan {
  readonly operationId: string;
  readonly at: string;
  readonly comparedCount: number;
  readonly notComparedCount: number;
  /** Drifts that were seen. */
  readonly foundCount: number;
}

/** One time that a property was put right without a person. */
export interface PutRight {
  readonly at: string;
  readonly operationId: string;
}

/** One time that somebody changed it back after that. */
export interface Reversal {
  /** When it was seen. */
  readonly at: string;
  readonly operationId: string;
  readonly origin: ChangeOrigin | null;
}

/** What two writers do to one property of a resource, one after the other. */
export interface Contest {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  /** A newer spec begins anew. */
  readonly specVersion: number;
  readonly ours: readonly PutRight[];
  readonly theirs: readonly Reversal[];
  /** Since when Hubkeeper leaves it to them; null: it does not. */
  readonly stoppedAt: string | null;
}

/** A change that a person has said no to: the same one is not made, and nobody is asked about it again. */
export interface Rejection {
  readonly id: string;
  readonly changeHash: string;
  /** A newer spec asks anew. */
  readonly specVersion: number;
  readonly by: string;
  readonly at: string;
  readonly comment?: string;
}

/** A change that fails without a person again and again, in a row. */
export interface Failing {
  readonly id: string;
  readonly changeHash: string;
  /** Digest of what was there and what was to become of it: at another one the count begins anew. */
  readonly worldHash: string;
  /** A newer spec begins anew. */
  readonly specVersion: number;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** Of the last failure. */
  readonly code: string;
  readonly message: string;
}

export interface UnmanagedResource {
  readonly id: string;
  readonly type: string;
}

/** An entry in a resource of ours that others put there: it is told and never touched. */
export interface KnownForeignEntry {
  readonly id: string;
  readonly kind: string;
  /** Path of the entry, such as `properties.securityRules[theirs]`. */
  readonly path: string;
  /** What it is in a few words, without secrets; empty where the path says all. Text of others. */
  readonly description: string;
  /** Another one means that the entry has changed, which is a new sight. */
  readonly contentHash: string;
  /** Null while no event has told who it was. */
  readonly origin: ChangeOrigin | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** The operation that saw it first. */
  readonly operationId: string;
}

/** All that is known of the drift of one baseline. `revision` moves with every change. */
export interface DriftRecord {
  readonly schemaVersion: 1;
  readonly baseline: string;
  readonly revision: number;
  /** The last comparison of everything on a schedule; null: there was none yet. */
  readonly lastScan: Scan | null;
  /** The last comparison of the resources that events named. */
  readonly lastLook: Scan | null;
  /** By id and path. */
  readonly drifts: readonly Drift[];
  /** Drifts of the last comparison beyond those that are remembered. */
  readonly moreDriftsCount: number;
  readonly contests: readonly Contest[];
  /** Newest first. */
  readonly rejections: readonly Rejection[];
  readonly failing: readonly Failing[];
  /** In managed resource groups and not ours, as of the last scan that looked. */
  readonly unmanaged: readonly UnmanagedResource[];
  readonly unmanagedCount: number;
  /** ISO time of that scan; null: none has looked yet. */
  readonly unmanagedAt: string | null;
  /** In our resources and not ours, by id and path. */
  readonly foreignEntries: readonly KnownForeignEntry[];
  /** Entries of the last comparison of everything beyond those that are remembered. */
  readonly moreForeignCount: number;
  /** ISO time of the first comparison of everything that looked for them; null: there was none. */
  readonly foreignKnownSince: string | null;
  /** Refusals and waits of other changes that the journal has told of, by `refusalKey`. */
  readonly told: readonly string[];
}

/** Drifts of one baseline that are remembered: more at once mean that its resources are gone, not that they drifted. */
export const MOST_DRIFTS = 500;
/** Contests of one baseline that are remembered. */
export const MOST_CONTESTS = 500;
/** Rejected changes of one baseline that are remembered. */
export const MOST_REJECTIONS = 500;
/** Failing changes of one baseline that are remembered. */
export const MOST_FAILING = 500;
/** Unmanaged resources that are listed; the rest is counted. */
export const MOST_UNMANAGED = 200;
/** Entries of others that are remembered; the rest is counted. One has up to a kilobyte. */
export const MOST_FOREIGN_ENTRIES = 500;
/** Other changes of which the record knows that they were told. */
export const MOST_TOLD = 500;

export function newDriftRecord(baseline: string): DriftRecord {
  return {
    schemaVersion: 1,
    baseline,
    revision: 0,
    lastScan: null,
    lastLook: null,
    drifts: [],
    moreDriftsCount: 0,
    contests: [],
    rejections: [],
    failing: [],
    unmanaged: [],
    unmanagedCount: 0,
    unmanagedAt: null,
    foreignEntries: [],
    moreForeignCount: 0,
    foreignKnownSince: null,
    told: [],
  };
}

/** A stored record as this version knows it: one of an earlier version lacks what that did not look for. */
export function completeRecord(stored: DriftRecord): DriftRecord {
  return { ...newDriftRecord(stored.baseline), ...stored };
}

/** Tells properties of resources apart. */
export function propertyKey({ id, path }: { readonly id: string; readonly path: string }): string {
  return `${normaliseId(id)} ${path}`;
}

/** Tells apart what is refused, and what waits, by its resource and the code of the reason. */
export function refusalKey({ id, code }: { readonly id: string; readonly code: string }): string {
  return `${normaliseId(id)} ${code}`;
}

/** Order of everything that is listed by property. */
export function byProperty(
  one: { readonly id: string; readonly path: string },
  other: { readonly id: string; readonly path: string },
): number {
  const [a, b] = [propertyKey(one), propertyKey(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

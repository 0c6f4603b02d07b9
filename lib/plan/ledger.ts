import { normaliseId, type Owner } from './graph.ts';

/** Paths we own in a resource, in the form of `PropertyDifference.path`, each with its owner. */
export type OwnedFields = Readonly<Record<string, Owner>>;

/** What one write was sent with: its events repeat both. */
export interface WriteIds {
  /** UUID of `x-ms-correlation-request-id`. */
  readonly correlationId: string;
  /** `x-ms-client-request-id`. */
  readonly clientRequestId: string;
}

/** Writes of one resource whose ids are remembered: their events come within a day, and few writes fall into one. */
const REMEMBERED_WRITES = 8;

/** The remembered writes with one more, newest last. The same write again changes nothing. */
export function withWrite(
  writes: readonly WriteIds[] | undefined,
  write: WriteIds | undefined,
): readonly WriteIds[] | undefined {
  if (write === undefined) return writes;
  const others = (writes ?? []).filter(({ correlationId }) => correlationId !== write.correlationId);
  return [...others, write].slice(-REMEMBERED_WRITES);
}

/** What was declared of a resource when it was written. */
export interface DeclaredBody {
  /** `shortHash` of the body. */
  readonly hash: string;
  /** All of it was to be written; false: a rule, a mode or another operation left a part as it was. */
  readonly isWhole: boolean;
}

/** What Hubkeeper wrote to one resource. What is not in here is never removed. */
export interface LedgerEntry {
  readonly id: string;
  readonly kind: string;
  /** `intended` before a write and until it is known to have ended; `confirmed` after; `deleting` before a delete. */
  readonly state: 'intended' | 'confirmed' | 'deleting';
  /** The resource itself is ours: we created it. False for adopted ones. */
  readonly created: boolean;
  /** Fields of the last confirmed write. */
  readonly confirmed: OwnedFields;
  /** Fields of the write that may be under way; they count as ours too. */
  readonly intended: OwnedFields;
  /**
   * `shortHash` of the declared body that the resource is known to have had as a whole, and of that of the write that may
   * be under way. As long as the same is declared, whatever differs has been changed by others. Absent: not known.
   */
  readonly confirmedBody?: string;
  readonly intendedBody?: string;
  /** As in the graph of the write: a delete takes the same lanes and goes before what it depended on. */
  readonly lanes: readonly string[];
  readonly dependsOn: readonly string[];
  readonly scope: string;
  /** From before the delete of a replacement until the resource is known to be there again. */
  readonly replacing?: boolean;
  /** The last write left a part of it to an operation that waited: it is not as its spec declares it. */
  readonly partly?: boolean;
  readonly operationId: string;
  /** The latest writes, newest last, noted before they are sent. Absent: none that was sent with such ids. */
  readonly writes?: readonly WriteIds[];
  /** ISO time of the last change of this row. */
  readonly at: string;
}

/** Normalised ids of what we wrote and have not begun to delete: as far as we know, that is there. */
export function idsThatWereThere(entries: Iterable<LedgerEntry>): ReadonlySet<string> {
  return new Set([...entries].flatMap(({ id, state }) => (state === 'deleting' ? [] : [normaliseId(id)])));
}

import type { Owner } from './graph.ts';

/** Paths we own in a resource, in the form of `PropertyDifference.path`, each with its owner. */
export type OwnedFields = Readonly<Record<string, Owner>>;

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
  /** As in the graph of the write: a delete takes the same lanes and goes before what it depended on. */
  readonly lanes: readonly string[];
  readonly dependsOn: readonly string[];
  readonly scope: string;
  /** From before the delete of a replacement until the resource is known to be there again. */
  readonly replacing?: boolean;
  readonly operationId: string;
  /** ISO time of the last change of this row. */
  readonly at: string;
}

import type { DesiredNode } from './graph.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';

/** What happens to a ledger row. Every one may be repeated. */
export type LedgerEvent =
  | {
      readonly name: 'intend';
      readonly node: Pick<DesiredNode, 'id' | 'kind' | 'lanes' | 'scope' | 'dependsOn'>;
      /** True when the resource is not there, so that this write makes it. */
      readonly creates: boolean;
      /** From `ownedFieldsOf`. */
      readonly fields: OwnedFields;
      readonly operationId: string;
      readonly atIso: string;
    }
  /** The write ended well. `fields`: those of that write, else the intended ones. */
  | { readonly name: 'confirm'; readonly fields?: OwnedFields; readonly operationId: string; readonly atIso: string }
  /** The write or delete is known not to have happened. */
  | { readonly name: 'abandon'; readonly atIso: string }
  | { readonly name: 'delete'; readonly operationId: string; readonly atIso: string }
  /** The resource is known to be gone. */
  | { readonly name: 'gone' };

/** The row after an event; null: no row. Throws a `ProblemError` (actor `us`) for what cannot happen. */
export function nextLedgerEntry(entry: LedgerEntry | null, event: LedgerEvent): LedgerEntry | null {
  throw new Error(`not there yet ${entry} ${event}`);
}

/** Whether a property or entry path is recorded as ours. */
export function isOurs(entry: LedgerEntry | null | undefined, path: string): boolean {
  throw new Error(`not there yet ${entry} ${path}`);
}

/** Who gets a resource that a baseline wants: the present holder keeps it, otherwise the smallest name wins. */
export function claim(holder: string | null, claimants: readonly string[]): string | null {
  throw new Error(`not there yet ${holder} ${claimants}`);
}

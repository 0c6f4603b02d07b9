import type { DesiredGraph } from './graph.ts';
import type { KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Change, Observed } from './plan.ts';

export interface PlanInput {
  readonly graph: DesiredGraph;
  /** Nodes and ledger entries whose id is no key of this map are left out of the plan: that is a scoped run. */
  readonly observed: Observed;
  readonly ledger: readonly LedgerEntry[];
  readonly kinds: (name: string) => KindRules;
  readonly specVersion: string;
  /** An empty graph deletes only with this set; without it the deletes are refused: empty input is not "delete everything". */
  readonly teardown?: boolean;
  /**
   * Ids of everything that is in each resource group that a plan may delete, by normalised group id. A group that is
   * no key of this map is not deleted (`ResourceGroupContentsUnknown`).
   */
  readonly groupContents?: ReadonlyMap<string, readonly string[]>;
  /** Normalised ids that belong to another baseline, with that baseline's name. */
  readonly claimedByOthers?: ReadonlyMap<string, string>;
  /** Ids of the adjustments that count, by the scope of the one thing that each adjusts: for the reason of a delete. */
  readonly adjustmentsInForce?: ReadonlyMap<string, string>;
}

/** A change whose place in the order is not settled. */
export type DraftChange = Omit<Change, 'dependsOn'>;

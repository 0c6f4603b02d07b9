import type { Problem } from '../problem.ts';
import type { ResolvedBaseline } from './resolved.ts';

/** A recorded change that a reaction or an operator made to the desired state. */
export interface Adjustment {
  readonly id: string;
  /** One of `knownAdjustmentKinds`. */
  readonly kind: string;
  /** Part of the baseline, such as `egress`. */
  readonly scope: string;
  /** ARM id of what it changes. */
  readonly target: string;
  readonly value: unknown;
  readonly reason: string;
  /** ISO times; it counts from `since` on and no longer at `until`. Without `until` it counts until it is removed. */
  readonly since: string;
  readonly until?: string;
  /** `hubkeeper` for a reaction's own; anything else, or nothing, is a person. */
  readonly by?: string;
}

/** What an adjustment is checked against, beside the spec. */
export interface AdjustmentSurroundings {
  /** Every adjustment that is live, also the one that it replaces. */
  readonly live: readonly Adjustment[];
  /** ARM ids of what the ledger says is ours. */
  readonly ledgerIds: readonly string[];
}

/** How one kind of adjustment is checked and applied. */
export interface AdjustmentKind {
  readonly name: string;
  /** Of several live ones of one target only the newest counts. */
  readonly isOnePerTarget: boolean;
  /** ARM id of what a person names as target, by id or by name; what names nothing of the baseline stays. */
  idOf(target: string, baseline: ResolvedBaseline): string;
  /** The part of the baseline that an adjustment of this target belongs to; undefined when there is no such target. */
  scopeOf(target: string, baseline: ResolvedBaseline): string | undefined;
  /** What is wrong with target and value for this baseline; undefined when nothing is. */
  validate(
    adjustment: Adjustment,
    baseline: ResolvedBaseline,
    surroundings: AdjustmentSurroundings,
  ): Problem | undefined;
  /** The baseline as the adjustment, one of the live ones, wants it, within the bounds of the spec in force. */
  apply(
    adjustment: Adjustment,
    baseline: ResolvedBaseline,
    live: readonly Adjustment[],
    nowIso: string,
  ): ResolvedBaseline;
}

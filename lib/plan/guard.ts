import type { Owner } from './graph.ts';
import type { Risk } from './kind.ts';
import type { Plan, Refusal } from './plan.ts';

/** What a baseline permits, strictest first. */
export const MODES = ['observe', 'create-only', 'no-delete', 'full'] as const;
export type Mode = (typeof MODES)[number];

/** What a reaction, drift or a field's policy permits without a person, strictest first. */
export const REACTION_MODES = ['off', 'observe', 'propose', 'act'] as const;
export type ReactionMode = (typeof REACTION_MODES)[number];

/** A mode for the changes that match everything it names; the strictest of all that match counts. */
export interface ReactionRule {
  readonly mode: ReactionMode;
  /** Who set it, for the reason shown: `drift`, `reactions.egress`, `policy of properties.x`. */
  readonly source: string;
  readonly owner?: Owner;
  readonly scope?: string;
  readonly kind?: string;
  /** Matches changes that touch a property under this path pattern. */
  readonly path?: string;
}

export interface Hold {
  readonly owner: string;
  readonly reason: string;
  readonly untilIso: string;
  /** Absent: everything. */
  readonly scope?: string;
}

export interface Approval {
  readonly planHash: string;
  readonly approver: string;
  readonly expiresIso: string;
  /** `changeHash` of each approved change: what is left of an approved plan after a part of it is done stays approved. */
  readonly changeHashes?: readonly string[];
}

export interface Circumstances {
  readonly nowMs: number;
  readonly mode: Mode;
  readonly reactionRules: readonly ReactionRule[];
  /** True for an operator's own request (PUT, reconcile by hand); reaction rules and budgets do not apply to it. */
  readonly attended: boolean;
  /** The whole plan tears the baseline down. */
  readonly teardown?: boolean;
  readonly requestedBy: string;
  readonly pause: { readonly owner: string; readonly reason: string; readonly untilIso: string | null } | null;
  readonly holds: readonly Hold[];
  /** Null: any time. Intervals around now, from `openIntervals`. They bind unattended changes of that risk and above. */
  readonly changeWindows: {
    readonly from: Risk;
    readonly attendedToo: boolean;
    readonly open: readonly { readonly fromIso: string; readonly untilIso: string }[];
  } | null;
  readonly approvals: {
    /** Changes of this risk and above need an approved hash. */
    readonly requiredFrom: Risk | 'never';
    readonly selfApproval: boolean;
    /** When an unanswered request ends. */
    readonly untilIso: string | null;
    readonly granted: readonly Approval[];
  };
  /** Unattended updates and deletes of existing resources. Null: no limit. */
  readonly budget: {
    readonly perRun: number;
    readonly perDay: number;
    readonly usedInRun: number;
    readonly usedToday: number;
    readonly dayEndsIso: string;
  } | null;
  /** Locked, opted out, or otherwise not to be touched: the resource and everything below it. */
  readonly protectedIds?: readonly {
    readonly id: string;
    readonly why: string;
    /** True: only deletes are refused. */
    readonly deleteOnly: boolean;
  }[];
  /** When present, unattended changes may touch only these resources and what is below them. */
  readonly allowList?: readonly string[];
}

export interface Waiting {
  readonly id: string;
  readonly for: 'approval' | 'hold' | 'changeWindow' | 'pause' | 'budget';
  readonly who: string;
  /** Null: no end is known. */
  readonly untilIso: string | null;
  readonly why: string;
}

/** Every change of the plan is in exactly one of the three. */
export interface Verdict {
  readonly allowed: readonly string[];
  readonly refused: readonly Refusal[];
  readonly waiting: readonly Waiting[];
}

/** Which changes of a plan may be made now. Pure. */
export function guard(plan: Plan, circumstances: Circumstances): Verdict {
  throw new Error(`not there yet ${plan} ${circumstances}`);
}

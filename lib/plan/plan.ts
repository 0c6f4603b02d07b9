import type { JsonObject } from '../json.ts';
import type { Owner } from './graph.ts';
import type { Action, PropertyDifference, Risk } from './kind.ts';

/** One line of a plan. Shape relied on by scripts: `id, kind, action, risk, owner, reason, diff, estimatedMinutes`. */
export interface Change {
  readonly id: string;
  readonly kind: string;
  readonly action: Action;
  readonly risk: Risk;
  readonly owner: Owner;
  /** One plain sentence. */
  readonly reason: string;
  readonly diff: readonly PropertyDifference[];
  readonly estimatedMinutes: number;
  /** Lanes, dependencies (ids of other changes of this plan) and scope of the node. */
  readonly lanes: readonly string[];
  /** Lanes that an update takes besides: of what its body carries along. */
  readonly carriedLanes?: readonly string[];
  readonly dependsOn: readonly string[];
  readonly scope: string;
  /** Owners of the properties that the change touches, where there are several; `owner` is one of them. */
  readonly owners?: readonly Owner[];
  /** We made the resource before and somebody deleted it: unattended, making it again needs an approval. */
  readonly recreates?: boolean;
  /** An update that deletes the resource and makes it anew, since no write mends it. In the end nothing is gone. */
  readonly replaces?: boolean;
  /** Why it is made only where a person asks for it: what is written now may make a resource worse that has failed. */
  readonly forPeople?: string;
  /** Besides what adjustments own, it only brings entries that are declared and that an earlier write of ours left out. */
  readonly givesBack?: boolean;
  /** An update of what lets traffic through or says where it goes. */
  readonly steersTraffic?: boolean;
  /** Paths of entries that the spec had declared and that this update takes away: as much of a delete as any. */
  readonly takesAway?: readonly string[];
  /** Paths of copies of another resource's values: they are out of date since that has changed, and nobody wrote them. */
  readonly copies?: readonly string[];
}

/** A change that is not made, with the reason. */
export interface Refusal {
  readonly id: string;
  readonly why: string;
  /** Stable code, such as `ModeForbidsDelete`, `ImmutableProperty`, `AdoptedResourceMissing`. */
  readonly code: string;
  /** Id of the resource whose refusal it shares. */
  readonly cause?: string;
  /** What differs and cannot be changed in place. */
  readonly diff?: readonly PropertyDifference[];
}

/** An ordered change set. The order is a topological one; the hash covers spec version and changes. */
export interface Plan {
  readonly hash: string;
  readonly changes: readonly Change[];
  readonly criticalPathMinutes: number;
  readonly refused: readonly Refusal[];
  /** Ids of ledger rows that stand for nothing any more: what they were of is gone, or nothing of ours is left in it. */
  readonly forget?: readonly string[];
}

/** Actual resources by normalised id; `null` means: looked for and not there. A missing key means: not looked for. */
export type Observed = ReadonlyMap<string, JsonObject | null>;

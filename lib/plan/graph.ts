import type { JsonObject } from '../json.ts';

/** Who declared a field. What none of these declared is foreign and stays as it is. */
export type Owner = 'spec' | 'adjustment' | 'ingress';

/**
 * An edge of the desired graph: this node is written after the one with that id.
 * `existing` edges hold only when this node's resource exists already: a new spoke may name a firewall that
 * is still being made, an existing one would lose its traffic.
 */
export interface Dependency {
  readonly id: string;
  readonly when: 'always' | 'existing';
}

/** One resource as it should be. */
export interface DesiredNode {
  /** ARM id, computed from the spec; compare with `sameId`. */
  readonly id: string;
  /** Name of its kind, such as `virtualNetwork`. */
  readonly kind: string;
  /**
   * The wire body that declares what we own: location, tags, sku, zones, properties. For a resource that we create it
   * is complete; for an adopted one it holds only what the spec says about it.
   */
  readonly body: JsonObject;
  readonly dependsOn: readonly Dependency[];
  /** Contention domains of a write, sorted, without repeats: no two writes run in one lane at once. */
  readonly lanes: readonly string[];
  /** Further lanes of an update: of what the body of a resource that exists carries along. Sorted, without repeats. */
  readonly carriedLanes?: readonly string[];
  readonly owner: Owner;
  /**
   * `create`: made when absent. `adopt`: must exist; our fields and entries are merged into it, teardown leaves it.
   * `reference`: must exist, is never written.
   */
  readonly presence: 'create' | 'adopt' | 'reference';
  /**
   * Owners of single fields where they differ from `owner`: property path to owner. For a field that the body does not
   * have: who answers for its being taken away.
   */
  readonly fieldOwners?: Readonly<Record<string, Owner>>;
  /** Part of the baseline it belongs to, for holds and scoped runs: `hub`, `spoke:NAME`, `egress`. */
  readonly scope: string;
}

/** Everything that should exist for one baseline. Ids are unique ignoring case; there are no cycles. */
export interface DesiredGraph {
  readonly baseline: string;
  readonly nodes: readonly DesiredNode[];
}

/** ARM ids compare without case. */
export function normaliseId(id: string): string {
  return id.toLowerCase();
}

export function sameId(a: string, b: string): boolean {
  return normaliseId(a) === normaliseId(b);
}

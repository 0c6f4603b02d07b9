import type { JsonObject } from '../json.ts';
import type { DesiredNode } from '../plan/graph.ts';
import type { KindRules } from '../plan/kind.ts';
import type { Problem } from '../problem.ts';
import type { ResolvedBaseline } from './resolved.ts';

/**
 * How the actual resources of a kind are read.
 * `subscription`: one paged list per subscription. `parent`: one paged list per parent resource.
 * `inline`: found in the parent's own body at `path`, no call. `get`: one GET each.
 */
export type ObserveStrategy =
  | { readonly by: 'subscription' }
  | { readonly by: 'parent'; readonly parentKind: string }
  | { readonly by: 'inline'; readonly parentKind: string; readonly path: string }
  | { readonly by: 'get' };

/** A resource to be read, or with `childrenOf` all of that kind below a resource. */
export interface EvidenceRequest {
  readonly kind: string;
  readonly id: string;
  readonly childrenOf?: true;
}

/** What was read, by the normalised id that was asked for; of a resource that is not there nothing. */
export type Evidence = ReadonlyMap<string, readonly JsonObject[]>;

/** A kind of ARM resource: everything Hubkeeper knows about it, in one file under `kinds/`. */
export interface ResourceKind extends KindRules {
  /** ARM type, such as `Microsoft.Network/virtualNetworks`. */
  readonly type: string;
  /** Pinned: the newest version whose definitions Microsoft publishes in full. */
  readonly apiVersion: string;
  readonly observe: ObserveStrategy;
  /** Whether the service honours `If-Match` and `If-None-Match` on PUT. */
  readonly etag: 'honoured' | 'ignored';
  /** Query of a PUT that brings `copy` up to date. */
  readonly refreshQuery?: Readonly<Record<string, string>>;
  /**
   * Whether ARM deletes along whatever other resources are in it, which its body does not show: they are listed when it
   * may be deleted, and once more right before that, for `foreignContentOf`.
   */
  readonly holdsResources?: true;
  /** The resources of this kind that a baseline wants. */
  compile(baseline: ResolvedBaseline): readonly DesiredNode[];
  /**
   * The declared body with its parts where Azure has them now: what may be at one of several places, such as the subnet
   * of a firewall, is declared where it is. Compared and written is what comes out.
   */
  align?(desired: JsonObject, actual: JsonObject): JsonObject;
  /** What has to be read right before a write of this body, for `harmOf`; nothing where `actual` is null. */
  evidenceFor?(body: JsonObject, actual: JsonObject): readonly EvidenceRequest[];
  /**
   * Why this body must never be sent, whoever asks: Azure would take it and do harm. `actual`: the resource as it is;
   * null: it is to be made.
   */
  harmOf?(body: JsonObject, actual: JsonObject | null, evidence: Evidence): Problem | undefined;
  /** What only shows after a write: a value that Azure chose and others were computed to expect. */
  verify?(desired: JsonObject, actual: JsonObject): Problem | undefined;
}

import type { ArmError } from './arm-error.ts';
import type { Json, JsonObject } from './json.ts';
import type { MetricSeries } from './monitoring/metric-series.ts';

/** An ARM id taken apart. Ids compare without case: compare `key`s, show `id`s. */
export interface ResourceId {
  /** As first given, without doubled slashes. */
  readonly id: string;
  /** `id` in lower case: equal for equal resources. */
  readonly key: string;
  readonly subscription: string;
  readonly resourceGroup?: string;
  /** As registered, for example `Microsoft.Network/virtualNetworks/subnets`. */
  readonly type: string;
  readonly name: string;
  /** Id of the resource that this one is a child of. */
  readonly parentId?: string;
  /** Extension resources (locks, diagnostic settings …): id of what they are attached to. */
  readonly scopeId?: string;
}

/** Any word of the service; terminal are exactly Succeeded, Failed and Canceled. */
export type ProvisioningState = string;

/** A resource at rest in the simulation. */
export interface StoredResource {
  readonly id: ResourceId;
  /** Normalised (`westeurope`); only tracked resources have one. */
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** What `store` kept: the wire body without id, name, type, location, tags, etag; secrets included. */
  readonly body: JsonObject;
  /** `W/"guid"` */
  readonly etag: string;
  readonly provisioningState: ProvisioningState;
  /** The last operation that changed it, as `PutSubnetOperation`. */
  readonly lastOperation?: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** An operation that has not ended. */
export interface RunningOperation {
  /** The guid in its URL. */
  readonly id: string;
  /** As `PutVirtualNetworkOperation`. */
  readonly name: string;
  readonly resourceId: string;
  readonly kind: OperationKind;
  readonly locks: readonly ResourceLock[];
  readonly startMs: number;
  readonly endMs: number;
}

/** `create`, `update`, `delete`, or the name of an action. */
export type OperationKind = string;

/**
 * Two locks collide when one's id is the other's or lies below it (extension resources aside) and not both are shared:
 * an exclusive lock on a virtual network collides with a shared one on a subnet of it.
 */
export interface ResourceLock {
  readonly id: string;
  /**
   * Exclusive: no other operation may hold the id in any mode. Shared: several readers of a referenced resource may run
   * side by side, but nobody may write it meanwhile.
   */
  readonly mode: 'exclusive' | 'shared';
}

/** A pointer from one resource to another, found in a body. */
export interface Reference {
  /** The id pointed to; the resource itself or a part of it (`…/loadBalancers/l/backendAddressPools/p`). */
  readonly to: string;
  /** Id of the part that points (`…/azureFirewalls/f/azureFirewallIpConfigurations/c`): named in "in use" messages. */
  readonly by: string;
  /** What the caller needs on the target besides the write itself, as `Microsoft.Network/virtualNetworks/subnets/join/action`. */
  readonly linkedAction?: string;
  /** The target may be absent (a remote network in a tenant that is not simulated …). Default: 400 InvalidResourceReference. */
  readonly optional?: boolean;
  /**
   * What a write meets while the target is not Succeeded. `retryable`: 429 RetryableError with the detail
   * ReferencedResourceNotProvisioned (default); `not-provisioned`: 400 ReferencedResourceNotProvisioned (peerings);
   * `ignore`: goes through.
   */
  readonly whenNotSucceeded?: 'retryable' | 'not-provisioned' | 'ignore';
}

export interface IncomingReference {
  readonly resource: StoredResource;
  readonly reference: Reference;
}

/** What hooks may see. Reading never changes anything. */
export interface World {
  /** Simulated time. */
  readonly nowMs: number;
  get(id: string): StoredResource | undefined;
  /** All resources of a type, in order of creation; `withinId`: only those below a subscription, group or resource. */
  list(type: string, withinId?: string): readonly StoredResource[];
  /** Direct children (not extension resources), in order of creation; `type` as registered narrows them. */
  children(parentId: string, type?: string): readonly StoredResource[];
  /** Who points at exactly this id. */
  referencedBy(id: string): readonly IncomingReference[];
  /** Who points at this id or at anything below it. */
  referencedWithin(id: string): readonly IncomingReference[];
  /** The operation that runs on exactly this resource, or else one that holds it locked. */
  operationOn(id: string): RunningOperation | undefined;
  /** What `PUT /_sim/traffic` said, merged. */
  readonly traffic: JsonObject;
  /** What a metric of a resource has shown; none where it has no values. */
  metricSeries(id: string, metric: string): readonly MetricSeries[];
}

/** A PUT, or a PATCH whose merge the type does itself. */
export interface Write {
  readonly method: 'PUT' | 'PATCH';
  readonly id: ResourceId;
  readonly apiVersion: string;
  /** Query parameters besides api-version (`syncRemoteAddressSpace` …), names in lower case. */
  readonly query: Readonly<Record<string, string>>;
  /** As sent, parsed. For extension resources and children too. */
  readonly body: JsonObject;
  /** Normalised; the existing one where the write does not say. */
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Absent for a create. */
  readonly existing?: StoredResource;
  /** Object id or `x-sim-principal` name of who writes. */
  readonly principal: string;
}

/** A resource that a hook makes or replaces on the side. The engine keeps the case first given and gives a new etag. */
export interface NewResource {
  readonly id: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** Default while an operation runs: that operation's state, then Succeeded. */
  readonly provisioningState?: ProvisioningState;
}

/** A change that follows from another. */
export type Effect =
  | { readonly kind: 'put'; readonly resource: NewResource }
  /** With all its children. */
  | { readonly kind: 'delete'; readonly id: string };

/** What a write leaves behind. */
export interface Stored {
  /** Replaces the whole former body: an omitted property is reset to its default. */
  readonly body: JsonObject;
  /** Children that the body carried inline (subnets, rules, routes) and those it dropped. */
  readonly also?: readonly Effect[];
}

/** How the first answer to a long operation looks. */
export type AsyncStyle =
  /** 201 (new), 200 (existing or DELETE), done at once. */
  | 'synchronous'
  /** 201 or 200 with the body and `Azure-AsyncOperation` (Microsoft.Network PUT). */
  | 'body-and-async-operation'
  /** 202, no body, `Azure-AsyncOperation` and `Location` (Microsoft.Network DELETE, private DNS zones). */
  | 'accepted-with-both'
  /** 202, no body, `Location` only (POST actions, resource group DELETE). */
  | 'accepted-with-location'
  /** 201 or 200 with the body; only `properties.provisioningState` tells that it runs. */
  | 'body-only';

export type Method = 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'DELETE' | 'POST';

/** `POST …/{resource}/{name}`, or a GET of the same form. */
export interface ActionType {
  /** Default POST. */
  readonly method?: 'POST' | 'GET';
  /** Action that the caller needs; default `{type}/{name}/action`. */
  readonly permission?: string;
  /** Default `synchronous`. */
  readonly asyncStyle?: AsyncStyle;
  /** Default 0. */
  durationSeconds?(resource: StoredResource, random: () => number): number;
  /** Default: none is locked and nothing is asked of running operations. */
  locks?(resource: StoredResource, world: World): readonly ResourceLock[];
  validate?(resource: StoredResource, request: ActionRequest, world: World): ArmError | null;
  /** Runs when the operation ends; `null` answers without a body. */
  run(resource: StoredResource, request: ActionRequest, world: World): ActionResult;
}

export interface ActionRequest {
  readonly body: Json;
  readonly query: Readonly<Record<string, string>>;
  readonly apiVersion: string;
}

export interface ActionResult {
  readonly answer: Json;
  readonly effects?: readonly Effect[];
}

/** A limit per region of a subscription. */
export interface Quota {
  /** As in usages: `PublicIPAddresses`. */
  readonly name: string;
  readonly localizedName: string;
  /** What a subscription has unless the controls say otherwise. */
  readonly limit: number;
  /** How much a stored resource uses; default 1. */
  amount?(resource: StoredResource): number;
  /** How the refusal reads. */
  error(limit: number): ArmError;
}

/**
 * The rules of one resource type. Hooks are pure: they read the world they are given and answer with data. The engine
 * does what all types have in common, in this order: token, subscription, api-version and type, authorization, resource
 * group, lock, policy, then body, location, parent, ETag, `validate`, references, running operations, quota.
 */
export interface ResourceType {
  /** As Microsoft writes it: `Microsoft.Network/virtualNetworks/subnets`. More than one `/` makes it a child. */
  readonly type: string;
  /** Newest last. */
  readonly apiVersions: readonly string[];
  /** Where it lives. A child has the scope of its parent. Extensions sit below any resource, group or subscription. */
  readonly scope: 'resourceGroup' | 'subscription' | 'extension';
  /** Tracked: has `location` (required with each PUT) and `tags`. */
  readonly tracked: boolean;
  /** Default: the regions that the simulation knows; `['global']` for private DNS zones and such. */
  readonly locations?: readonly string[];
  /** Default `['GET', 'PUT', 'DELETE']`, and PATCH of tags for tracked types. HEAD goes with GET. */
  readonly methods?: readonly Method[];
  /** A name that does not match is refused with 400 InvalidResourceName. Default: Microsoft.Network's rule. */
  readonly namePattern?: RegExp;
  /**
   * `family`: the top resource and its children share one version, shown in body and header (virtual network, NSG, route
   * table with inline children); `own`: a version of its own, in body and header; `header`: in the header only;
   * `none`: no etag. Default `own`.
   */
  readonly etag?: 'family' | 'own' | 'header' | 'none';
  /** Shows `properties.provisioningState`. Default true. */
  readonly provisioningState?: boolean;
  /** What the state is called while an operation of this kind runs. Default `Updating`, for a delete `Deleting`. */
  runningState?(kind: OperationKind): ProvisioningState;
  /** As in messages: `PutSubnetOperation`. Default: method and last segment of the type in the singular. */
  operationName?(kind: OperationKind): string;

  /** What only the provider can judge about a PUT; sees the merged truth through the world. */
  validate?(write: Write, world: World): ArmError | null;
  /** What is kept. Default: the body less id, name, type, location, tags, etag and provisioningState. */
  store?(write: Write, world: World): Stored;
  /**
   * Body of a GET, without id, name, type, location, tags, etag and the resource's own provisioningState, which the
   * engine adds: defaults, children, their etags and states, back references. Secrets left out. Default: the stored body.
   */
  present?(resource: StoredResource, world: World): JsonObject;
  /** Every id that the stored body points at outside itself. */
  references?(id: ResourceId, body: JsonObject): readonly Reference[];
  /** What the operation holds. Default: the resource and its ancestors exclusive, what it references shared. */
  locks?(write: Write | StoredResource, world: World): readonly ResourceLock[];
  /**
   * A second write of the same resource while one runs: `refuse` with 409 AnotherOperationInProgress (default) or
   * `supersede`: the older operation ends Canceled and the newer goes on (application gateways).
   */
  readonly conflict?: 'refuse' | 'supersede';
  /** The refusal in the provider's own words, where it is not 409 AnotherOperationInProgress of Microsoft.Network. */
  conflictError?(running: RunningOperation, operationUrl: string): ArmError;
  asyncStyle?(kind: OperationKind, write: Write | undefined): AsyncStyle;
  /** Status of the first answer to a PUT that creates, where a body comes with it. Default 201. */
  readonly createdStatus?: 200 | 201;
  /**
   * Simulated seconds that the operation takes, in the world as it was before the write; `random` is even in [0, 1) and
   * seeded, 0.5 always unless latency is spread. `resource` is what is there already. Default 0.
   */
  durationSeconds?(
    kind: OperationKind,
    write: Write | undefined,
    random: () => number,
    resource: StoredResource | undefined,
    world: World,
  ): number;
  /**
   * What is wrong with a PUT that only shows while its operation runs: it is accepted, ends Failed with this, and the
   * resource stays as it was. For types whose operations are long.
   */
  failure?(write: Write, world: World): ArmError | null;
  /** When a PUT has succeeded: allocated addresses, peering states, effects on others. */
  whenSettled?(resource: StoredResource, world: World): readonly Effect[];
  /** When an accepted operation has failed: what fails with it (the firewalls of a policy). `code` is the operation's error. */
  whenFailed?(resource: StoredResource, code: string, world: World): readonly Effect[];
  /** After it has gone (the world no longer has it). */
  whenDeleted?(resource: StoredResource, world: World): readonly Effect[];
  /** In use, holding children, last of its kind … */
  canDelete?(resource: StoredResource, world: World): ArmError | null;
  readonly actions?: Readonly<Record<string, ActionType>>;
  /** Default `tags`: PATCH takes tags alone and is done at once. `merge`: JSON merge patch, then as PUT. */
  readonly patch?: 'tags' | 'merge';
  readonly quota?: Quota;
  /**
   * What a list on a scope holds: what is attached `here` (default), or also what is attached `around` it, above and
   * below (management locks, policy and role assignments); `$filter=atScope()` leaves out what is below.
   */
  readonly lists?: 'here' | 'around';
  /**
   * Answers GET on the collection itself instead of the list of stored resources (metrics, permissions …); undefined: the
   * list after all. `scopeId` is the id before `/providers/`, names in `query` are in lower case, `principal` is the
   * caller's object id.
   */
  collection?(
    scopeId: string,
    query: Readonly<Record<string, string>>,
    world: World,
    principal: string,
  ): Json | ArmErrorAnswer | undefined;
}

export interface ArmErrorAnswer {
  readonly armError: ArmError;
}

/** The locks that Microsoft.Network takes unless a type knows better: itself and its ancestors, what it references shared. */
export function defaultLocks(id: ResourceId, references: readonly Reference[]): readonly ResourceLock[] {
  const locks: ResourceLock[] = [{ id: id.id, mode: 'exclusive' }];
  if (id.parentId !== undefined) locks.push({ id: id.parentId, mode: 'exclusive' });
  for (const reference of references) locks.push({ id: reference.to, mode: 'shared' });
  return locks;
}

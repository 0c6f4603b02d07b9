import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import type { Dependency, DesiredNode, Owner } from '../../plan/graph.ts';
import type { ResolvedBaseline, ResolvedResource } from '../resolved.ts';
import { laneList } from './lanes.ts';

export interface NodeParts {
  readonly body: JsonObject;
  readonly dependsOn?: readonly Dependency[];
  readonly lanes?: readonly string[];
  readonly carriedLanes?: readonly string[];
  readonly owner?: Owner;
  readonly fieldOwners?: Readonly<Record<string, Owner>>;
}

/**
 * The node of a resource. One that is only referred to has no body and waits for nothing. One that is made waits for
 * its resource group besides what `parts` say.
 */
export function nodeOf(kind: string, resource: ResolvedResource, parts: NodeParts): DesiredNode {
  const { id, presence, scope } = resource;
  const shared = { id, kind, presence, scope, owner: parts.owner ?? 'spec' } as const;
  if (presence === 'reference') return { ...shared, body: {}, dependsOn: [], lanes: [] };
  const dependsOn = parts.dependsOn ?? [];
  return {
    ...shared,
    body: withoutUndefined(parts.body),
    dependsOn,
    lanes: laneList(parts.lanes ?? []),
    ...(parts.carriedLanes === undefined || parts.carriedLanes.length === 0
      ? {}
      : { carriedLanes: laneList(parts.carriedLanes) }),
    ...(parts.fieldOwners === undefined || Object.keys(parts.fieldOwners).length === 0
      ? {}
      : { fieldOwners: parts.fieldOwners }),
  };
}

/** Location and tags of a resource that is made; tags of an adopted one are its owner's. */
export function envelope(resource: ResolvedResource, baseline: ResolvedBaseline): JsonObject {
  if (resource.presence !== 'create') return { location: resource.location };
  const { location } = resource;
  return Object.keys(baseline.tags).length === 0 ? { location } : { location, tags: baseline.tags };
}

/** `{ id }`, as Azure writes a reference; undefined stays so. */
export function reference(id: string | undefined): JsonObject | undefined {
  return id === undefined ? undefined : { id };
}

/** `zones` where there are any: Azure refuses an empty list in some places and means the same by none. */
export function zonesOf(zones: readonly string[]): JsonObject {
  return zones.length === 0 ? {} : { zones };
}

function withoutUndefined(body: JsonObject): JsonObject {
  const clean = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(clean);
    if (!isJsonObject(value)) return value;
    return withoutUndefined(value);
  };
  const entries = Object.entries(body).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, clean(value)] as const],
  );
  return Object.fromEntries(entries);
}

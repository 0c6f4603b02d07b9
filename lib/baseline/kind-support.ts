import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type Dependency, type DesiredNode, normaliseId, type Owner } from '../plan/graph.ts';
import type { Action, ComparisonRules, PropertyDifference, Risk } from '../plan/kind.ts';
import { entryPath, isAtOrBelow, parsePath } from '../plan/property-path.ts';
import { own } from '../plan/values.ts';
import { resourceGroupId } from './arm-id.ts';
import type { ResolvedBaseline, ResolvedResource } from './resolved.ts';

/** Newest version of Microsoft.Network whose definitions Microsoft publishes in full. */
export const NETWORK_API_VERSION = '2025-09-01';

/** Read-only everywhere in Microsoft.Network. */
export const NETWORK_READ_ONLY = ['etag', 'properties.provisioningState', 'properties.resourceGuid'] as const;

/** Why a resource cannot move. */
export const FIXED_LOCATION = 'Azure does not move a resource to another region; make a new one and remove this one.';

/** Rules of a kind that has nothing of that sort. */
export const PLAIN_RULES: ComparisonRules = {
  readOnly: NETWORK_READ_ONLY,
  entries: [],
  sets: [],
  ignoreCase: [],
  defaults: {},
  immutable: { location: FIXED_LOCATION },
  secret: [],
};

/** Every value at the places of a pattern; arrays of scalars are opened by a final `[]`. */
export function valuesAt(body: Json, pattern: string): readonly Json[] {
  let found: readonly Json[] = [body];
  for (const segment of parsePath(pattern)) {
    found = found.flatMap((value): readonly Json[] => {
      if (segment.type === 'anyEntry') return Array.isArray(value) ? value : [];
      if (!isJsonObject(value)) return [];
      if (segment.type === 'anyProperty') return Object.values(value).filter((member) => member !== undefined);
      const member = segment.type === 'property' ? own(value, segment.name) : undefined;
      return member === undefined ? [] : [member];
    });
  }
  return found;
}

/** The ids at the places of these patterns, each once. */
export function referencesAt(body: JsonObject, patterns: readonly string[]): readonly string[] {
  const ids = patterns.flatMap((pattern) => valuesAt(body, pattern)).filter((value) => typeof value === 'string');
  const byKey = new Map(ids.map((id) => [normaliseId(id), id]));
  return [...byKey.values()];
}

/** Members of a named array that are not ours, as `subnet snet-theirs`. */
export function foreignEntries(
  actual: JsonObject,
  path: string,
  what: string,
  isOurs: (entryPathOrId: string) => boolean,
  key = 'name',
): readonly string[] {
  return valuesAt(actual, `${path}[]`)
    .map((member) => (isJsonObject(member) ? own(member, key) : undefined))
    .filter((name) => typeof name === 'string')
    .filter((name) => !isOurs(entryPath(path, name)))
    .map((name) => `${what} ${name}`);
}

/** Users of a resource, known from its back references, that are not ours. `levels`: how many children up the user lies. */
export function foreignUsers(
  actual: JsonObject,
  patterns: readonly string[],
  isOurs: (entryPathOrId: string) => boolean,
  levels = 0,
): readonly string[] {
  return referencesAt(actual, patterns)
    .map((id) =>
      levels === 0
        ? id
        : id
            .split('/')
            .slice(0, -2 * levels)
            .join('/'),
    )
    .filter((id, index, all) => all.indexOf(id) === index)
    .filter((id) => !isOurs(id))
    .map((id) => `used by ${id}`);
}

/** One line of a table that says how risky a change below a property is. The first line that fits counts. */
export interface RiskLine {
  readonly path: string;
  readonly risk: Risk;
  /** `added`: it was not there; `removed`: it will not be there. */
  readonly when?: 'added' | 'changed' | 'removed';
}

const WEIGHT: Readonly<Record<Risk, number>> = { safe: 0, disruptive: 1, destructive: 2 };

function kindOfDifference({ before, after }: PropertyDifference): 'added' | 'changed' | 'removed' {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  // A set differs as a whole; nothing is taken away where all of its members stay.
  const grows = Array.isArray(before) && Array.isArray(after) && before.every((member) => after.includes(member));
  return grows ? 'added' : 'changed';
}

/** Creating is safe, deleting as told; an update is as risky as its riskiest difference. Tags never matter. */
export function riskFrom(deletion: Risk, lines: readonly RiskLine[], otherwise: Risk) {
  const table: readonly RiskLine[] = [{ path: 'tags', risk: 'safe' }, ...lines];
  const ofDifference = (difference: PropertyDifference): Risk => {
    const kind = kindOfDifference(difference);
    const line = table.find(({ path, when }) => (when ?? kind) === kind && isAtOrBelow(difference.path, path));
    return line?.risk ?? otherwise;
  };
  return (action: Action, differences: readonly PropertyDifference[]): Risk => {
    switch (action) {
      case 'create':
        return 'safe';
      case 'delete':
        return deletion;
      case 'update':
        return differences
          .map(ofDifference)
          .reduce((worst, risk) => (WEIGHT[risk] > WEIGHT[worst] ? risk : worst), 'safe');
    }
  };
}

/** Contention domains, lower-cased, each once, sorted: the order in which they are taken. */
export function laneList(lanes: readonly (string | undefined)[]): readonly string[] {
  const present = lanes.filter((lane) => lane !== undefined).map((lane) => lane.toLowerCase());
  return [...new Set(present)].sort();
}

export const laneOf = {
  virtualNetwork: (id: string) => `virtualNetwork:${id}`,
  firewallPolicy: (id: string) => `firewallPolicy:${id}`,
  publicIpAddress: (id: string) => `publicIPAddress:${id}`,
  publicIpPrefix: (id: string) => `publicIPPrefix:${id}`,
  privateDnsZone: (id: string) => `privateDnsZone:${id}`,
  ddosProtectionPlan: (id: string) => `ddosProtectionPlan:${id}`,
} as const;

/** Firewall, policy, base policy, rule collection groups and IP groups contend with one another. */
export function firewallFamilyLanes(baseline: ResolvedBaseline): readonly string[] {
  const policy = baseline.firewallPolicy;
  if (policy === undefined) return [];
  const base = policy.basePolicyId;
  return laneList([laneOf.firewallPolicy(policy.id), base === undefined ? undefined : laneOf.firewallPolicy(base)]);
}

/** Ids to `always` or `existing` edges; `always` wins where an id has both. */
export function dependencies(
  always: readonly (string | undefined)[],
  existing: readonly (string | undefined)[] = [],
): readonly Dependency[] {
  const edges = new Map<string, Dependency>();
  for (const id of always) if (id !== undefined) edges.set(normaliseId(id), { id, when: 'always' });
  for (const id of existing) {
    if (id !== undefined && !edges.has(normaliseId(id))) edges.set(normaliseId(id), { id, when: 'existing' });
  }
  return [...edges.values()];
}

/**
 * What traffic towards the firewall waits for, where the resource carries traffic already: the firewall with its policy
 * and all of its rules.
 */
export function firewallReady(baseline: ResolvedBaseline): readonly (string | undefined)[] {
  return [baseline.firewall?.id, baseline.firewallPolicy?.id, ...baseline.ruleCollectionGroups.map(({ id }) => id)];
}

export interface NodeParts {
  readonly body: JsonObject;
  readonly dependsOn?: readonly Dependency[];
  readonly lanes?: readonly string[];
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
    ...(parts.fieldOwners === undefined || Object.keys(parts.fieldOwners).length === 0
      ? {}
      : { fieldOwners: parts.fieldOwners }),
  };
}

/** The group of a resource that is made in it. */
export function groupOf(resource: ResolvedResource): string | undefined {
  return resource.presence === 'create' ? resourceGroupId(resource.subscriptionId, resource.resourceGroup) : undefined;
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

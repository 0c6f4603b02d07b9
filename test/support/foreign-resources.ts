import { kindOf } from '../../lib/baseline/kinds/index.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../../lib/plan/graph.ts';

/** What somebody else made before a spec adopted it or referred to it. */
export interface ForeignResource {
  readonly id: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** As it is sent with a PUT. */
  readonly body: JsonObject;
}

/**
 * Everything that a graph adopts or refers to, in an order in which it can be made. A network has a tag, some address
 * space and a subnet of its maker's, of which nothing may get lost.
 */
export function foreignResources({ nodes }: DesiredGraph): readonly ForeignResource[] {
  const foreign = nodes.filter(({ presence }) => presence !== 'create');
  const made = foreign.map((node, position): ForeignResource => {
    const location = node.body.location ?? locationOfUser(node, nodes);
    return {
      id: node.id,
      kind: node.kind,
      apiVersion: kindOf(node.kind).apiVersion,
      body: bodyOf(node, location, position, nodes),
    };
  });
  const places = new Map(made.map(({ id, body }) => [groupOf(id), body.location]));
  const known = new Set(nodes.map(({ id }) => normaliseId(id)));
  const groups = [...places]
    .filter(([id]) => !known.has(normaliseId(id)))
    .map(([id, location]): ForeignResource => {
      const { apiVersion } = kindOf('resourceGroup');
      return {
        id,
        kind: 'resourceGroup',
        apiVersion,
        body: { location: location === 'global' ? 'westeurope' : location },
      };
    });
  const isGroup = ({ kind }: ForeignResource) => kind === 'resourceGroup';
  return [...groups, ...made.filter(isGroup), ...made.filter((one) => !isGroup(one))];
}

function groupOf(id: string): string {
  return id.split('/').slice(0, 5).join('/');
}

/** It lies where whatever points at it does. */
function locationOfUser(node: DesiredNode, nodes: readonly DesiredNode[]): Json {
  const users = nodes.filter(({ dependsOn }) => dependsOn.some(({ id }) => normaliseId(id) === normaliseId(node.id)));
  const inside = nodes.filter(({ id }) => normaliseId(id).startsWith(`${normaliseId(node.id)}/`));
  const [location] = [...users, ...inside].flatMap(({ body }) =>
    typeof body.location === 'string' && body.location !== 'global' ? [body.location] : [],
  );
  return location ?? 'westeurope';
}

function bodyOf(node: DesiredNode, location: Json, position: number, nodes: readonly DesiredNode[]): JsonObject {
  switch (node.kind) {
    case 'resourceGroup':
      return { location };
    case 'virtualNetwork': {
      const theirs = `10.${100 + position}.0.0/24`;
      return {
        location,
        tags: { theirs: 'stays' },
        properties: {
          addressSpace: { addressPrefixes: [...prefixesOf(node.body), theirs] },
          subnets: [{ name: 'snet-theirs', properties: { addressPrefix: theirs } }],
        },
      };
    }
    case 'publicIPAddress':
      return {
        location,
        sku: { name: 'Standard' },
        ...zonesOfFirewall(nodes),
        properties: { publicIPAllocationMethod: 'Static' },
      };
    case 'privateDnsZone':
      return { location: 'global' };
    case 'ipGroup':
      return { location, properties: { ipAddresses: ['192.0.2.0/24'] } };
    case 'firewallPolicy':
      return { location, properties: { sku: { tier: tierOfChildren(node, nodes) } } };
    case 'routeTable':
      return {
        location,
        properties: { routes: [{ name: 'theirs', properties: { addressPrefix: '11.9.0.0/16', nextHopType: 'None' } }] },
      };
    case 'ddosProtectionPlan':
      return { location };
    default:
      throw new Error(`Nobody says how somebody else would have made ${node.id}.`);
  }
}

function prefixesOf(body: JsonObject): readonly Json[] {
  const space = isJsonObject(body.properties) ? body.properties.addressSpace : undefined;
  return isJsonObject(space) && Array.isArray(space.addressPrefixes) ? space.addressPrefixes : [];
}

/** A firewall takes addresses with its own zones only. */
function zonesOfFirewall(nodes: readonly DesiredNode[]): JsonObject {
  const zones = nodes.find(({ kind }) => kind === 'azureFirewall')?.body.zones;
  return zones === undefined ? {} : { zones };
}

/** A base policy has the tier of the policies that are based on it, or a lower one. */
function tierOfChildren({ id }: DesiredNode, nodes: readonly DesiredNode[]): Json {
  const child = nodes.find(
    (node) => node.kind === 'firewallPolicy' && node.dependsOn.some((edge) => normaliseId(edge.id) === normaliseId(id)),
  );
  const sku = isJsonObject(child?.body.properties) ? child.body.properties.sku : undefined;
  return isJsonObject(sku) && sku.tier !== undefined ? sku.tier : 'Standard';
}

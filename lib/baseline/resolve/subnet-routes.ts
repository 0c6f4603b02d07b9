import type { ResolvedEgressHop, ResolvedRoute } from '../resolved.ts';
import type { BaselineSpec, RouteSpec, SpokeSpec, SubnetPurpose, SubnetSpec } from '../spec.ts';

/** Egress of these passes the firewall unless the spec says otherwise; gateways and private endpoints do not take it. */
const ROUTED_BY_DEFAULT: ReadonlySet<SubnetPurpose> = new Set([
  'nodes',
  'pods',
  'internalLoadBalancer',
  'apiServer',
  'management',
  'virtualNodes',
  'general',
]);

/** Of these, the cluster's outbound type decides. */
const CLUSTER_PURPOSES: ReadonlySet<SubnetPurpose> = new Set(['nodes', 'pods', 'internalLoadBalancer', 'apiServer']);

/** Whether the default route of a spoke's subnet leads to the firewall or appliance. */
export function routesToFirewall(spec: BaselineSpec, spoke: SpokeSpec | undefined, subnet: SubnetSpec): boolean {
  if (spec.hub.firewall === undefined && spec.hub.virtualAppliance === undefined) return false;
  if (subnet.routeToFirewall !== undefined) return subnet.routeToFirewall;
  if (spoke === undefined || subnet.routeTableId !== undefined || !ROUTED_BY_DEFAULT.has(subnet.purpose)) return false;
  const outbound = spoke.cluster?.outboundType;
  return !CLUSTER_PURPOSES.has(subnet.purpose) || outbound === undefined || outbound === 'userDefinedRouting';
}

/** A route of the spec; an appliance that it does not name is the firewall. */
export function resolvedRoute(route: RouteSpec, hop: ResolvedEgressHop | undefined): ResolvedRoute {
  const { name, addressPrefix, nextHopType } = route;
  if (nextHopType !== 'VirtualAppliance') return { name, addressPrefix, nextHopType };
  return { name, addressPrefix, nextHopType, nextHopIpAddress: route.nextHopIpAddress ?? hop?.privateIpAddress };
}

/** A route to the firewall or appliance. */
export function toFirewall(name: string, addressPrefix: string, hop: ResolvedEgressHop): ResolvedRoute {
  return { name, addressPrefix, nextHopType: 'VirtualAppliance', nextHopIpAddress: hop.privateIpAddress };
}

import type { BaselineSpec } from './spec.ts';

/** Conventional name of the IP group that holds the nodes and pods of a spoke's cluster. Rules may name it. */
export function clusterIpGroupName(spoke: string): string {
  return `ipg-spoke-${spoke}-aks`;
}

/** Spokes whose cluster reaches the internet through the firewall: each has an IP group and egress rules of its own. */
export function spokesBehindFirewall(spec: BaselineSpec): readonly BaselineSpec['spokes'][number][] {
  if (spec.hub.firewall === undefined) return [];
  return spec.spokes.filter(({ cluster }) => cluster?.outboundType === 'userDefinedRouting');
}

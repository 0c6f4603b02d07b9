import type { ResolvedBaseline } from '../resolved.ts';

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

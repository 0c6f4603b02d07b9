import { describe, expect, it } from '@jest/globals';
import { type Body, boundOf, type MeasuredOperation } from '../../bench/support/bound.ts';

const GROUP = '/subscriptions/s/resourceGroups/rg';
const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/hub`;
const SPOKE = `${GROUP}/providers/Microsoft.Network/virtualNetworks/spoke`;
const NSG = `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
const BASTION = `${GROUP}/providers/Microsoft.Network/bastionHosts/bastion`;
const FIREWALL = `${GROUP}/providers/Microsoft.Network/azureFirewalls/fw`;
const POLICY = `${GROUP}/providers/Microsoft.Network/firewallPolicies/policy`;
const RULES = `${POLICY}/ruleCollectionGroups/rules`;
const IP_GROUP = `${GROUP}/providers/Microsoft.Network/ipGroups/nodes`;
const ZONE = `${GROUP}/providers/Microsoft.Network/privateDnsZones/zone`;

const inSubnet = (network: string) => [{ properties: { subnet: { id: `${network}/subnets/one` } } }];

const bodies: readonly Body[] = [
  { id: GROUP },
  { id: NSG },
  { id: NETWORK, properties: { subnets: [{ properties: { networkSecurityGroup: { id: NSG.toUpperCase() } } }] } },
  { id: SPOKE, properties: {} },
  { id: BASTION, properties: { ipConfigurations: inSubnet(NETWORK) } },
  { id: FIREWALL, properties: { ipConfigurations: inSubnet(NETWORK), firewallPolicy: { id: POLICY } } },
  { id: POLICY, properties: {} },
  { id: IP_GROUP },
  { id: RULES, properties: { ruleCollections: [{ rules: [{ sourceIpGroups: [IP_GROUP] }] }] } },
  { id: ZONE },
  { id: `${NETWORK}/virtualNetworkPeerings/to-spoke`, properties: { remoteVirtualNetwork: { id: SPOKE } } },
  { id: `${ZONE}/virtualNetworkLinks/hub`, properties: { virtualNetwork: { id: NETWORK } } },
];

function ran(resource: string, startSeconds: number, endSeconds: number): MeasuredOperation {
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
  return { id: `${resource}@${startSeconds}`, resource, start: at(startSeconds), end: at(endSeconds) };
}

describe('boundOf', () => {
  it('notices an end at the next poll', () => {
    const { makespanSeconds, boundSeconds, ratio } = boundOf([ran(NSG, 100, 108)], bodies);

    expect({ makespanSeconds, boundSeconds, ratio }).toEqual({ makespanSeconds: 10, boundSeconds: 10, ratio: 1 });
  });

  it('follows references whatever their case, and firewalls back to the IP groups of their rules', () => {
    const chain = boundOf([ran(NSG, 0, 10), ran(NETWORK, 50, 70)], bodies);
    const rules = boundOf(
      [ran(IP_GROUP, 0, 10), ran(POLICY, 0, 10), ran(RULES, 10, 20), ran(FIREWALL, 20, 520)],
      bodies,
    );

    expect(chain).toMatchObject({ longestChainSeconds: 30, boundSeconds: 30, makespanSeconds: 70 });
    expect(rules).toMatchObject({ longestChainSeconds: 520, ratio: 1 });
  });

  it.each([
    ['what lives in one network', [ran(BASTION, 0, 450), ran(FIREWALL, 450, 950)], 950],
    [
      'a peering and what is in its other network',
      [ran(`${NETWORK}/virtualNetworkPeerings/to-spoke`, 0, 40), ran(SPOKE, 40, 60)],
      60,
    ],
    ['a firewall and its policy', [ran(POLICY, 0, 10), ran(FIREWALL, 10, 510)], 510],
    ['a zone and its link', [ran(ZONE, 0, 30), ran(`${ZONE}/virtualNetworkLinks/hub`, 30, 110)], 110],
  ])('adds up in one lane: %s', (_, operations, heaviestLaneSeconds) => {
    expect(boundOf(operations, bodies)).toMatchObject({ heaviestLaneSeconds });
  });

  it('counts the shortest way to a lane and from it', () => {
    const { heaviestLaneSeconds, by } = boundOf(
      [ran(NSG, 0, 10), ran(NETWORK, 10, 30), ran(BASTION, 30, 130), ran(FIREWALL, 130, 330)],
      bodies,
    );

    expect(heaviestLaneSeconds).toBe(330);
    expect(by).toContain('virtualnetworks/hub');
  });

  it('lets independent work run side by side', () => {
    const { boundSeconds, ratio } = boundOf([ran(NSG, 0, 10), ran(ZONE, 10, 40)], bodies);

    expect(boundSeconds).toBe(30);
    expect(ratio).toBeCloseTo(40 / 30);
  });

  it('refuses a run that is not over', () => {
    expect(() => boundOf([{ ...ran(NSG, 0, 10), end: null }], bodies)).toThrow('has not ended');
  });
});

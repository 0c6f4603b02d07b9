import { z } from 'zod';
import { BASELINE_NAME } from './baseline-name.ts';
import { resourceName, tags } from './spec/common.ts';
import { egress } from './spec/egress.ts';
import { approvals, budgets, changeWindow, drift, mode } from './spec/governance.ts';
import { hub } from './spec/hub.ts';
import { observability } from './spec/observability.ts';
import { spoke } from './spec/spoke.ts';

/** Version of the document's own format. */
export const SPEC_API_VERSION = 'hubkeeper/v1';

/**
 * The operator's document. Shape only: what its parts mean together is checked by the constraints. Unknown properties
 * are errors. Defaults that depend on other parts are absent here and filled in by `resolve`.
 */
export const baselineSpec = z
  .strictObject({
    apiVersion: z.literal(SPEC_API_VERSION).describe('Version of this format.'),
    name: z
      .string()
      .regex(BASELINE_NAME, 'must be 1 to 40 lower-case letters, digits or hyphens, without a hyphen at either end')
      .describe(
        'Name of the baseline, unique in the app that keeps it: up to 40 lower-case letters, digits and hyphens.',
      ),
    mode: mode
      .default('no-delete')
      .describe('What may be written at all: nothing, new resources only, everything but deletes, or everything.'),
    cloud: z
      .enum(['AzurePublic', 'AzureUSGovernment', 'AzureChina'])
      .default('AzurePublic')
      .describe('The Azure cloud that all of it is in.'),
    tags: tags.default({}).describe('Tags of every resource that is made.'),
    approvals: approvals.prefault({}).describe('Which changes need the approval of a person.'),
    drift: drift.prefault({}).describe('What happens to changes made behind the back of this spec.'),
    budgets: budgets.prefault({}).describe('How much may change unattended.'),
    changeWindows: z
      .array(changeWindow)
      .default([])
      .describe(
        'When risky changes may run; without any, always. Addresses that relieve the firewall are added at any time.',
      ),
    egress: egress.prefault({}).describe('Relief when the firewall runs out of SNAT ports, and its alert rules.'),
    observability: observability.prefault({}).describe('Logs and metrics of the network.'),
    hub: hub.describe('The hub.'),
    spokes: z.array(spoke).default([]).describe('The spokes.'),
    spokeToSpokePeerings: z
      .array(z.tuple([z.string().min(1), z.string().min(1)]))
      .default([])
      .describe('Pairs of spokes that are peered directly; their traffic does not pass the firewall.'),
    nameOverrides: z
      .record(z.string().regex(/^[A-Za-z]+\/.+$/), resourceName)
      .default({})
      .describe(
        'Names instead of those made by convention: kind/conventional name, such as routeTable/route-a-to-hub.',
      ),
  })
  .describe('A hub-and-spoke baseline for AKS, as Hubkeeper keeps it.');

/** A spec with its defaults filled in. */
export type BaselineSpec = z.output<typeof baselineSpec>;
/** A spec as its author writes it. */
export type BaselineSpecInput = z.input<typeof baselineSpec>;

export type EgressSpec = BaselineSpec['egress'];
export type HubSpec = BaselineSpec['hub'];
export type SpokeSpec = BaselineSpec['spokes'][number];
export type NetworkSpec = SpokeSpec['network'];
export type SubnetSpec = SpokeSpec['subnets'][number];
export type ReservedSubnetSpec = NonNullable<HubSpec['subnets']['firewall']>;
export type SubnetPurpose = SubnetSpec['purpose'];
export type SecurityRuleSpec = NonNullable<SubnetSpec['networkSecurityGroup']>['rules'][number];
export type RouteSpec = SpokeSpec['routes'][number];
export type NatGatewaySpec = NonNullable<SpokeSpec['natGateway']>;
export type FirewallSpec = NonNullable<HubSpec['firewall']>;
export type RuleCollectionGroupSpec = FirewallSpec['ruleCollectionGroups'][number];
export type RuleCollectionSpec = RuleCollectionGroupSpec['ruleCollections'][number];
export type FirewallRuleSpec = RuleCollectionSpec['rules'][number];
export type BastionSpec = NonNullable<HubSpec['bastion']>;
export type PrivateDnsZoneSpec = HubSpec['privateDnsZones'][number];
export type ClusterSpec = NonNullable<SpokeSpec['cluster']>;
export type NodePoolSpec = ClusterSpec['nodePools'][number];
export type ClusterAddons = ClusterSpec['addons'];
export type Cloud = BaselineSpec['cloud'];

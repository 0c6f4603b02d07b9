import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';
import { type Body, type Entry, type SmallSpec, type Stage, spoke } from './stage.ts';

/** What must become of a change that somebody else made. */
export type DriftFate =
  /** Ours, and to be put right without anybody. */
  | 'putRight'
  /** Ours, and waits for a person. */
  | 'waits'
  /** Ours, and stays as somebody made it: the policy says so. */
  | 'reported'
  | 'ignored'
  /** An entry of somebody else in a resource of ours: listed and never touched. */
  | 'listed'
  /** Not ours, or no difference at all. */
  | 'nothing';

/** One change behind the back of a baseline. */
export interface InjectedDrift {
  readonly name: string;
  readonly fate: DriftFate;
  /** Resource group, and path below its network provider; the whole path where it begins with `/`. */
  readonly resource: readonly [group: string, path?: string];
  readonly apiVersion?: string;
  /** Path of the difference as a plan shows it, or of the entry that is listed; absent: the whole resource, or nothing to show. */
  readonly path?: string;
  /** Path of an entry that the same edit adds besides. */
  readonly listedPath?: string;
  /** Path of something of others that the same edit adds and nobody is told of: it stays. */
  readonly keptPath?: string;
  /** Further properties that differ by the same edit. */
  readonly morePaths?: readonly string[];
  readonly edit: ((body: Body) => void) | 'delete';
}

const HUB = 'virtualNetworks/vnet-westeurope-hub';
const POLICY = 'firewallPolicies/fw-policies-westeurope';
const GROUP = `${POLICY}/ruleCollectionGroups/rcg-own`;
const FIREWALL = 'azureFirewalls/fw-westeurope';
const REGISTRY = 'privateDnsZones/privatelink.azurecr.io';
const VAULT = 'privateDnsZones/privatelink.vaultcore.azure.net';
const DNS_VERSION = '2024-06-01';
const GROUP_VERSION = '2025-04-01';
const DIAGNOSTICS_VERSION = '2021-05-01-preview';

const network = (name: string) => `virtualNetworks/vnet-spoke-${name}`;
const nodes = (name: string) => `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-vms`;
const endpoints = (name: string) => `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-pe`;
const table = (name: string) => `routeTables/route-spoke-${name}-to-westeurope-hub-fw`;
const diagnostics = (path: string) => `${path}/providers/Microsoft.Insights/diagnosticSettings/hubkeeper`;

/** A baseline with something of every kind that others like to touch, and a policy of every sort. */
export function driftSpec(stage: Stage, change: (spec: SmallSpec) => void = () => {}): string {
  return stage.spec((spec) => {
    spec.tags = { team: 'network' };
    spec.observability = {};
    spec.budgets = { perRun: 100, perDay: 200 };
    spec.approvals = { expiresAfterHours: 72 };
    spec.drift = {
      mode: 'act',
      policies: [
        { scope: 'spoke:b', kind: 'networkSecurityGroup', path: 'properties.securityRules', policy: 'report' },
        { scope: 'spoke:c', path: 'tags', policy: 'ignore' },
        { kind: 'ipGroup', policy: 'approve' },
        { kind: 'firewallPolicy', path: 'properties.threatIntelMode', policy: 'approve' },
        { kind: 'privateDnsZone', path: 'tags', policy: 'report' },
      ],
    };
    spec.hub.subnets = { firewall: { addressPrefix: '10.200.0.0/26' } };
    spec.hub.firewall = {
      tier: 'Standard',
      publicIps: { count: 2, minimum: 2, maximum: 5 },
      ipGroups: [{ name: 'ipg-office', ipAddresses: ['192.0.2.0/24', '198.51.100.0/25'] }],
      ruleCollectionGroups: [
        {
          name: 'rcg-own',
          priority: 5000,
          ruleCollections: [
            {
              ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
              name: 'rc-ours',
              priority: 100,
              action: { type: 'Allow' },
              rules: [networkRule('ours', '443'), networkRule('second', '444')],
            },
          ],
        },
      ],
    };
    spec.hub.privateDnsZones = [{ name: 'privatelink.azurecr.io' }, { name: 'privatelink.vaultcore.azure.net' }];
    spec.spokes = ['a', 'b', 'c'].map((name, index) => spokeOf(name, 240 + index));
    change(spec);
  });
}

function spokeOf(name: string, secondOctet: number): SmallSpec['spokes'][number] {
  return {
    ...spoke(name, secondOctet),
    routes: [
      { name: 'ours', addressPrefix: '10.9.0.0/16', nextHopType: 'VirtualAppliance' },
      { name: 'to-nowhere', addressPrefix: '10.8.0.0/16', nextHopType: 'None' },
    ],
    subnets: [
      {
        name: 'snet-vms',
        purpose: 'general',
        addressPrefix: `10.${secondOctet}.0.0/26`,
        networkSecurityGroup: { rules: [securityRule('ours', 200), securityRule('second', 210)] },
      },
      { name: 'snet-pe', purpose: 'privateEndpoints', addressPrefix: `10.${secondOctet}.0.64/26` },
    ],
  };
}

type RuleInput = NonNullable<
  NonNullable<BaselineSpecInput['spokes']>[number]['subnets'][number]['networkSecurityGroup']
>['rules'];

function securityRule(name: string, priority: number): NonNullable<RuleInput>[number] {
  return {
    name,
    priority,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefixes: ['10.0.0.0/8', '172.16.0.0/12'],
    destinationPortRanges: ['443', '8443'],
  };
}

function networkRule(name: string, port: string) {
  return {
    ruleType: 'NetworkRule' as const,
    name,
    sourceAddresses: ['10.240.0.0/24', '10.241.0.0/24'],
    ipProtocols: ['TCP' as const],
    destinationAddresses: ['198.51.100.0/24'],
    destinationPorts: [port],
  };
}

/** A rule that lets everybody in, as people make them in a hurry. */
export function openPort(name: string, priority: number): Entry {
  return {
    name,
    properties: {
      priority,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
    },
  };
}

function named<Named extends { readonly name: string }>(entries: readonly Named[], name: string): Named {
  const found = entries.find((entry) => entry.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
}

const ruleOf = (body: Body, name = 'ours') => named(body.properties.securityRules, name).properties;
const routeOf = (body: Body, name = 'ours') => named(body.properties.routes, name).properties;
const subnetOf = (body: Body, name = 'snet-vms') => named(body.properties.subnets, name).properties;
const collectionOf = (body: Body) => named(body.properties.ruleCollections, 'rc-ours');

function reversed(value: unknown): unknown {
  return Array.isArray(value) ? [...value].reverse() : value;
}

function inUpperCase(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, one) => (name === 'id' && typeof one === 'string' ? one.toUpperCase() : one)),
  );
}

/** More than forty changes of different kinds, each independent of the others. */
export const injectedDrifts: readonly InjectedDrift[] = [
  // Rules of network security groups
  {
    name: 'a rule opened to everybody',
    fate: 'putRight',
    resource: ['rg-a', nodes('a')],
    path: 'properties.securityRules[ours].properties.sourceAddressPrefixes',
    // Azure takes one or the other: nobody declared the single one, and yet it has to go.
    morePaths: ['properties.securityRules[ours].properties.sourceAddressPrefix'],
    edit: (body) => {
      const rule = ruleOf(body);
      rule.sourceAddressPrefix = '*';
      rule.sourceAddressPrefixes = [];
    },
  },
  {
    name: 'a rule taken away',
    fate: 'putRight',
    resource: ['rg-a', endpoints('a')],
    path: 'properties.securityRules[DenyAllInbound]',
    edit: (body) => {
      body.properties.securityRules = body.properties.securityRules.filter(({ name }) => name !== 'DenyAllInbound');
    },
  },
  {
    name: 'a rule of another priority',
    fate: 'reported',
    resource: ['rg-b', nodes('b')],
    path: 'properties.securityRules[ours].properties.priority',
    edit: (body) => {
      ruleOf(body).priority = 333;
    },
  },
  {
    name: 'a rule that denies instead',
    fate: 'reported',
    resource: ['rg-b', endpoints('b')],
    path: 'properties.securityRules[AllowHttpsInbound].properties.access',
    edit: (body) => {
      ruleOf(body, 'AllowHttpsInbound').access = 'Deny';
    },
  },
  {
    name: 'a port more',
    fate: 'putRight',
    resource: ['rg-c', nodes('c')],
    path: 'properties.securityRules[second].properties.destinationPortRanges',
    edit: (body) => {
      ruleOf(body, 'second').destinationPortRanges = ['443', '8443', '22'];
    },
  },
  {
    name: 'ports in another order',
    fate: 'nothing',
    resource: ['rg-c', nodes('c')],
    edit: (body) => {
      const rule = ruleOf(body);
      rule.destinationPortRanges = reversed(rule.destinationPortRanges);
    },
  },
  {
    name: 'sources in another order',
    fate: 'nothing',
    resource: ['rg-c', nodes('c')],
    edit: (body) => {
      const rule = ruleOf(body);
      rule.sourceAddressPrefixes = reversed(rule.sourceAddressPrefixes);
    },
  },
  {
    name: 'rules in another order',
    fate: 'nothing',
    resource: ['rg-a', nodes('a')],
    edit: (body) => {
      body.properties.securityRules.reverse();
    },
  },
  {
    name: 'a rule of somebody else',
    fate: 'listed',
    resource: ['rg-c', endpoints('c')],
    path: 'properties.securityRules[theirs]',
    edit: (body) => {
      body.properties.securityRules.push(openPort('theirs', 4_000));
    },
  },
  // Routes
  {
    name: 'a route to another next hop',
    fate: 'putRight',
    resource: ['rg-a', table('a')],
    path: 'properties.routes[r-nexthop-to-fw].properties.nextHopIpAddress',
    edit: (body) => {
      routeOf(body, 'r-nexthop-to-fw').nextHopIpAddress = '10.240.0.9';
    },
  },
  {
    name: 'a route taken away',
    fate: 'putRight',
    resource: ['rg-b', table('b')],
    path: 'properties.routes[ours]',
    edit: (body) => {
      body.properties.routes = body.properties.routes.filter(({ name }) => name !== 'ours');
    },
  },
  {
    name: 'a route of somebody else',
    fate: 'listed',
    resource: ['rg-b', table('b')],
    path: 'properties.routes[theirs]',
    edit: (body) => {
      body.properties.routes.push({
        name: 'theirs',
        properties: { addressPrefix: '10.77.0.0/16', nextHopType: 'None' },
      });
    },
  },
  {
    name: 'another prefix of a route',
    fate: 'putRight',
    resource: ['rg-c', table('c')],
    path: 'properties.routes[to-nowhere].properties.addressPrefix',
    edit: (body) => {
      routeOf(body, 'to-nowhere').addressPrefix = '10.8.0.0/17';
    },
  },
  {
    name: 'routes learned from gateways',
    fate: 'putRight',
    resource: ['rg-c', table('c')],
    path: 'properties.disableBgpRoutePropagation',
    edit: (body) => {
      body.properties.disableBgpRoutePropagation = false;
    },
  },
  {
    name: 'routes in another order',
    fate: 'nothing',
    resource: ['rg-a', table('a')],
    edit: (body) => {
      body.properties.routes.reverse();
    },
  },
  // Networks and subnets
  {
    name: 'another DNS server',
    fate: 'putRight',
    resource: ['rg-a', network('a')],
    path: 'properties.dhcpOptions.dnsServers',
    edit: (body) => {
      body.properties.dhcpOptions = { dnsServers: ['10.240.0.53'] };
    },
  },
  {
    name: 'outbound access of a subnet by default',
    fate: 'putRight',
    resource: ['rg-b', network('b')],
    path: 'properties.subnets[snet-vms].properties.defaultOutboundAccess',
    edit: (body) => {
      subnetOf(body).defaultOutboundAccess = true;
    },
  },
  {
    name: 'a subnet without its route table',
    fate: 'putRight',
    resource: ['rg-c', network('c')],
    path: 'properties.subnets[snet-vms].properties.routeTable.id',
    edit: (body) => {
      delete subnetOf(body).routeTable;
    },
  },
  {
    name: 'a subnet without its security group',
    fate: 'putRight',
    resource: ['rg-a', network('a')],
    path: 'properties.subnets[snet-vms].properties.networkSecurityGroup.id',
    edit: (body) => {
      delete subnetOf(body).networkSecurityGroup;
    },
  },
  {
    name: 'ids of a subnet in capitals',
    fate: 'nothing',
    resource: ['rg-b', network('b')],
    edit: (body) => {
      const subnet = subnetOf(body);
      subnet.networkSecurityGroup = inUpperCase(subnet.networkSecurityGroup);
      subnet.routeTable = inUpperCase(subnet.routeTable);
    },
  },
  {
    name: 'a subnet of somebody else',
    fate: 'listed',
    resource: ['rg-c', network('c')],
    path: 'properties.subnets[snet-theirs]',
    edit: (body) => {
      body.properties.subnets.push({ name: 'snet-theirs', properties: { addressPrefix: '10.242.0.128/26' } });
    },
  },
  {
    name: 'subnets in another order',
    fate: 'nothing',
    resource: ['rg-a', network('a')],
    edit: (body) => {
      body.properties.subnets.reverse();
    },
  },
  // Peerings
  {
    name: 'a peering without forwarded traffic',
    fate: 'putRight',
    resource: ['rg-a', `${network('a')}/virtualNetworkPeerings/spoke-a-to-hub`],
    path: 'properties.allowForwardedTraffic',
    edit: (body) => {
      body.properties.allowForwardedTraffic = false;
    },
  },
  {
    name: 'a peering with gateway transit',
    fate: 'putRight',
    resource: ['rg-hub', `${HUB}/virtualNetworkPeerings/hub-to-spoke-b`],
    path: 'properties.allowGatewayTransit',
    edit: (body) => {
      body.properties.allowGatewayTransit = true;
    },
  },
  {
    name: 'a peering that lets nobody through',
    fate: 'putRight',
    resource: ['rg-c', `${network('c')}/virtualNetworkPeerings/spoke-c-to-hub`],
    path: 'properties.allowVirtualNetworkAccess',
    edit: (body) => {
      body.properties.allowVirtualNetworkAccess = false;
    },
  },
  // Firewall, policy, rules, addresses
  {
    name: 'threat intelligence off',
    fate: 'waits',
    resource: ['rg-hub', POLICY],
    path: 'properties.threatIntelMode',
    edit: (body) => {
      body.properties.threatIntelMode = 'Off';
    },
  },
  {
    name: 'a firewall rule opened',
    fate: 'putRight',
    resource: ['rg-hub', GROUP],
    path: 'properties.ruleCollections[rc-ours].rules[ours].destinationAddresses',
    edit: (body) => {
      const [rule] = collectionOf(body).rules;
      if (rule !== undefined) rule.destinationAddresses = ['*'];
    },
  },
  {
    name: 'sources of a firewall rule in another order',
    fate: 'nothing',
    resource: ['rg-hub', GROUP],
    edit: (body) => {
      const rule = collectionOf(body).rules.at(-1);
      if (rule !== undefined) rule.sourceAddresses = reversed(rule.sourceAddresses);
    },
  },
  {
    name: 'a collection of somebody else',
    fate: 'listed',
    resource: ['rg-hub', GROUP],
    path: 'properties.ruleCollections[rc-theirs]',
    edit: (body) => {
      body.properties.ruleCollections.push({
        ...collectionOf(body),
        name: 'rc-theirs',
        priority: 300,
        rules: [networkRule('theirs', '23')],
      });
    },
  },
  {
    name: 'an address taken out of an IP group, another put in',
    fate: 'waits',
    resource: ['rg-hub', 'ipGroups/ipg-office'],
    path: 'properties.ipAddresses',
    listedPath: 'properties.ipAddresses[203.0.113.7]',
    edit: (body) => {
      body.properties.ipAddresses = ['192.0.2.0/24', '203.0.113.7'];
    },
  },
  {
    name: 'an address taken off the firewall',
    fate: 'putRight',
    resource: ['rg-hub', FIREWALL],
    path: 'properties.ipConfigurations[pip-fw-westeurope-01]',
    edit: (body) => {
      body.properties.ipConfigurations = body.properties.ipConfigurations.slice(0, 1);
    },
  },
  {
    name: 'an idle timeout of a public address',
    fate: 'putRight',
    resource: ['rg-hub', 'publicIPAddresses/pip-fw-westeurope-00'],
    path: 'properties.idleTimeoutInMinutes',
    edit: (body) => {
      body.properties.idleTimeoutInMinutes = 30;
    },
  },
  // DNS
  {
    name: 'a DNS link that registers',
    fate: 'putRight',
    resource: ['rg-hub', `${REGISTRY}/virtualNetworkLinks/to-spoke-a`],
    apiVersion: DNS_VERSION,
    path: 'properties.registrationEnabled',
    edit: (body) => {
      body.properties.registrationEnabled = true;
    },
  },
  {
    name: 'a DNS link deleted',
    fate: 'waits',
    resource: ['rg-hub', `${VAULT}/virtualNetworkLinks/to-spoke-b`],
    apiVersion: DNS_VERSION,
    edit: 'delete',
  },
  {
    name: 'a tag of a zone',
    fate: 'reported',
    resource: ['rg-hub', REGISTRY],
    apiVersion: DNS_VERSION,
    path: 'tags.team',
    edit: (body) => {
      body.tags = { team: 'dns' };
    },
  },
  // Diagnostic settings
  {
    name: 'logs switched off',
    fate: 'putRight',
    resource: ['rg-hub', diagnostics(FIREWALL)],
    apiVersion: DIAGNOSTICS_VERSION,
    path: 'properties.logs[allLogs].enabled',
    edit: (body) => {
      body.properties.logs = [{ categoryGroup: 'allLogs', enabled: false }];
    },
  },
  {
    name: 'a diagnostic setting deleted',
    fate: 'waits',
    resource: ['rg-a', diagnostics(nodes('a'))],
    apiVersion: DIAGNOSTICS_VERSION,
    edit: 'delete',
  },
  // Tags
  {
    name: 'a tag changed',
    fate: 'putRight',
    resource: ['rg-a', nodes('a')],
    path: 'tags.team',
    edit: (body) => {
      body.tags = { ...body.tags, team: 'other' };
    },
  },
  {
    name: 'a tag taken away',
    fate: 'putRight',
    resource: ['rg-b', table('b')],
    path: 'tags.team',
    edit: (body) => {
      body.tags = {};
    },
  },
  {
    name: 'a tag of somebody else',
    fate: 'nothing',
    resource: ['rg-a', table('a')],
    keptPath: 'tags.costCenter',
    edit: (body) => {
      body.tags = { ...body.tags, costCenter: '4711' };
    },
  },
  {
    name: 'a tag nobody minds',
    fate: 'ignored',
    resource: ['rg-c', endpoints('c')],
    path: 'tags.team',
    edit: (body) => {
      body.tags = { ...body.tags, team: 'theirs' };
    },
  },
  {
    name: 'a tag of a resource group',
    fate: 'putRight',
    resource: ['rg-b'],
    apiVersion: GROUP_VERSION,
    path: 'tags.team',
    edit: (body) => {
      body.tags = { team: 'other' };
    },
  },
  {
    name: 'a tag of a group that nobody minds',
    fate: 'ignored',
    resource: ['rg-c'],
    apiVersion: GROUP_VERSION,
    path: 'tags.team',
    edit: (body) => {
      body.tags = { team: 'other' };
    },
  },
];

/** ARM id of what a drift touches. */
export function resourceOf(stage: Stage, { resource: [group, path] }: InjectedDrift): string {
  return stage.id(group, path);
}

/** Somebody else makes these changes: those of one resource in one write. All have ended then, in less than an hour. */
export async function inject(stage: Stage, drifts: readonly InjectedDrift[]): Promise<void> {
  const byResource = Map.groupBy(drifts, (drift) => resourceOf(stage, drift));
  for (const [id, ofOne] of byResource) {
    await stage.environment.advanceUntil(`somebody has changed ${id}`, () => changed(stage, id, ofOne), 900, 20);
  }
  // The longest operation takes five minutes.
  await stage.environment.advance(330);
}

/** Undefined where something else is under way there. */
async function changed(stage: Stage, id: string, drifts: readonly InjectedDrift[]): Promise<true | undefined> {
  const version = `?api-version=${drifts[0]?.apiVersion ?? '2025-05-01'}`;
  const call = (method: string, body?: unknown) =>
    stage.environment.armAs<Body>('colleague', method, `${id}${version}`, body);
  const edits = drifts.flatMap(({ edit }) => (edit === 'delete' ? [] : [edit]));
  const { body } = await call('GET');
  for (const edit of edits) edit(body);
  const answer = edits.length < drifts.length ? await call('DELETE') : await call('PUT', body);
  if (answer.status < 300) return true;
  if (/AnotherOperationInProgress|RetryableError|ReferencedResourceNotProvisioned/.test(JSON.stringify(answer.body)))
    return undefined;
  throw new Error(`Nobody may change ${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

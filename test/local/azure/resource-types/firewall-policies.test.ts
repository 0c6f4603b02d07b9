import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import {
  FIREWALL,
  firewall,
  LOCATION,
  makeFirewall,
  natCollection,
  natGroup,
  natRule,
  networkCollection,
  networkRule,
  POLICY,
  policy,
  ruleGroup,
  WORKSPACE,
} from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const NET = `${POLICY}/ruleCollectionGroups/net`;
const BASE = hub('firewallPolicies/fwp-base');
const IPG = hub('ipGroups/ipg-nodes');
const IPG_2 = hub('ipGroups/ipg-more');

const madePolicy = (azure: Azure) => azure.make(POLICY, policy());
const rules = (...items: readonly JsonObject[]) => ruleGroup(200, [networkCollection('allow', 100, items)]);
const ipGroup = (...ipAddresses: readonly string[]): JsonObject => ({
  location: LOCATION,
  properties: { ipAddresses },
});
const withGroups = (...ids: readonly string[]) => rules(networkRule('r', { sourceAddresses: [], sourceIpGroups: ids }));

const nat = (rule: JsonObject) => natCollection([natRule('r', rule)]);

function applicationRule(properties: JsonObject = {}): JsonObject {
  return {
    name: 'r',
    ruleType: 'ApplicationRule',
    protocols: [{ protocolType: 'Https', port: 443 }],
    sourceAddresses: ['10.240.0.0/22'],
    targetFqdns: ['*.data.mcr.microsoft.com'],
    ...properties,
  };
}

describe('firewall policy', () => {
  refuses([
    { name: 'an unknown tier', id: POLICY, body: policy('Gold'), code: 'FirewallPolicyInvalidSkuTier' },
    {
      name: 'another tier for an existing one',
      given: madePolicy,
      id: POLICY,
      body: policy('Premium'),
      code: 'FirewallPolicySkuChangeDisallowed',
      message: /^Firewall Policy fwp-hub cannot change sku from SKU Tier=Standard to SKU Tier=Premium$/,
    },
    {
      name: 'intrusion detection with Standard',
      id: POLICY,
      body: policy('Standard', { intrusionDetection: { mode: 'Off' } }),
      code: 'FirewallPolicyHigherTierOnlyProperties',
      message: /contains higher tier only properties - Intrusion Detection$/,
    },
    {
      name: 'TLS inspection with Standard',
      id: POLICY,
      body: policy('Standard', {
        transportSecurity: { certificateAuthority: { name: 'ca', keyVaultSecretId: 'https://kv' } },
      }),
      code: 'FirewallPolicyHigherTierOnlyProperties',
    },
    {
      name: 'a DNS proxy with Basic',
      id: POLICY,
      body: policy('Basic'),
      code: 'FirewallPolicyHigherTierOnlyProperties',
    },
    {
      name: 'TLS inspection without identity',
      id: POLICY,
      body: policy('Premium', {
        transportSecurity: { certificateAuthority: { name: 'ca', keyVaultSecretId: 'https://kv' } },
      }),
      code: 'FirewallPolicyTransportSecurityNeedsIdentity',
    },
    {
      name: 'the old switch for FQDNs in network rules',
      id: POLICY,
      body: policy('Standard', { dnsSettings: { requireProxyForNetworkRules: false } }),
      code: 'FirewallPolicyDeprecatedRequireProxyForNetworkRules',
    },
    {
      name: 'a DNS server that is no address',
      id: POLICY,
      body: policy('Standard', { dnsSettings: { enableProxy: true, servers: ['dns'] } }),
      code: 'FirewallPolicyInvalidDnsServer',
    },
    {
      name: 'a private range with host bits',
      id: POLICY,
      body: policy('Standard', { snat: { privateRanges: ['130.1.0.1/16'] } }),
      code: 'FirewallPolicyInvalidPrivateRange',
    },
    {
      name: 'analytics without a workspace',
      id: POLICY,
      body: policy('Standard', { insights: { isEnabled: true, retentionDays: 30 } }),
      code: 'FirewallPolicyInsightsInvalid',
    },
    {
      name: 'a workspace that does not exist',
      id: POLICY,
      body: policy('Standard', {
        insights: {
          isEnabled: true,
          retentionDays: 30,
          logAnalyticsResources: { defaultWorkspaceId: { id: WORKSPACE } },
        },
      }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a base policy that does not exist',
      id: POLICY,
      body: policy('Standard', { basePolicy: { id: BASE } }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a base policy of a higher tier',
      given: (azure) => azure.make(BASE, policy('Premium')),
      id: POLICY,
      body: policy('Standard', { basePolicy: { id: BASE } }),
      code: 'FirewallPolicyBasePolicyHigherTier',
    },
    {
      name: 'a base policy of another region',
      given: (azure) => azure.make(BASE, { ...policy(), location: 'northeurope' }),
      id: POLICY,
      body: policy('Standard', { basePolicy: { id: BASE } }),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a policy that inherits from itself',
      given: (azure) => {
        azure.make(BASE, policy());
        azure.make(POLICY, policy('Standard', { basePolicy: { id: BASE } }));
      },
      id: BASE,
      body: policy('Standard', { basePolicy: { id: POLICY } }),
      code: 'FirewallPolicyBasePolicyCycle',
    },
    {
      name: 'no DNS proxy while network rules name FQDNs',
      given: (azure) => {
        madePolicy(azure);
        azure.make(NET, rules(networkRule('time', { destinationAddresses: [], destinationFqdns: ['ntp.ubuntu.com'] })));
      },
      id: POLICY,
      body: policy('Standard', { dnsSettings: { enableProxy: false } }),
      code: 'FirewallPolicyNetworkRuleFqdnsRequireDnsProxy',
    },
    {
      name: 'deletion while a firewall has it',
      given: makeFirewall,
      method: 'DELETE',
      id: POLICY,
      code: 'FirewallPolicyInUseCannotBeDeleted',
      message: /azureFirewalls\/fw-hub/,
    },
    {
      name: 'deletion while it has rule groups',
      given: (azure) => {
        madePolicy(azure);
        azure.make(NET, rules());
      },
      method: 'DELETE',
      id: POLICY,
      code: 'FirewallPolicyInUseCannotBeDeleted',
    },
    {
      name: 'deletion while another inherits from it',
      given: (azure) => {
        azure.make(BASE, policy());
        azure.make(POLICY, policy('Standard', { basePolicy: { id: BASE } }));
      },
      method: 'DELETE',
      id: BASE,
      code: 'FirewallPolicyInUseCannotBeDeleted',
    },
  ]);

  accepts([
    {
      name: 'a Premium policy with intrusion detection',
      id: POLICY,
      body: policy('Premium', { intrusionDetection: { mode: 'Deny' } }),
      after: (azure) => {
        expect(azure.get(POLICY).body).toMatchObject({
          properties: {
            threatIntelMode: 'Alert',
            ruleCollectionGroups: [],
            firewalls: [],
            childPolicies: [],
            intrusionDetection: { mode: 'Deny' },
          },
        });
      },
    },
    {
      name: 'a child policy, and shows it in its base',
      given: (azure) => azure.make(BASE, policy()),
      id: POLICY,
      body: policy('Premium', { basePolicy: { id: BASE } }),
      after: (azure) => expect(at(azure.get(BASE).body, 'properties', 'childPolicies')).toEqual([{ id: POLICY }]),
    },
    {
      name: 'analytics into a workspace of another region',
      given: (azure) => azure.make(WORKSPACE, { location: 'northeurope', properties: {} }),
      id: POLICY,
      body: policy('Standard', {
        insights: {
          isEnabled: true,
          retentionDays: 30,
          logAnalyticsResources: { defaultWorkspaceId: { id: WORKSPACE } },
        },
      }),
      after: (azure) => expect(azure.get(POLICY).status).toBe(200),
    },
    {
      name: 'public ranges that are used privately',
      id: POLICY,
      body: policy('Standard', { snat: { privateRanges: ['IANAPrivateRanges', '130.1.0.0/16'] } }),
      after: (azure) => expect(at(azure.get(POLICY).body, 'properties', 'snat', 'privateRanges')).toHaveLength(2),
    },
    {
      name: 'deletion once nothing uses it',
      given: madePolicy,
      method: 'DELETE',
      id: POLICY,
      after: (azure) => expect(azure.get(POLICY).status).toBe(404),
    },
  ]);
});

describe('rule collection group', () => {
  refuses([
    { name: 'a policy that does not exist', id: NET, body: rules(), status: 404, code: 'ParentResourceNotFound' },
    {
      name: 'a priority below 100',
      given: madePolicy,
      id: NET,
      body: ruleGroup(99),
      code: 'FirewallPolicyRuleCollectionGroupInvalidPriority',
    },
    {
      name: 'a priority above 65000',
      given: madePolicy,
      id: NET,
      body: ruleGroup(65_001),
      code: 'FirewallPolicyRuleCollectionGroupInvalidPriority',
    },
    {
      name: 'the priority of another group',
      given: (azure) => {
        madePolicy(azure);
        azure.make(`${POLICY}/ruleCollectionGroups/app`, ruleGroup(200));
      },
      id: NET,
      body: ruleGroup(200),
      code: 'FirewallPolicyRuleCollectionGroupPrioritiesMustBeUnique',
    },
    {
      name: 'two collections of one priority',
      given: madePolicy,
      id: NET,
      body: ruleGroup(200, [networkCollection('a', 100, []), networkCollection('b', 100, [])]),
      code: 'FirewallPolicyRuleCollectionPrioritiesMustBeUnique',
    },
    {
      name: 'two collections of one name',
      given: madePolicy,
      id: NET,
      body: ruleGroup(200, [networkCollection('a', 100, []), networkCollection('A', 110, [])]),
      code: 'FirewallPolicyRuleCollectionNamesMustBeUnique',
    },
    {
      name: 'a collection of unknown type',
      given: madePolicy,
      id: NET,
      body: ruleGroup(200, [{ name: 'a', priority: 100, rules: [] }]),
      code: 'InvalidRequestFormat',
    },
    {
      name: 'network and application rules in one collection',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a'), applicationRule()),
      code: 'FirewallPolicyRuleCollectionInvalidRuleTypes',
    },
    {
      name: 'a network rule in a DNAT collection',
      given: madePolicy,
      id: NET,
      body: ruleGroup(100, [nat({ ruleType: 'NetworkRule' })]),
      code: 'FirewallPolicyRuleCollectionInvalidRuleTypes',
    },
    {
      name: 'two rules of one name',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a'), networkRule('a')),
      code: 'FirewallPolicyRuleNamesMustBeUnique',
    },
    {
      name: 'a rule without source',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { sourceAddresses: [] })),
      code: 'FirewallPolicyRuleInvalidParameters',
    },
    {
      name: 'a network rule without destination',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { destinationAddresses: [] })),
      code: 'FirewallPolicyRuleInvalidParameters',
      message:
        /^Firewall Policy Network Rule a must have one of destinationAddresses, destinationIpGroups or destinationFqdns specified$/,
    },
    {
      name: 'a network rule without ports',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { destinationPorts: [] })),
      code: 'FirewallPolicyRuleInvalidParameters',
    },
    {
      name: 'host bits in an address',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { sourceAddresses: ['10.240.0.1/22'] })),
      code: 'AzureFirewallRuleInvalidIpAddressOrRangeFormat',
    },
    {
      name: 'a host name as destination address',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { destinationAddresses: ['sub.contoso.co.uk'] })),
      code: 'AzureFirewallRuleInvalidIpAddressOrRangeFormat',
    },
    {
      name: 'a port beyond 65535',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { destinationPorts: ['70000'] })),
      code: 'FirewallPolicyRuleInvalidPort',
    },
    {
      name: 'FQDNs in network rules without DNS proxy',
      given: (azure) => azure.make(POLICY, policy('Standard', { dnsSettings: { enableProxy: false } })),
      id: NET,
      body: rules(networkRule('time', { destinationAddresses: [], destinationFqdns: ['ntp.ubuntu.com'] })),
      code: 'FirewallPolicyNetworkRuleFqdnsRequireDnsProxy',
      message: /DNS Proxy must be enabled\. See rule time in network rule collection allow$/,
    },
    {
      name: 'a wildcard FQDN in a network rule',
      given: madePolicy,
      id: NET,
      body: rules(networkRule('a', { destinationAddresses: [], destinationFqdns: ['*.ubuntu.com'] })),
      code: 'AzureFirewallRuleInvalidFqdn',
    },
    {
      name: 'an application rule without target',
      given: madePolicy,
      id: NET,
      body: rules(applicationRule({ targetFqdns: [] })),
      code: 'FirewallPolicyRuleInvalidParameters',
    },
    {
      name: 'URLs with a Standard policy',
      given: madePolicy,
      id: NET,
      body: rules(applicationRule({ targetFqdns: [], targetUrls: ['www.contoso.com/a'] })),
      code: 'FirewallPolicyHigherTierOnlyProperties',
    },
    {
      name: 'DNAT destinations that are, with others and the addresses of a firewall, more than 250',
      given: (azure) => {
        makeFirewall(azure, 2);
        azure.make(`${POLICY}/ruleCollectionGroups/more`, natGroup(300, 200));
      },
      id: NET,
      body: natGroup(100, 49),
      code: 'FirewallPolicyDnatRuleLimitExceeded',
      message: /250 public IP addresses and DNAT destinations together on Azure Firewall .*fw-hub/,
    },
    {
      name: 'DNAT to two addresses',
      given: madePolicy,
      id: NET,
      body: ruleGroup(100, [nat({ destinationAddresses: ['20.100.1.4', '20.100.1.5'] })]),
      code: 'FirewallPolicyRuleInvalidDnatDestination',
    },
    {
      name: 'an IP group that does not exist',
      given: madePolicy,
      id: NET,
      body: withGroups(IPG),
      code: 'InvalidResourceReference',
    },
    {
      name: 'more than 1,000 FQDNs in network rules',
      given: madePolicy,
      id: NET,
      body: rules(
        networkRule('a', {
          destinationAddresses: [],
          destinationFqdns: Array.from({ length: 1001 }, (_, index) => `host${index}.contoso.com`),
        }),
      ),
      code: 'FirewallPolicyNetworkRuleFqdnLimitExceeded',
    },
    {
      name: 'a 61st group',
      given: (azure) => {
        madePolicy(azure);
        for (let index = 0; index < 60; index += 1) {
          azure.make(`${POLICY}/ruleCollectionGroups/g${index}`, ruleGroup(1000 + index));
        }
      },
      id: NET,
      body: ruleGroup(200),
      code: 'FirewallPolicyRuleCollectionGroupCountLimitReached',
    },
    {
      name: 'a 201st IP group',
      given: (azure) => {
        madePolicy(azure);
        for (let index = 0; index < 201; index += 1) azure.put(hub(`ipGroups/ipg-${index}`), ipGroup('10.0.0.0/24'));
        azure.settle();
      },
      id: NET,
      body: withGroups(...Array.from({ length: 201 }, (_, index) => hub(`ipGroups/ipg-${index}`))),
      code: 'FirewallPolicyIpGroupLimitExceeded',
    },
  ]);

  accepts([
    {
      name: 'network rules, and shows the group in its policy',
      given: madePolicy,
      id: NET,
      body: rules(
        networkRule('api', { destinationPorts: ['443', '9000-9010'] }),
        networkRule('time', {
          ipProtocols: ['UDP'],
          destinationAddresses: [],
          destinationFqdns: ['ntp.ubuntu.com'],
          destinationPorts: ['123'],
        }),
      ),
      after: (azure) => {
        expect(at(azure.get(POLICY).body, 'properties', 'ruleCollectionGroups')).toEqual([{ id: NET }]);
        expect(at(azure.get(NET).body, 'properties', 'ruleCollections', 0, 'rules', 1, 'name')).toBe('time');
      },
    },
    {
      name: 'an FQDN tag',
      given: madePolicy,
      id: NET,
      body: rules(applicationRule({ targetFqdns: [], fqdnTags: ['AzureKubernetesService'] })),
      after: (azure) => expect(azure.get(NET).status).toBe(200),
    },
    {
      name: 'as many DNAT destinations in place of others, beside addresses, as are 250 together',
      given: (azure) => {
        makeFirewall(azure, 2);
        azure.make(`${POLICY}/ruleCollectionGroups/more`, natGroup(300, 200));
        azure.make(NET, natGroup(200, 48));
      },
      id: NET,
      body: natGroup(100, 48),
      after: (azure) => expect(azure.get(NET).status).toBe(200),
    },
    {
      name: 'DNAT',
      given: madePolicy,
      id: NET,
      body: ruleGroup(100, [nat({})]),
      after: (azure) => expect(azure.get(NET).status).toBe(200),
    },
    {
      name: 'URLs with a Premium policy',
      given: (azure) => azure.make(POLICY, policy('Premium')),
      id: NET,
      body: rules(applicationRule({ targetFqdns: [], targetUrls: ['www.contoso.com/a'] })),
      after: (azure) => expect(azure.get(NET).status).toBe(200),
    },
    {
      name: 'IP groups of another region, which show who uses them',
      given: (azure) => {
        makeFirewall(azure);
        azure.make(IPG, { ...ipGroup('10.240.0.0/22'), location: 'northeurope' });
      },
      id: NET,
      body: withGroups(IPG),
      after: (azure) => {
        expect(azure.get(IPG).body).toMatchObject({
          properties: { firewallPolicies: [{ id: POLICY }], firewalls: [{ id: FIREWALL }] },
        });
        expect(at(azure.get(FIREWALL).body, 'properties', 'ipGroups', 0, 'id')).toBe(IPG);
      },
    },
  ]);
});

describe('IP group', () => {
  refuses([
    { name: 'an address that is none', id: IPG, body: ipGroup('10.240.0'), code: 'IpGroupsInvalidIpAddress' },
    { name: 'host bits', id: IPG, body: ipGroup('10.240.0.1/22'), code: 'IpGroupsInvalidIpAddress' },
    {
      name: 'a range that runs backwards',
      id: IPG,
      body: ipGroup('10.0.0.9-10.0.0.1'),
      code: 'IpGroupsInvalidIpAddress',
    },
    {
      name: 'more than 5,000 addresses',
      id: IPG,
      body: ipGroup(...Array.from({ length: 5001 }, (_, index) => `10.${Math.floor(index / 256)}.${index % 256}.1`)),
      code: 'IpGroupsIpAddressesCountLimitReached',
    },
    {
      name: 'deletion while a rule names it',
      given: (azure) => {
        madePolicy(azure);
        azure.make(IPG, ipGroup('10.240.0.0/22'));
        azure.make(NET, withGroups(IPG));
      },
      method: 'DELETE',
      id: IPG,
      code: 'IpGroupsHasResourceReferences',
      message: /cannot be deleted since there are other Azure Resources using this resource\.$/,
    },
  ]);
  accepts([
    {
      name: 'addresses, ranges and prefixes',
      id: IPG,
      body: ipGroup('10.0.0.4', '10.0.1.1-10.0.1.9', '10.240.0.0/22'),
      after: (azure) =>
        expect(azure.get(IPG).body).toMatchObject({ properties: { firewalls: [], firewallPolicies: [] } }),
    },
    {
      name: 'deletion once no rule names it',
      given: (azure) => {
        madePolicy(azure);
        azure.make(IPG, ipGroup('10.240.0.0/22'));
        azure.make(NET, withGroups(IPG));
        azure.make(NET, rules());
      },
      method: 'DELETE',
      id: IPG,
      after: (azure) => expect(azure.get(IPG).status).toBe(404),
    },
  ]);
});

describe('one change at a time in the family of a firewall', () => {
  const azure = eachWithAzure();
  const busy = { status: 409, code: 'AnotherOperationInProgress' };
  const CHILD = hub('firewallPolicies/fwp-child');

  const changes: Readonly<Record<string, () => readonly [string, JsonObject]>> = {
    'the firewall': () => [FIREWALL, firewall()],
    'its policy': () => [POLICY, policy('Standard', { basePolicy: { id: BASE } })],
    'the base policy': () => [BASE, policy()],
    'a sibling policy': () => [CHILD, policy('Standard', { basePolicy: { id: BASE } })],
    'a rule group': () => [NET, withGroups(IPG, IPG_2)],
    'another rule group': () => [`${POLICY}/ruleCollectionGroups/app`, ruleGroup(300)],
    'a rule group of the base policy': () => [`${BASE}/ruleCollectionGroups/base`, ruleGroup(100)],
    'an IP group': () => [IPG, ipGroup('10.240.0.0/21')],
    'another IP group': () => [IPG_2, ipGroup('10.241.0.0/21')],
  };

  function family(): void {
    azure().make(BASE, policy());
    makeFirewall(azure());
    azure().make(POLICY, policy('Standard', { basePolicy: { id: BASE } }));
    azure().make(CHILD, policy('Standard', { basePolicy: { id: BASE } }));
    azure().make(IPG, ipGroup('10.240.0.0/22'));
    azure().make(IPG_2, ipGroup('10.241.0.0/22'));
    azure().make(NET, withGroups(IPG, IPG_2));
  }

  const pairs = Object.keys(changes).flatMap((first) =>
    Object.keys(changes)
      .filter((second) => second !== first)
      .map((second) => [first, second] as const),
  );

  it.each(pairs)('%s keeps out %s', (first, second) => {
    family();
    const [firstId, firstBody] = changes[first]?.() ?? ['', {}];
    const [secondId, secondBody] = changes[second]?.() ?? ['', {}];
    const running = azure().put(firstId, firstBody);
    expect(running.status).toBeLessThan(300);
    const answer = azure().put(secondId, secondBody);
    // A group that is being changed and that the rules name is a reference that is not ready yet.
    if (answer.code === 'RetryableError') expect(secondId).toBe(NET);
    else expect(answer).toMatchObject(busy);
    azure().settle();
    expect(azure().put(secondId, secondBody).status).toBeLessThan(300);
  });

  it('leaves other families alone', () => {
    family();
    const other = hub('firewallPolicies/fwp-other');
    azure().make(other, policy());
    azure().put(FIREWALL, firewall());
    expect(azure().put(`${other}/ruleCollectionGroups/net`, ruleGroup(200)).status).toBe(201);
  });

  it('takes seconds without a firewall and minutes with one', () => {
    azure().make(POLICY, policy());
    azure().put(NET, ruleGroup(200));
    azure().advance(20);
    expect(at(azure().get(NET).body, 'properties', 'provisioningState')).toBe('Succeeded');
    makeFirewall(azure());
    azure().put(NET, rules());
    azure().advance(60);
    expect(at(azure().get(NET).body, 'properties', 'provisioningState')).toBe('Updating');
    azure().settle();
    expect(at(azure().get(NET).body, 'properties', 'provisioningState')).toBe('Succeeded');
  });

  it('faults the firewall when a change of its rules fails', () => {
    family();
    azure().failNext('PUT', 'ruleCollectionGroups/net', 'FirewallPolicyUpdateFailed');
    azure().putAsApp(NET, withGroups(IPG, IPG_2));
    azure().settle();
    expect(at(azure().get(NET).body, 'properties', 'provisioningState')).toBe('Failed');
    expect(at(azure().get(FIREWALL).body, 'properties', 'provisioningState')).toBe('Failed');
    expect(azure().put(IPG, ipGroup('10.240.0.0/21'))).toMatchObject({ status: 400, code: 'IpGroupsUpdateFailed' });
    azure().make(FIREWALL, firewall());
    azure().make(NET, rules());
    expect(at(azure().get(FIREWALL).body, 'properties', 'provisioningState')).toBe('Succeeded');
  });
});

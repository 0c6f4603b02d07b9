import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../../lib/baseline/compile.ts';
import { kindOf, kinds } from '../../../../lib/baseline/kinds/index.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import { compare } from '../../../../lib/plan/compare.ts';
import { type DesiredNode, normaliseId } from '../../../../lib/plan/graph.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import { sample } from '../../../support/sample.ts';

const NOW = '2026-11-20T00:00:00Z';
const nodes = (['aks-baseline', 'two-regions'] as const)
  .flatMap((name) => compile(sample(name).resolved, [], NOW).nodes)
  .filter(({ presence }) => presence !== 'reference');
const GUID = '7c3f3c0e-0000-4000-8000-5f0000000000';

type Body = { [name: string]: Json | undefined };
const members = (list: Json | undefined): readonly Body[] => (Array.isArray(list) ? list.filter(isJsonObject) : []);
const properties = (body: JsonObject): Body => (isJsonObject(body.properties) ? { ...body.properties } : {});

/** What Microsoft.Network adds to a child: id, etag, type and state. */
function child(parent: string, collection: string, entry: Body, more: Body = {}): Body {
  const id = `${parent}/${collection}/${String(entry.name)}`;
  return {
    ...entry,
    id,
    etag: `W/"${GUID}"`,
    type: 'x/y/z',
    properties: { ...properties(entry), ...more, provisioningState: 'Succeeded' },
  };
}

/** Answers as Azure gives them for what was written: with defaults, back references, another case and another order. */
const ANSWERS: Readonly<Record<string, (node: DesiredNode, body: Body) => Body>> = {
  virtualNetwork: ({ id }, body) => ({
    ...body,
    ...properties(body),
    subnets: members(body.subnets).map((subnet) =>
      child(id, 'subnets', subnet, {
        ipConfigurations: [{ id: `${id}/x/y/ipConfigurations/z` }],
        delegations: members(properties(subnet).delegations).map((entry) =>
          child(`${id}/subnets/${String(subnet.name)}`, 'delegations', entry, {
            actions: ['Microsoft.Network/virtualNetworks/subnets/join/action'],
          }),
        ),
        serviceEndpoints: members(properties(subnet).serviceEndpoints).map((entry) => ({
          ...entry,
          provisioningState: 'Succeeded',
          locations: ['*'],
        })),
        privateEndpointNetworkPolicies: properties(subnet).privateEndpointNetworkPolicies ?? 'Disabled',
        privateLinkServiceNetworkPolicies: properties(subnet).privateLinkServiceNetworkPolicies ?? 'Enabled',
      }),
    ),
    virtualNetworkPeerings: [
      child(id, 'virtualNetworkPeerings', { name: 'hub-to-somewhere', properties: { peeringState: 'Connected' } }),
    ],
    enableDdosProtection: body.enableDdosProtection ?? false,
  }),
  networkSecurityGroup: ({ id }, body) => ({
    ...body,
    securityRules: members(body.securityRules)
      .map((rule) => {
        const own = properties(rule);
        const reversed = Array.isArray(own.destinationAddressPrefixes)
          ? { destinationAddressPrefixes: [...own.destinationAddressPrefixes].reverse() }
          : { destinationAddressPrefixes: [] };
        return child(id, 'securityRules', rule, {
          protocol: String(own.protocol).toUpperCase(),
          sourcePortRanges: [],
          ...reversed,
        });
      })
      .reverse(),
    defaultSecurityRules: [
      child(id, 'defaultSecurityRules', { name: 'AllowVnetInBound', properties: { priority: 65000 } }),
    ],
    subnets: [{ id: `${id}/subnets/s` }],
  }),
  routeTable: ({ id }, body) => ({
    ...body,
    routes: members(body.routes).map((route) =>
      child(id, 'routes', route, { hasBgpOverride: false, nextHopIpAddress: properties(route).nextHopIpAddress ?? '' }),
    ),
    subnets: [{ id: `${id}/subnets/s` }],
  }),
  virtualNetworkPeering: (_, body) => ({
    ...body,
    peeringState: 'Connected',
    peeringSyncLevel: 'FullyInSync',
    remoteAddressSpace: { addressPrefixes: ['10.0.0.0/8'] },
    remoteVirtualNetworkAddressSpace: { addressPrefixes: ['10.0.0.0/8'] },
    doNotVerifyRemoteGateways: false,
    peerCompleteVnets: true,
  }),
  publicIPAddress: ({ id }, body) => ({
    ...body,
    ipAddress: '203.0.113.7',
    ipTags: [],
    ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
    ipConfiguration: { id: `${id}/x/y` },
  }),
  publicIPPrefix: ({ id }, body) => ({
    ...body,
    ipPrefix: '203.0.113.0/28',
    ipTags: [],
    publicIPAddresses: [{ id: `${id}-00` }],
  }),
  natGateway: ({ id }, body) => ({
    ...body,
    subnets: [{ id: `${id}/subnets/s` }],
    publicIpPrefixes: body.publicIpPrefixes ?? [],
  }),
  ipGroup: ({ id }, body) => ({
    ...body,
    ipAddresses: Array.isArray(body.ipAddresses) ? [...body.ipAddresses].reverse() : [],
    firewalls: [],
    firewallPolicies: [{ id }],
  }),
  firewallPolicy: ({ id }, body) => ({
    ...body,
    ruleCollectionGroups: [{ id: `${id}/ruleCollectionGroups/g` }],
    firewalls: [{ id }],
    childPolicies: [],
    size: '0.1 MB',
  }),
  firewallPolicyRuleCollectionGroup: (_, body) => ({
    ...body,
    size: '0.01 MB',
    ruleCollections: members(body.ruleCollections).map((collection) => ({
      ...collection,
      action: { type: 'ALLOW' },
      rules: members(collection.rules).map((rule) => ({
        ...rule,
        sourceAddresses: rule.sourceAddresses ?? [],
        destinationAddresses: rule.destinationAddresses ?? [],
        terminateTLS: rule.ruleType === 'ApplicationRule' ? false : undefined,
        targetUrls: rule.ruleType === 'ApplicationRule' ? [] : undefined,
        sourceIpGroups: Array.isArray(rule.sourceIpGroups)
          ? rule.sourceIpGroups.map((group) => String(group).toLowerCase()).reverse()
          : [],
        targetFqdns: Array.isArray(rule.targetFqdns) ? [...rule.targetFqdns].reverse() : undefined,
      })),
    })),
  }),
  azureFirewall: ({ id }, body) => ({
    ...body,
    threatIntelMode: 'Alert',
    additionalProperties: {},
    networkRuleCollections: [],
    applicationRuleCollections: [],
    natRuleCollections: [],
    ipGroups: [{ id, changeNumber: '2' }],
    ipConfigurations: members(body.ipConfigurations).map((entry, index) =>
      child(id, 'azureFirewallIpConfigurations', entry, {
        privateIPAllocationMethod: 'Dynamic',
        ...(index === 0 ? { privateIPAddress: '10.200.0.4' } : {}),
      }),
    ),
  }),
  bastionHost: ({ id }, body) => ({
    ...body,
    dnsName: 'bst-x.bastion.azure.com',
    enableFileCopy: false,
    ipConfigurations: members(body.ipConfigurations).map((entry) => child(id, 'bastionHostIpConfigurations', entry)),
  }),
  logAnalyticsWorkspace: (_, body) => ({
    ...body,
    sku: { name: 'pergb2018', lastSkuUpdate: NOW },
    customerId: GUID,
    publicNetworkAccessForIngestion: 'Enabled',
    workspaceCapping: { dailyQuotaGb: -1, dataIngestionStatus: 'RespectQuota' },
  }),
  privateDnsZone: (_, body) => ({ ...body, numberOfRecordSets: 1, maxNumberOfRecordSets: 25000, internalId: GUID }),
  privateDnsZoneLink: (_, body) => ({ ...body, virtualNetworkLinkState: 'Completed', resolutionPolicy: 'Default' }),
  actionGroup: (_, body) => ({
    ...body,
    emailReceivers: [{ name: 'pager', emailAddress: 'ops@example.com', useCommonAlertSchema: true, status: 'Enabled' }],
    azureFunctionReceivers: [],
    webhookReceivers: members(body.webhookReceivers).map((one) => ({
      ...one,
      objectId: String(one.objectId).toUpperCase(),
      managedIdentity: null,
    })),
  }),
  metricAlert: (_, body) => ({
    ...body,
    scopes: Array.isArray(body.scopes) ? body.scopes.map((scope) => String(scope).toLowerCase()) : [],
    targetResourceRegion: 'westeurope',
    isMigrated: false,
    lastUpdatedTime: NOW,
    actions: members(body.actions).map((one) => ({
      actionGroupId: String(one.actionGroupId).toLowerCase(),
      webHookProperties: {},
    })),
  }),
  diagnosticSetting: (_, body) => ({
    ...body,
    logs: members(body.logs).map((entry) => ({
      ...entry,
      category: null,
      retentionPolicy: { enabled: false, days: 0 },
    })),
    metrics: members(body.metrics).map((entry) => ({ ...entry, retentionPolicy: { enabled: false, days: 0 } })),
    storageAccountId: null,
  }),
};

function serviceProperties({ kind }: DesiredNode): Body {
  if (kind === 'diagnosticSetting') return {};
  const { type, apiVersion } = kindOf(kind);
  const isNetwork = type.startsWith('Microsoft.Network/') && apiVersion === kindOf('virtualNetwork').apiVersion;
  return { provisioningState: 'Succeeded', ...(isNetwork ? { resourceGuid: GUID } : {}) };
}

/** ARM writes a location its own way and ids in another case, and drops nothing that it was given. */
function answerOf(node: DesiredNode): JsonObject {
  const written = mergeForWrite(node.body, null, kindOf(node.kind).comparison, {});
  const own = ANSWERS[node.kind]?.(node, properties(written)) ?? properties(written);
  const location = written.location === 'westeurope' ? 'West Europe' : written.location;
  const zones = Array.isArray(written.zones) ? [...written.zones].reverse() : written.zones;
  return {
    ...written,
    id: node.id,
    name: node.id.split('/').at(-1),
    type: kindOf(node.kind).type,
    etag: `W/"${GUID}"`,
    ...(location === undefined ? {} : { location }),
    ...(zones === undefined ? {} : { zones }),
    properties: { ...own, ...serviceProperties(node) },
  };
}

describe.each(kinds.map(({ name }) => name))('%s', (name) => {
  const own = nodes.filter(({ kind }) => kind === name);

  it('is in the samples', () => {
    expect(own.length).toBeGreaterThan(0);
  });

  it('is no drift as Azure answers it', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const found = compare(node.body, answerOf(node), comparison, ownedFieldsOf(node, comparison));

      expect({ id: node.id, ...found }).toEqual({ id: node.id, differences: [], immutable: [] });
    }
  });

  it('shows a change of anything that it declares', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const answer = answerOf(node);
      const tampered: JsonObject = {
        ...answer,
        properties: { provisioningState: 'Succeeded' },
        tags: {},
        sku: { name: 'Other' },
      };
      const found = compare(node.body, tampered, comparison, ownedFieldsOf(node, comparison));
      const declared = Object.keys(ownedFieldsOf(node, comparison)).filter(
        (path) => path !== 'location' && path !== 'zones',
      );

      if (declared.length > 0) expect(found.differences.length + found.immutable.length).toBeGreaterThan(0);
    }
  });

  it('sends back nothing that only Azure sets, and everything of others', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const answer = { ...answerOf(node), tags: { theirs: 'stays' } };
      const body = mergeForWrite(node.body, answer, comparison, ownedFieldsOf(node, comparison));

      expect(JSON.stringify(body)).not.toMatch(/provisioningState|resourceGuid|W\//);
      // Diagnostic settings have no tags of their own.
      if (name !== 'diagnosticSetting') expect(body.tags).toMatchObject({ theirs: 'stays' });
    }
  });

  it('says which references it holds', () => {
    const { referencesOf } = kindOf(name);
    for (const node of own) {
      const found = referencesOf(answerOf(node)).map(normaliseId);

      expect(found).toEqual(expect.arrayContaining(referencesOf(node.body).map(normaliseId)));
    }
  });
});

describe('kinds', () => {
  it('have names of their own and pinned versions', () => {
    expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
    expect(new Set(kinds.map(({ type }) => type.toLowerCase())).size).toBe(kinds.length);
    for (const { apiVersion } of kinds) expect(apiVersion).toMatch(/^20\d\d-\d\d-\d\d(-preview)?$/);
  });

  it('read children through a kind that exists', () => {
    for (const { observe } of kinds)
      if (observe.by === 'inline') expect(kindOf(observe.parentKind).observe.by).toBe('subscription');
    expect(() => kindOf('unicorn')).toThrow(TypeError);
  });

  it('call a create safe and a delete never', () => {
    for (const { riskOf } of kinds) {
      expect(riskOf('create', [{ path: 'properties', after: {} }])).toBe('safe');
      expect(riskOf('delete', [])).not.toBe('safe');
      expect(riskOf('update', [{ path: 'tags.owner', before: 'a', after: 'b' }])).toBe('safe');
    }
  });
});

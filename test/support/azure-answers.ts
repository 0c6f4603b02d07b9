import { kindOf } from '../../lib/baseline/kinds/index.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';

const NOW = '2026-11-20T00:00:00Z';
const GUID = '7c3f3c0e-0000-4000-8000-5f0000000000';

/** A write as it was sent. */
export interface Written {
  readonly id: string;
  /** Name of the kind, such as `virtualNetwork`. */
  readonly kind: string;
  readonly body: JsonObject;
}

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
const ANSWERS: Readonly<Record<string, (written: Written, body: Body) => Body>> = {
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
      action: { type: String(isJsonObject(collection.action) ? collection.action.type : '').toUpperCase() },
      rules: members(collection.rules).map((rule) => ({
        ...rule,
        sourceAddresses: rule.sourceAddresses ?? [],
        destinationAddresses: rule.destinationAddresses ?? [],
        terminateTLS: rule.ruleType === 'ApplicationRule' ? (rule.terminateTLS ?? false) : undefined,
        targetUrls: rule.ruleType === 'ApplicationRule' ? (rule.targetUrls ?? []) : undefined,
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

function serviceProperties(kind: string): Body {
  if (kind === 'diagnosticSetting') return {};
  const { type, apiVersion } = kindOf(kind);
  const isNetwork = type.startsWith('Microsoft.Network/') && apiVersion === kindOf('virtualNetwork').apiVersion;
  return { provisioningState: 'Succeeded', ...(isNetwork ? { resourceGuid: GUID } : {}) };
}

/**
 * The body that a GET shows after `body` was written to a resource: with what Azure adds by itself (defaults, states,
 * back references), its way to write a location, ids in another case and lists in another order.
 */
export function azureAnswer({ id, kind, body }: Written): JsonObject {
  const own = ANSWERS[kind]?.({ id, kind, body }, properties(body)) ?? properties(body);
  const location = body.location === 'westeurope' ? 'West Europe' : body.location;
  const zones = Array.isArray(body.zones) ? [...body.zones].reverse() : body.zones;
  return {
    ...body,
    id,
    name: id.split('/').at(-1),
    type: kindOf(kind).type,
    etag: `W/"${GUID}"`,
    ...(location === undefined ? {} : { location }),
    ...(zones === undefined ? {} : { zones }),
    properties: { ...own, ...serviceProperties(kind) },
  };
}

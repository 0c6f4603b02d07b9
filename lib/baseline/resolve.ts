import { resourceGroupId } from './arm-id.ts';
import { RESERVED_SUBNET_NAMES } from './network-requests.ts';
import { diagnosticSettingName, diagnosticSettings, type Observable } from './resolve/diagnostics.ts';
import { resolveEgressAlerts } from './resolve/egress-alerts.ts';
import { resolveFirewallParts } from './resolve/firewall.ts';
import { NameBook } from './resolve/name-book.ts';
import { resolveNetworks } from './resolve/networks.ts';
import { resolvePeerings } from './resolve/peerings.ts';
import { existing, hubPlace, made, type Place, spokePlace, uniqueById } from './resolve/place.ts';
import { resolvePrivateDns } from './resolve/private-dns.ts';
import type {
  ResolvedBaseline,
  ResolvedBastion,
  ResolvedNetwork,
  ResolvedPublicIpAddress,
  ResolvedResource,
  ResolvedResourceGroup,
  ResolvedWorkspace,
} from './resolved.ts';
import type { BaselineSpec } from './spec.ts';

function resourceGroup(place: Place, adopted: boolean, path: string): ResolvedResourceGroup {
  const { subscriptionId, resourceGroup: name, location, scope } = place;
  const presence = adopted ? 'reference' : 'create';
  const id = resourceGroupId(subscriptionId, name);
  return { id, name, subscriptionId, resourceGroup: name, location, presence, scope, path };
}

function resolveResourceGroups(spec: BaselineSpec, hub: Place): readonly ResolvedResourceGroup[] {
  const groups = [
    resourceGroup(hub, spec.hub.resourceGroup.id !== undefined, 'hub.resourceGroup'),
    ...spec.spokes.map((spoke, index) => {
      const adopted = (spoke.resourceGroup ?? spec.hub.resourceGroup).id !== undefined;
      return resourceGroup(spokePlace(spec, spoke, index), adopted, `spokes[${index}].resourceGroup`);
    }),
  ];
  return uniqueById(groups);
}

function resolveWorkspace(spec: BaselineSpec, hub: Place, names: NameBook): ResolvedWorkspace | undefined {
  const { enabled, workspace } = spec.observability;
  if (!enabled) return undefined;
  const place = { ...hub, path: 'observability.workspace' };
  const resource =
    workspace.id === undefined
      ? made(
          place,
          'Microsoft.OperationalInsights/workspaces',
          names.name('logAnalyticsWorkspace', `log-${hub.location}-hub`, workspace.name),
        )
      : existing(workspace.id, 'reference', place);
  return { ...resource, retentionInDays: workspace.retentionInDays, dailyQuotaGb: workspace.dailyQuotaGb };
}

function resolveDdosProtectionPlan(spec: BaselineSpec, hub: Place, names: NameBook): ResolvedResource | undefined {
  const plan = spec.hub.ddosProtectionPlan;
  if (plan === undefined) return undefined;
  const place = { ...hub, path: 'hub.ddosProtectionPlan' };
  if (plan.id !== undefined) return existing(plan.id, 'reference', place);
  const name = names.name('ddosProtectionPlan', `ddos-${hub.location}`, plan.name);
  return made(place, 'Microsoft.Network/ddosProtectionPlans', name);
}

function resolveBastion(
  spec: BaselineSpec,
  hub: Place,
  names: NameBook,
  network: ResolvedNetwork | undefined,
): { readonly bastion?: ResolvedBastion; readonly publicIpAddresses: readonly ResolvedPublicIpAddress[] } {
  const { bastion } = spec.hub;
  if (bastion === undefined || network === undefined) return { publicIpAddresses: [] };
  const place = { ...hub, path: 'hub.bastion' };
  const zones = bastion.zones ?? [];
  const address: ResolvedPublicIpAddress = {
    ...made(place, 'Microsoft.Network/publicIPAddresses', names.name('publicIPAddress', `pip-ab-${hub.location}`)),
    purpose: 'bastion',
    sku: 'Standard',
    zones,
    owner: 'spec',
  };
  const resolved: ResolvedBastion = {
    ...made(place, 'Microsoft.Network/bastionHosts', names.name('bastionHost', `ab-${hub.location}`, bastion.name)),
    sku: bastion.sku,
    enableTunneling: bastion.enableTunneling ?? bastion.sku !== 'Basic',
    scaleUnits: bastion.scaleUnits,
    zones,
    networkId: network.id,
    subnetId: `${network.id}/subnets/${RESERVED_SUBNET_NAMES.bastion}`,
    publicIpId: address.id,
  };
  return { bastion: resolved, publicIpAddresses: [address] };
}

/**
 * Works out every name, id and address of a spec. Pure. The spec must have passed validation: what the constraints
 * refuse is not looked at again here, and only subnets that do not fit make it throw (`ProblemError`, actor `caller`).
 */
export function resolve(spec: BaselineSpec): ResolvedBaseline {
  const names = new NameBook(spec.nameOverrides);
  const hub = hubPlace(spec.hub);
  const workspace = resolveWorkspace(spec, hub, names);
  const ddosProtectionPlan = resolveDdosProtectionPlan(spec, hub, names);
  const networks = resolveNetworks({ spec, names, hub, ddosProtectionPlanId: ddosProtectionPlan?.id });
  const hop = networks.egressHop;
  const firewall = resolveFirewallParts({
    spec,
    names,
    place: { ...hub, scope: 'egress' },
    networks: networks.networks,
    hop,
    workspace,
  });
  const { bastion, publicIpAddresses } = resolveBastion(spec, hub, names, networks.networks[0]);
  const dns = resolvePrivateDns(spec.name, spec.hub.privateDnsZones, hub, names, networks.networks, hop);
  names.name('diagnosticSetting', 'hubkeeper');

  const observable: Observable = {
    name: spec.name,
    cloud: spec.cloud,
    spec,
    tags: spec.tags,
    resourceGroups: resolveResourceGroups(spec, hub),
    networks: networks.networks,
    networkSecurityGroups: networks.networkSecurityGroups,
    routeTables: networks.routeTables,
    natGateways: networks.natGateways,
    publicIpPrefixes: uniqueById([...firewall.publicIpPrefixes, ...networks.publicIpPrefixes]),
    publicIpAddresses: uniqueById([...firewall.publicIpAddresses, ...publicIpAddresses, ...networks.publicIpAddresses]),
    ipGroups: uniqueById(firewall.ipGroups),
    firewallPolicy: firewall.firewallPolicy,
    ruleCollectionGroups: firewall.ruleCollectionGroups,
    firewall: firewall.firewall,
    egressHop: hop,
    bastion,
    ddosProtectionPlan,
    peerings: resolvePeerings(spec, names, networks.networks),
    privateDnsZones: uniqueById(dns.zones),
    privateDnsZoneLinks: dns.links,
    workspace,
    ...resolveEgressAlerts(spec, { ...hub, scope: 'egress', path: 'egress' }, names, firewall.firewall),
  };
  const madeNames = names.made;
  return {
    ...observable,
    diagnosticSettings: diagnosticSettings(observable, diagnosticSettingName({ madeNames })),
    madeNames,
  };
}

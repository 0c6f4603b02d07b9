import type { ArmError } from '../arm-error.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { withoutEnvelope } from '../presentation.ts';
import type { Reference, ResourceId, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { tierOf, validateTierPair } from './firewall-policies.ts';
import { allocateAddress, rangeOf, subnetPrefixes } from './support/address-allocation.ts';
import { draftsIn, propertiesOf } from './support/children.ts';
import {
  addressesAndDestinations,
  dnatDestinationsOf,
  MOST_ADDRESSES_AND_DNAT_DESTINATIONS,
  snatAddressIds,
} from './support/dnat.ts';
import { changeProperties } from './support/effects.ts';
import { given, numberAt, objectAt, objectsAt, textAt, without } from './support/fields.ts';
import { distinctIds, FIREWALLS, familyLocks, ipGroupsOfPolicy, policyOf } from './support/firewall-family.ts';
import { resourceGroupOf, sameId, sameName } from './support/ids.ts';
import { validateChildNames } from './support/names.ts';
import { NETWORK_API_VERSIONS, networkStyle, spread } from './support/network.ts';
import { firstError, firstOf, missingProperty, refuse } from './support/network-errors.ts';
import { validatePublicAddressUse } from './support/public-address-use.ts';
import { isSubnetNamed, networkOf, validateSameRegion } from './support/references.ts';
import { sameZones, validateZones, zonesOf } from './support/zones.ts';

/** Microsoft documents 2 to 50 capacity units for prescaling. */
const LEAST_CAPACITY = 2;
const MOST_CAPACITY = 50;

const TIERS: readonly string[] = ['Basic', 'Standard', 'Premium'];

/** Children in service answers; Microsoft's examples and many requests say `ipConfigurations`. */
const CONFIGURATIONS = 'azureFirewallIpConfigurations';

const RULE_COLLECTIONS = ['networkRuleCollections', 'applicationRuleCollections', 'natRuleCollections'] as const;

/**
 * Azure Firewall in a virtual network. One ipConfiguration names the subnet: the first, or where a firewall has it
 * already; a body without any deallocates the firewall. Its private address is the first free one of the subnet. The
 * traffic settings of the simulation may say otherwise, as `{"firewalls": {"{id}": {"privateIPAddress": "10.0.0.9"}}}`,
 * and with `"subnetInAnyConfiguration": true` make firewalls that have the subnet elsewhere. Members that no type knows
 * stay, as with an api-version that does.
 */
export const azureFirewalls: ResourceType = {
  type: FIREWALLS,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    return firstError(
      () => validateSku(write),
      () => validateFirewallZones(write),
      () => validateConfigurations(write, world),
      () => validateManagement(write, world),
      () => validatePublicAddresses(write, world),
      () => validatePolicy(write, world),
      () => validateAutoscale(write),
    );
  },
  store(write) {
    const had = objectsAt(write.existing?.body, 'properties', 'ipConfigurations');
    const management = objectAt(write.existing?.body, 'properties', 'managementIpConfiguration');
    const wanted = objectAt(write.body, 'properties', 'managementIpConfiguration');
    return {
      body: {
        ...without(withoutEnvelope(write.body), 'zones'),
        ...given('zones', zonesOf(write.body).length === 0 ? undefined : zonesOf(write.body)),
        properties: {
          threatIntelMode: 'Alert',
          additionalProperties: {},
          ...Object.fromEntries(RULE_COLLECTIONS.map((name) => [name, []])),
          ...propertiesOf(write.body, 'ipGroups', 'afcConfiguration'),
          sku: { name: 'AZFW_VNet', tier: firewallTier(write.body) },
          ipConfigurations: objectsAt(write.body, 'properties', 'ipConfigurations').map((item) =>
            configuration(item, had),
          ),
          ...(textAt(wanted, 'name') === undefined
            ? {}
            : { managementIpConfiguration: configuration(wanted, [management]) }),
        },
      },
    };
  },
  present: presentFirewall,
  references: firewallReferences,
  locks(target, world) {
    const before = world.get(target.id.id);
    const networks = [...subnetIds(target.body), ...subnetIds(before?.body ?? {})].map(networkOf);
    const policies = [
      textAt(target.body, 'properties', 'firewallPolicy', 'id'),
      before === undefined ? undefined : policyOf(before),
    ];
    const addresses = [...addressIds(target.body), ...addressIds(before?.body ?? {})];
    return [
      { id: target.id.id, mode: 'exclusive' },
      ...distinctIds(networks).map((id) => ({ id, mode: 'exclusive' }) as const),
      ...familyLocks(
        policies.filter((id) => id !== undefined),
        world,
      ).filter(({ id }) => !sameId(id, target.id.id)),
      ...distinctIds(addresses).map((id) => ({ id, mode: 'shared' }) as const),
    ];
  },
  asyncStyle: networkStyle,
  durationSeconds(kind, write, random, resource) {
    if (kind === 'delete') return spread([300, 900], random);
    const live = (body: JsonObject | undefined) => objectsAt(body, 'properties', 'ipConfigurations').length > 0;
    if (!live(write?.body) && !live(resource?.body)) return spread([5, 15], random);
    return live(resource?.body) ? spread([180, 300], random) : spread([300, 720], random);
  },
  failure: takesDnatAddressAway,
  whenSettled: allocateAddresses,
};

function firewallTier(body: JsonObject): string {
  const tier = textAt(body, 'properties', 'sku', 'tier') ?? 'Standard';
  return TIERS.find((known) => sameName(known, tier)) ?? tier;
}

function configurationsOf(body: JsonObject): readonly JsonObject[] {
  const management = objectAt(body, 'properties', 'managementIpConfiguration');
  const all = objectsAt(body, 'properties', 'ipConfigurations');
  return textAt(management, 'name') === undefined ? all : [...all, management];
}

function subnetIds(body: JsonObject): readonly string[] {
  return configurationsOf(body)
    .map((item) => textAt(item, 'properties', 'subnet', 'id'))
    .filter((id) => id !== undefined);
}

function addressIds(body: JsonObject): readonly string[] {
  return configurationsOf(body)
    .map((item) => textAt(item, 'properties', 'publicIPAddress', 'id'))
    .filter((id) => id !== undefined);
}

/** An ipConfiguration as stored: an address that it has already stays while its subnet does. */
function configuration(item: JsonObject, before: readonly JsonObject[]): JsonObject {
  const name = textAt(item, 'name') ?? '';
  const subnet = textAt(item, 'properties', 'subnet', 'id');
  const address = textAt(item, 'properties', 'publicIPAddress', 'id');
  const had = before.find(
    (other) => subnet !== undefined && sameId(textAt(other, 'properties', 'subnet', 'id'), subnet),
  );
  return {
    ...withoutEnvelope(item),
    name,
    properties: {
      ...propertiesOf(item, 'privateIPAddress', 'privateIPAllocationMethod', 'subnet', 'publicIPAddress'),
      ...given('privateIPAddress', textAt(had, 'properties', 'privateIPAddress')),
      ...(subnet === undefined ? {} : { subnet: { id: subnet } }),
      ...(address === undefined ? {} : { publicIPAddress: { id: address } }),
    },
  };
}

function presentFirewall(firewall: StoredResource, world: World): JsonObject {
  const properties = objectAt(firewall.body, 'properties');
  const shown = (item: JsonObject): JsonObject => ({
    ...item,
    name: textAt(item, 'name') ?? '',
    id: `${firewall.id.id}/${CONFIGURATIONS}/${textAt(item, 'name')}`,
    etag: firewall.etag,
    type: `${FIREWALLS}/${CONFIGURATIONS}`,
    properties: { provisioningState: firewall.provisioningState, ...objectAt(item, 'properties') },
  });
  const management = objectAt(properties, 'managementIpConfiguration');
  const policy = policyOf(firewall);
  const groups = policy === undefined ? [] : ipGroupsOfPolicy(policy, world);
  return {
    ...firewall.body,
    properties: {
      ...properties,
      ipConfigurations: objectsAt(properties, 'ipConfigurations').map(shown),
      ...(textAt(management, 'name') === undefined ? {} : { managementIpConfiguration: shown(management) }),
      ...Object.fromEntries(RULE_COLLECTIONS.map((name) => [name, ruleCollections(firewall, name)])),
      ...(groups.length === 0
        ? {}
        : { ipGroups: groups.map((id) => ({ id, changeNumber: String(world.get(id)?.changedAtMs ?? 0) })) }),
    },
  };
}

function ruleCollections(firewall: StoredResource, name: (typeof RULE_COLLECTIONS)[number]): readonly JsonObject[] {
  return objectsAt(firewall.body, 'properties', name).map((item) => ({
    name: textAt(item, 'name') ?? '',
    id: `${firewall.id.id}/${name}/${textAt(item, 'name')}`,
    etag: firewall.etag,
    properties: { provisioningState: firewall.provisioningState, ...propertiesOf(item) },
  }));
}

function firewallReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  const parts = configurationsOf(body).flatMap((item): readonly Reference[] => {
    const by = `${id.id}/${CONFIGURATIONS}/${textAt(item, 'name')}`;
    const subnet = textAt(item, 'properties', 'subnet', 'id');
    const address = textAt(item, 'properties', 'publicIPAddress', 'id');
    return [
      ...(subnet === undefined
        ? []
        : [{ to: subnet, by, linkedAction: 'Microsoft.Network/virtualNetworks/subnets/join/action' }]),
      ...(address === undefined
        ? []
        : [{ to: address, by, linkedAction: 'Microsoft.Network/publicIPAddresses/join/action' }]),
    ];
  });
  const policy = textAt(body, 'properties', 'firewallPolicy', 'id');
  if (policy === undefined) return parts;
  // A policy that is being changed holds its family locked: the answer is 409, not a retryable reference.
  const join = { linkedAction: 'Microsoft.Network/firewallPolicies/join/action', whenNotSucceeded: 'ignore' } as const;
  return [...parts, { to: policy, by: id.id, ...join }];
}

function validateSku(write: Write): ArmError | null {
  const name = textAt(write.body, 'properties', 'sku', 'name') ?? 'AZFW_VNet';
  const tier = firewallTier(write.body);
  if (!sameName(name, 'AZFW_VNet')) {
    return refuse(
      'AzureFirewallSkuNotSupported',
      `Azure Firewall ${write.id.id} with sku ${name} must reference a virtual hub; only AZFW_VNet is available here.`,
    );
  }
  if (TIERS.includes(tier)) return null;
  return refuse('AzureFirewallInvalidSkuTier', `Azure Firewall ${write.id.id} has invalid sku tier ${tier}.`);
}

/** Zones may change while the firewall is deallocated, not otherwise. */
function validateFirewallZones(write: Write): ArmError | null {
  const deallocated = objectsAt(write.existing?.body, 'properties', 'ipConfigurations').length === 0;
  if (!deallocated) return validateZones(write);
  const { existing: _deallocated, ...fresh } = write;
  return validateZones(fresh);
}

function validateConfigurations(write: Write, world: World): ArmError | null {
  const drafts = draftsIn(write.body, 'ipConfigurations') ?? [];
  const id = write.id.id;
  const [first] = drafts;
  const management = textAt(write.body, 'properties', 'managementIpConfiguration', 'name');
  const names = [...drafts.map(({ name }) => name), ...(management === undefined ? [] : [management])];
  const badName = validateChildNames(id, names);
  if (badName !== null) return badName;
  if (first === undefined) return null;
  const carrying = drafts.filter(({ properties }) => textAt(properties, 'subnet', 'id') !== undefined);
  const [carrier, second] = carrying;
  if (carrier === undefined || (carrier !== first && !mayHaveSubnetElsewhere(write, carrier.name, world))) {
    return refuse(
      'AzureFirewallIpConfigurationSubnetMissing',
      `The first IP configuration ${first.name} of Azure Firewall ${id} must reference subnet AzureFirewallSubnet.`,
    );
  }
  if (second !== undefined) {
    return refuse(
      'AzureFirewallMultipleIpConfigurationsWithSubnet',
      `IP configuration ${second.name} of Azure Firewall ${id} references a subnet. Only the first IP configuration may.`,
    );
  }
  const subnet = textAt(carrier.properties, 'subnet', 'id') ?? '';
  return firstError(
    () => validateSubnet(write, subnet, 'AzureFirewallSubnet', world),
    () => validateSubnetStays(write, subnet),
    () =>
      validateFirstStays(
        write,
        drafts.map(({ name }) => name),
      ),
    () => validateSubnetSize(subnet, world),
  );
}

/** Whether the configuration of that name may carry the subnet without being the first: as it does already, or by setting. */
function mayHaveSubnetElsewhere(write: Write, name: string, world: World): boolean {
  if (settingsOf(write.id.id, world).subnetInAnyConfiguration === true) return true;
  const [first, ...others] = objectsAt(write.existing?.body, 'properties', 'ipConfigurations');
  if (textAt(first, 'properties', 'subnet', 'id') !== undefined) return false;
  const carrier = others.find((item) => textAt(item, 'properties', 'subnet', 'id') !== undefined);
  return sameName(textAt(carrier, 'name') ?? '', name);
}

/** What `PUT /_sim/traffic` says of a firewall. */
function settingsOf(firewallId: string, world: World): JsonObject {
  const [, settings] =
    Object.entries(objectAt(world.traffic, 'firewalls')).find(([id]) => sameId(id, firewallId)) ?? [];
  return isJsonObject(settings) ? settings : {};
}

function validateSubnet(write: Write, subnet: string, name: string, world: World): ArmError | null {
  const id = write.id.id;
  if (!isSubnetNamed(subnet, name)) {
    return refuse(
      'AzureFirewallInvalidSubnetName',
      `Azure Firewall ${id} references subnet ${subnet}. The subnet must be named ${name}.`,
    );
  }
  if (resourceGroupOf(subnet) !== resourceGroupOf(id)) {
    return refuse(
      'AzureFirewallReferencesSubnetInDifferentResourceGroup',
      `AzureFirewall ${id} references subnet (${subnet}) in a different resource group.`,
    );
  }
  const network = networkOf(subnet);
  const elsewhere = validateSameRegion(id, write.location, [network], world);
  if (elsewhere !== null) return elsewhere;
  const other = world.referencedBy(subnet).find(({ resource }) => !sameId(resource.id.id, id));
  if (other === undefined) return null;
  return refuse(
    'AzureFirewallSubnetAlreadyInUse',
    `Azure Firewall ${id} references subnet ${subnet} that is already in use by ${other.reference.by}.`,
  );
}

/** A live firewall keeps its subnet; deallocate it first. */
function validateSubnetStays(write: Write, subnet: string): ArmError | null {
  const [had] = objectsAt(write.existing?.body, 'properties', 'ipConfigurations')
    .map((item) => textAt(item, 'properties', 'subnet', 'id'))
    .filter((id) => id !== undefined);
  if (had === undefined || sameId(had, subnet)) return null;
  return refuse(
    'AzureFirewallSubnetCannotBeChanged',
    `The subnet of Azure Firewall ${write.id.id} cannot be changed from ${had} to ${subnet}.`,
  );
}

/** Microsoft: the first configuration of a live firewall cannot be removed. */
function validateFirstStays(write: Write, names: readonly string[]): ArmError | null {
  const [first] = objectsAt(write.existing?.body, 'properties', 'ipConfigurations');
  const had = textAt(first, 'name');
  if (had === undefined || names.some((name) => sameName(name, had))) return null;
  return refuse(
    'AzureFirewallFirstIpConfigurationCannotBeRemoved',
    `IP configuration ${had} of Azure Firewall ${write.id.id} is its first and cannot be removed.`,
  );
}

function validateSubnetSize(subnet: string, world: World): ArmError | null {
  const stored = world.get(subnet);
  const four = stored === undefined ? undefined : subnetPrefixes(stored.body).find(({ family }) => family === 4);
  if (four === undefined || four.length <= 26) return null;
  return refuse(
    'AzureFirewallSubnetTooSmall',
    `Subnet ${subnet} with address prefix ${four.text} is too small for an Azure Firewall. It must be /26 or larger.`,
  );
}

function validateManagement(write: Write, world: World): ArmError | null {
  const management = objectAt(write.body, 'properties', 'managementIpConfiguration');
  const live = objectsAt(write.body, 'properties', 'ipConfigurations').length > 0;
  const subnet = textAt(management, 'properties', 'subnet', 'id');
  if (textAt(management, 'name') === undefined) {
    if (!live || firewallTier(write.body) !== 'Basic') return null;
    return refuse(
      'AzureFirewallBasicSkuRequiresManagementIpConfiguration',
      `Azure Firewall ${write.id.id} of tier Basic must have a management IP configuration.`,
    );
  }
  if (subnet === undefined) return missingProperty(write.id.id, 'managementIpConfiguration.properties.subnet');
  if (textAt(management, 'properties', 'publicIPAddress', 'id') === undefined) {
    return missingProperty(write.id.id, 'managementIpConfiguration.properties.publicIPAddress');
  }
  const first = subnetIds(write.body)[0];
  if (first !== undefined && !sameId(networkOf(first), networkOf(subnet))) {
    return refuse(
      'AzureFirewallManagementSubnetInDifferentVirtualNetwork',
      `The subnets of Azure Firewall ${write.id.id} must be in one virtual network.`,
    );
  }
  return validateSubnet(write, subnet, 'AzureFirewallManagementSubnet', world);
}

/** Microsoft documents 2 to 50 for both, equal or more than 1 apart. */
function validateAutoscale(write: Write): ArmError | null {
  const least = numberAt(write.body, 'properties', 'autoscaleConfiguration', 'minCapacity');
  const most = numberAt(write.body, 'properties', 'autoscaleConfiguration', 'maxCapacity');
  const fits = (count: number | undefined) =>
    count === undefined || (Number.isInteger(count) && count >= LEAST_CAPACITY && count <= MOST_CAPACITY);
  const apart = least === undefined || most === undefined ? 0 : most - least;
  if (fits(least) && fits(most) && (apart === 0 || apart > 1)) return null;
  return refuse(
    'AzureFirewallInvalidAutoscaleConfiguration',
    `Azure Firewall ${write.id.id} has invalid autoscaleConfiguration: minCapacity ${least}, maxCapacity ${most}. Both ` +
      `must be between ${LEAST_CAPACITY} and ${MOST_CAPACITY}, and equal or more than 1 apart.`,
  );
}

function validatePublicAddresses(write: Write, world: World): ArmError | null {
  const id = write.id.id;
  const configurations = configurationsOf(write.body);
  const managed = textAt(write.body, 'properties', 'managementIpConfiguration', 'name') !== undefined;
  const bare = configurations.find(
    (item, index) => textAt(item, 'properties', 'publicIPAddress', 'id') === undefined && !(managed && index === 0),
  );
  if (bare !== undefined) {
    return refuse(
      'AzureFirewallIpConfigurationPublicIPAddressMissing',
      `IP configuration ${textAt(bare, 'name')} of Azure Firewall ${id} must reference a public IP address.`,
    );
  }
  const ids = addressIds(write.body);
  const twin = ids.find((one, index) => ids.findIndex((other) => sameId(other, one)) !== index);
  if (twin !== undefined) {
    return refuse(
      'AzureFirewallDuplicatePublicIPAddress',
      `Azure Firewall ${id} references public IP address ${twin} in more than one IP configuration.`,
    );
  }
  const used = addressesAndDestinations(write.body, dnatDestinationsOf(write.body, world));
  if (used > MOST_ADDRESSES_AND_DNAT_DESTINATIONS) {
    return refuse(
      'AzureFirewallPublicIPAddressCountLimitReached',
      `Azure Firewall ${id} cannot have more than ${MOST_ADDRESSES_AND_DNAT_DESTINATIONS} public IP addresses and DNAT ` +
        'destinations together.',
    );
  }
  return firstOf(ids, (address) =>
    firstError(
      () => validatePublicAddressUse(id, write.location, address, world),
      () => validateGroupAndZones(write, address, world),
    ),
  );
}

/**
 * An address that a DNAT rule names cannot leave the firewall, and Azure says no more than that something went wrong.
 * Rules that go with the same write count too: whether that would do is not documented. Deallocation takes all addresses.
 */
function takesDnatAddressAway({ existing, body }: Write, world: World): ArmError | null {
  const stay = snatAddressIds(body);
  if (existing === undefined || stay.length === 0) return null;
  const named = new Set(
    [existing.body, body].flatMap((firewall) => dnatDestinationsOf(firewall, world).map(({ address }) => address)),
  );
  const gone = snatAddressIds(existing.body).filter((id) => !stay.some((other) => sameId(other, id)));
  const isNamed = gone.some((id) => named.has(textAt(world.get(id)?.body, 'properties', 'ipAddress') ?? ''));
  return isNamed ? refuse('InternalServerError', 'An error occurred.', 500) : null;
}

function validateGroupAndZones(write: Write, addressId: string, world: World): ArmError | null {
  const address = world.get(addressId);
  if (address === undefined) return null;
  if (resourceGroupOf(addressId) !== resourceGroupOf(write.id.id)) {
    return refuse(
      'AzureFirewallReferencesPublicIPAddressInDifferentResourceGroup',
      `AzureFirewall ${write.id.id} references public IP address (${addressId}) in a different resource group.`,
    );
  }
  const wants = zonesOf(write.body);
  const has = zonesOf(address.body);
  if (sameZones(wants, has)) return null;
  if (wants.length > 0 && has.length === 0) {
    return refuse(
      'ZonalAzureFirewallCannotReferenceNoZonePublicIp',
      `Azure Firewall ${write.id.id} has zone constraint ${wants.join(', ')}, but Public IP ${addressId} referenced by the ` +
        'azure firewall has no zones',
    );
  }
  return refuse(
    'AzureFirewallAndPublicIpZoneMismatch',
    `Azure Firewall ${write.id.id} has zone constraint ${wants.join(', ') || 'NoZone'}, but Public IP ${addressId} ` +
      `referenced by the azure firewall has zone constraint ${has.join(', ')}`,
  );
}

function validatePolicy(write: Write, world: World): ArmError | null {
  const policyId = textAt(write.body, 'properties', 'firewallPolicy', 'id');
  if (policyId === undefined) return null;
  const classic = RULE_COLLECTIONS.some((name) => objectsAt(write.body, 'properties', name).length > 0);
  if (classic) {
    return refuse(
      'AzureFirewallPolicyAndRuleCollectionsConflict',
      `Azure Firewall ${write.id.id} cannot have both a firewall policy and rule collections.`,
    );
  }
  const policy = world.get(policyId);
  if (policy === undefined) return null;
  if (policy.provisioningState === 'Failed') {
    return refuse(
      'AzureFirewallReferencesFailedFirewallPolicy',
      `Azure Firewall ${write.id.id} references Firewall Policy ${policyId} that is in Failed state.`,
    );
  }
  return validateTierPair(write.id.id, firewallTier(write.body), tierOf(policy.body));
}

/** Private addresses for the configurations that have a subnet and none yet; a deallocated firewall has given its back. */
function allocateAddresses(firewall: StoredResource, world: World) {
  const properties = objectAt(firewall.body, 'properties');
  const forced = textAt(settingsOf(firewall.id.id, world), 'privateIPAddress');
  const withAddress = (item: JsonObject, choice: string | undefined): JsonObject => {
    const subnetId = textAt(item, 'properties', 'subnet', 'id');
    const subnet = subnetId === undefined ? undefined : world.get(subnetId);
    if (subnet === undefined || textAt(item, 'properties', 'privateIPAddress') !== undefined) return item;
    const chosen = choice !== undefined && rangeOf(choice) !== null ? choice : allocateAddress(subnet, world);
    return {
      ...item,
      properties: { ...given('privateIPAddress', chosen ?? undefined), ...objectAt(item, 'properties') },
    };
  };
  const configurations = objectsAt(properties, 'ipConfigurations').map((item) => withAddress(item, forced));
  const management = objectAt(properties, 'managementIpConfiguration');
  return [
    changeProperties(firewall, {
      ipConfigurations: configurations,
      ...(textAt(management, 'name') === undefined
        ? {}
        : { managementIpConfiguration: withAddress(management, undefined) }),
    }),
  ];
}

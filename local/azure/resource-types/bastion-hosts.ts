import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceType, World, Write } from '../resource-type.ts';
import { subnetPrefixes } from './support/address-allocation.ts';
import { draftsIn, propertiesOf } from './support/children.ts';
import { flagAt, given, numberAt, objectAt, objectsAt, textAt } from './support/fields.ts';
import { guidOf, sameId, sameName } from './support/ids.ts';
import { validateChildNames } from './support/names.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import { firstError, missingProperty, refuse } from './support/network-errors.ts';
import { validatePublicAddressUse } from './support/public-address-use.ts';
import { isSubnetNamed, networkOf, validateSameRegion } from './support/references.ts';
import { validateZones, zonesOf } from './support/zones.ts';

/** In order: a host can go up, never down. */
const SKUS: readonly string[] = ['Basic', 'Standard', 'Premium'];

const STANDARD_FEATURES: readonly string[] = [
  'disableCopyPaste',
  'enableFileCopy',
  'enableIpConnect',
  'enableShareableLink',
  'enableTunneling',
];
const PREMIUM_FEATURES: readonly string[] = ['enableSessionRecording', 'enablePrivateOnlyBastion'];

/** Azure Bastion hosts. Its creation holds the virtual network, as that of a firewall or a gateway does. */
export const bastionHosts: ResourceType = {
  type: 'Microsoft.Network/bastionHosts',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    return firstError(
      () => validateSku(write),
      () => validateZones(write),
      () => validateFeatures(write),
      () => validateScale(write),
      () => validateConfiguration(write, world),
    );
  },
  store: (write) => ({
    body: {
      sku: { name: skuOf(write.body) },
      ...given('zones', zonesOf(write.body).length === 0 ? undefined : zonesOf(write.body)),
      properties: {
        scaleUnits: 2,
        ...propertiesOf(write.body, 'dnsName'),
        ipConfigurations: objectsAt(write.body, 'properties', 'ipConfigurations').map(configuration),
        dnsName: `bst-${guidOf(write.id.key)}.bastion.azure.com`,
      },
    },
  }),
  present(resource) {
    const properties = objectAt(resource.body, 'properties');
    return {
      ...resource.body,
      properties: {
        ...properties,
        ipConfigurations: objectsAt(properties, 'ipConfigurations').map((item) => ({
          name: textAt(item, 'name') ?? '',
          id: `${resource.id.id}/bastionHostIpConfigurations/${textAt(item, 'name')}`,
          etag: resource.etag,
          type: 'Microsoft.Network/bastionHosts/bastionHostIpConfigurations',
          properties: { provisioningState: resource.provisioningState, ...objectAt(item, 'properties') },
        })),
      },
    };
  },
  references: (id, body) =>
    objectsAt(body, 'properties', 'ipConfigurations').flatMap((item) => {
      const by = `${id.id}/bastionHostIpConfigurations/${textAt(item, 'name')}`;
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
    }),
  locks(target, world) {
    const bodies = [target.body, world.get(target.id.id)?.body ?? {}];
    const networks = bodies.flatMap(subnetsOf).map(networkOf);
    const addresses = bodies.flatMap(addressesOf);
    return [
      { id: target.id.id, mode: 'exclusive' },
      ...[...new Set(networks)].map((id) => ({ id, mode: 'exclusive' }) as const),
      ...[...new Set(addresses)].map((id) => ({ id, mode: 'shared' }) as const),
    ];
  },
  asyncStyle: networkStyle,
  durationSeconds: durations({ create: [300, 600], update: [300, 600], delete: [300, 600] }),
};

function skuOf(body: JsonObject): string {
  const sku = textAt(body, 'sku', 'name') ?? 'Basic';
  return SKUS.find((known) => sameName(known, sku)) ?? sku;
}

function subnetsOf(body: JsonObject): readonly string[] {
  return objectsAt(body, 'properties', 'ipConfigurations')
    .map((item) => textAt(item, 'properties', 'subnet', 'id'))
    .filter((id) => id !== undefined);
}

function addressesOf(body: JsonObject): readonly string[] {
  return objectsAt(body, 'properties', 'ipConfigurations')
    .map((item) => textAt(item, 'properties', 'publicIPAddress', 'id'))
    .filter((id) => id !== undefined);
}

function configuration(item: JsonObject): JsonObject {
  const address = textAt(item, 'properties', 'publicIPAddress', 'id');
  return {
    name: textAt(item, 'name') ?? '',
    properties: {
      privateIPAllocationMethod: 'Dynamic',
      subnet: { id: textAt(item, 'properties', 'subnet', 'id') ?? '' },
      ...(address === undefined ? {} : { publicIPAddress: { id: address } }),
    },
  };
}

function validateSku(write: Write): ArmError | null {
  const sku = skuOf(write.body);
  if (!SKUS.includes(sku))
    return refuse('BastionHostSkuNotSupported', `Bastion Host ${write.id.id} has invalid sku ${sku}.`);
  const had = write.existing === undefined ? undefined : skuOf(write.existing.body);
  if (had === undefined || SKUS.indexOf(sku) >= SKUS.indexOf(had)) return null;
  return refuse(
    'BastionHostSkuDowngradeNotSupported',
    `The sku of Bastion Host ${write.id.id} cannot be downgraded from ${had} to ${sku}.`,
  );
}

function validateFeatures(write: Write): ArmError | null {
  const level = SKUS.indexOf(skuOf(write.body));
  const on = (name: string) => flagAt(write.body, 'properties', name);
  const feature = level < 1 ? [...STANDARD_FEATURES, ...PREMIUM_FEATURES].find(on) : PREMIUM_FEATURES.find(on);
  if (feature === undefined || level >= 2) return null;
  return refuse(
    'BastionHostFeatureNotSupportedForSku',
    `Feature ${feature} of Bastion Host ${write.id.id} is not supported with sku ${skuOf(write.body)}.`,
  );
}

function validateScale(write: Write): ArmError | null {
  const units = numberAt(write.body, 'properties', 'scaleUnits') ?? 2;
  const most = skuOf(write.body) === 'Basic' ? 2 : 50;
  if (Number.isInteger(units) && units >= 2 && units <= most) return null;
  return refuse(
    'BastionHostInvalidScaleUnits',
    `Bastion Host ${write.id.id} has invalid scale units ${units}. With sku ${skuOf(write.body)} it must be between 2 and ${most}.`,
  );
}

function validateConfiguration(write: Write, world: World): ArmError | null {
  const id = write.id.id;
  const drafts = draftsIn(write.body, 'ipConfigurations') ?? [];
  const badName = validateChildNames(
    id,
    drafts.map(({ name }) => name),
  );
  if (badName !== null) return badName;
  const [only, second] = drafts;
  if (only === undefined || second !== undefined) {
    return refuse('BastionHostIpConfigurationCount', `Bastion Host ${id} must have exactly one IP configuration.`);
  }
  const subnet = textAt(only.properties, 'subnet', 'id');
  const address = textAt(only.properties, 'publicIPAddress', 'id');
  if (subnet === undefined) return missingProperty(id, 'ipConfigurations.properties.subnet');
  if (!isSubnetNamed(subnet, 'AzureBastionSubnet')) {
    return refuse(
      'BastionHostInvalidSubnetName',
      `Bastion Host ${id} references subnet ${subnet}. The subnet must be named AzureBastionSubnet.`,
    );
  }
  if (address === undefined && !flagAt(write.body, 'properties', 'enablePrivateOnlyBastion')) {
    return missingProperty(id, 'ipConfigurations.properties.publicIPAddress');
  }
  return firstError(
    () => validateSameRegion(id, write.location, [networkOf(subnet)], world),
    () => validateSubnet(write, subnet, world),
    () => (address === undefined ? null : validatePublicAddressUse(id, write.location, address, world)),
  );
}

function validateSubnet(write: Write, subnetId: string, world: World): ArmError | null {
  const had = textAt(
    objectsAt(write.existing?.body, 'properties', 'ipConfigurations')[0],
    'properties',
    'subnet',
    'id',
  );
  if (had !== undefined && !sameId(had, subnetId)) {
    return refuse(
      'BastionHostSubnetCannotBeChanged',
      `The subnet of Bastion Host ${write.id.id} cannot be changed from ${had} to ${subnetId}.`,
    );
  }
  const stored = world.get(subnetId);
  const four = stored === undefined ? undefined : subnetPrefixes(stored.body).find(({ family }) => family === 4);
  if (four !== undefined && four.length > 26) {
    return refuse(
      'BastionHostSubnetTooSmall',
      `Subnet ${subnetId} with address prefix ${four.text} is too small for a Bastion Host. It must be /26 or larger.`,
    );
  }
  const other = world.referencedBy(subnetId).find(({ resource }) => !sameId(resource.id.id, write.id.id));
  if (other === undefined) return null;
  return refuse(
    'BastionHostSubnetAlreadyInUse',
    `Bastion Host ${write.id.id} references subnet ${subnetId} that is already in use by ${other.reference.by}.`,
  );
}

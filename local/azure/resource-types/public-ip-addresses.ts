import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { Reference, ResourceId, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { changeProperties } from './support/effects.ts';
import { given, numberAt, objectAt, textAt } from './support/fields.ts';
import { guidOf, kindOf, sameId, sameName } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle, SMALL_RESOURCE } from './support/network.ts';
import { firstError, refuse } from './support/network-errors.ts';
import { allocateFromPrefix, allocatePublicAddress, PUBLIC_ADDRESSES } from './support/public-address-pool.ts';
import { validateSameRegion } from './support/references.ts';
import { sameZones, validateZones, zonesOf } from './support/zones.ts';

/** Public IP addresses: Standard and StandardV2 only, since Azure no longer makes Basic ones. */
export const publicIpAddresses: ResourceType = {
  type: PUBLIC_ADDRESSES,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    return firstError(
      () => validateSku(write),
      () => validateAllocation(write),
      () => validateZones(write),
      () => validateIdleTimeout(write),
      () => validatePrefix(write, world),
      () => validateLabel(write, world),
    );
  },
  store(write, world) {
    const had = objectAt(write.existing?.body, 'properties');
    const label = textAt(write.body, 'properties', 'dnsSettings', 'domainNameLabel');
    return {
      body: {
        sku: { name: skuOf(write.body), tier: textAt(write.body, 'sku', 'tier') ?? 'Regional' },
        ...given('zones', zonesOf(write.body).length === 0 ? undefined : zonesOf(write.body)),
        properties: {
          publicIPAddressVersion: 'IPv4',
          idleTimeoutInMinutes: 4,
          ipTags: [],
          ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
          ...propertiesOf(write.body, 'ipAddress', 'ipConfiguration', 'natGateway', 'upgradedToV2'),
          publicIPAllocationMethod: 'Static',
          ...(label === undefined ? {} : { dnsSettings: dnsSettings(write, label) }),
          resourceGuid: textAt(had, 'resourceGuid') ?? guidOf(write.id.key, world.nowMs),
          ...given('ipAddress', textAt(had, 'ipAddress')),
        },
      },
    };
  },
  present(resource, world) {
    const user = world.referencedBy(resource.id.id)[0];
    const gateway = user !== undefined && kindOf(user.resource.id.id) === 'natgateways';
    return {
      ...resource.body,
      properties: {
        ...objectAt(resource.body, 'properties'),
        ...(user === undefined || gateway ? {} : { ipConfiguration: { id: user.reference.by } }),
        ...(user !== undefined && gateway ? { natGateway: { id: user.resource.id.id } } : {}),
      },
    };
  },
  references: addressReferences,
  locks(target, world) {
    const prefix =
      textAt(target.body, 'properties', 'publicIPPrefix', 'id') ??
      textAt(world.get(target.id.id)?.body, 'properties', 'publicIPPrefix', 'id');
    const own = { id: target.id.id, mode: 'exclusive' } as const;
    return prefix === undefined ? [own] : [own, { id: prefix, mode: 'exclusive' }];
  },
  asyncStyle: networkStyle,
  durationSeconds: durations(SMALL_RESOURCE),
  whenSettled(resource, world) {
    if (textAt(resource.body, 'properties', 'ipAddress') !== undefined) return [];
    const address = allocate(resource, world);
    return address === null ? [] : [changeProperties(resource, { ipAddress: address })];
  },
  canDelete(resource, world) {
    const user = world.referencedBy(resource.id.id)[0];
    if (user === undefined) return null;
    return refuse(
      'PublicIPAddressCannotBeDeleted',
      `Public IP address ${resource.id.id} can not be deleted since it is still allocated to resource ${user.reference.by}. ` +
        'In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do ' +
        'this, see aka.ms/deletepublicip.',
    );
  },
  quota: {
    name: 'PublicIPAddresses',
    localizedName: 'Public IP Addresses',
    limit: 1000,
    error: (limit) =>
      refuse(
        'PublicIPCountLimitReached',
        `Cannot create more than ${limit} public IP addresses for this subscription in this region.`,
      ),
  },
};

function skuOf(body: JsonObject): string {
  return textAt(body, 'sku', 'name') ?? 'Basic';
}

function prefixOf(body: JsonObject | undefined): string | undefined {
  return textAt(body, 'properties', 'publicIPPrefix', 'id');
}

function allocate(resource: StoredResource, world: World): string | null {
  const prefixId = prefixOf(resource.body);
  if (prefixId === undefined) return allocatePublicAddress(resource.location ?? '', world);
  const prefix = world.get(prefixId);
  return prefix === undefined ? null : allocateFromPrefix(prefix, world);
}

function dnsSettings(write: Write, label: string): JsonObject {
  return {
    ...objectAt(write.body, 'properties', 'dnsSettings'),
    domainNameLabel: label,
    fqdn: `${label}.${write.location}.cloudapp.azure.com`,
  };
}

function validateSku(write: Write): ArmError | null {
  const sku = skuOf(write.body);
  if (sameName(sku, 'Basic')) {
    // Basic was retired on 2025-09-30: no subscription can make one any more.
    return refuse(
      'IPv4BasicSkuPublicIpCountLimitReached',
      'Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.',
    );
  }
  if (!['Standard', 'StandardV2'].includes(sku)) {
    return refuse('PublicIPAddressInvalidSku', `Public IP address ${write.id.id} has invalid sku ${sku}.`);
  }
  const had = textAt(write.existing?.body, 'sku', 'name');
  if (had === undefined || sameName(had, sku)) return null;
  return refuse(
    'PublicIPAddressSkuCannotBeChanged',
    `The sku of public IP address ${write.id.id} cannot be changed from ${had} to ${sku}.`,
  );
}

function validateAllocation(write: Write): ArmError | null {
  const method = textAt(write.body, 'properties', 'publicIPAllocationMethod') ?? 'Dynamic';
  if (!sameName(method, 'Static')) {
    return refuse(
      'StandardSkuPublicIPAddressesMustBeStatic',
      `Standard sku publicIp ${write.id.id} must have AllocationMethod set to Static.`,
    );
  }
  const version = textAt(write.body, 'properties', 'publicIPAddressVersion') ?? 'IPv4';
  const had = textAt(write.existing?.body, 'properties', 'publicIPAddressVersion');
  if (had === undefined || sameName(had, version)) return null;
  return refuse(
    'PublicIPAddressVersionCannotBeChanged',
    `The address version of public IP address ${write.id.id} cannot be changed from ${had} to ${version}.`,
  );
}

function validateIdleTimeout(write: Write): ArmError | null {
  const minutes = numberAt(write.body, 'properties', 'idleTimeoutInMinutes') ?? 4;
  if (Number.isInteger(minutes) && minutes >= 4 && minutes <= 30) return null;
  return refuse(
    'PublicIPAddressInvalidIdleTimeout',
    `Public IP address ${write.id.id} has invalid idle timeout ${minutes}. It must be between 4 and 30 minutes.`,
  );
}

function validatePrefix(write: Write, world: World): ArmError | null {
  const prefixId = prefixOf(write.body);
  const had = prefixOf(write.existing?.body);
  if (write.existing !== undefined && !(had === undefined && prefixId === undefined) && !sameId(had, prefixId)) {
    return refuse(
      'PublicIPPrefixOfPublicIPAddressCannotBeChanged',
      `The public IP prefix of public IP address ${write.id.id} cannot be added, changed or removed.`,
    );
  }
  const prefix = prefixId === undefined ? undefined : world.get(prefixId);
  if (prefix === undefined || prefixId === undefined) return null;
  const sameSku = sameName(textAt(prefix.body, 'sku', 'name') ?? '', skuOf(write.body));
  if (!sameSku || !sameZones(zonesOf(prefix.body), zonesOf(write.body))) {
    return refuse(
      'PublicIPAddressAndPublicIPPrefixMismatch',
      `Public IP address ${write.id.id} and public IP prefix ${prefixId} must have the same sku and the same zones.`,
    );
  }
  return firstError(
    () => validateSameRegion(write.id.id, write.location, [prefixId], world),
    () => {
      const ready = textAt(prefix.body, 'properties', 'ipPrefix') !== undefined;
      if (write.existing !== undefined || !ready || allocateFromPrefix(prefix, world) !== null) return null;
      return refuse(
        'PublicIpPrefixOutOfIpAddresses',
        `Public IP prefix ${prefixId} referenced by resource ${write.id.id} does not have any available IP addresses.`,
      );
    },
  );
}

function validateLabel(write: Write, world: World): ArmError | null {
  const label = textAt(write.body, 'properties', 'dnsSettings', 'domainNameLabel');
  if (label === undefined) return null;
  if (!/^[a-z][a-z0-9-]{1,61}[a-z0-9]$/.test(label)) {
    return refuse(
      'InvalidDomainNameLabel',
      `The domain name label ${label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.`,
    );
  }
  const taken = world
    .list(PUBLIC_ADDRESSES)
    .some(
      (other) =>
        other.id.key !== write.id.key &&
        other.location === write.location &&
        textAt(other.body, 'properties', 'dnsSettings', 'domainNameLabel') === label,
    );
  if (!taken) return null;
  return refuse(
    'DnsRecordInUse',
    `DNS record ${label}.${write.location}.cloudapp.azure.com is already used by another public IP.`,
  );
}

function addressReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  const prefix = prefixOf(body);
  const plan = textAt(body, 'properties', 'ddosSettings', 'ddosProtectionPlan', 'id');
  return [
    ...(prefix === undefined
      ? []
      : [{ to: prefix, by: id.id, linkedAction: 'Microsoft.Network/publicIPPrefixes/join/action' }]),
    ...(plan === undefined
      ? []
      : [{ to: plan, by: id.id, linkedAction: 'Microsoft.Network/ddosProtectionPlans/join/action' }]),
  ];
}

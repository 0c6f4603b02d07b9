import type { ArmError } from '../arm-error.ts';
import type { ResourceType, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { changeProperties } from './support/effects.ts';
import { given, numberAt, objectAt, textAt } from './support/fields.ts';
import { guidOf, kindOf, sameName } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle, SMALL_RESOURCE } from './support/network.ts';
import { firstError, missingProperty, refuse } from './support/network-errors.ts';
import { allocatePublicPrefix, PUBLIC_PREFIXES } from './support/public-address-pool.ts';
import { usersOf } from './support/references.ts';
import { validateZones, zonesOf } from './support/zones.ts';

/** Public IP prefixes. A /28 is the largest that Azure gives: sixteen addresses, all of them usable. */
export const publicIpPrefixes: ResourceType = {
  type: PUBLIC_PREFIXES,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write) {
    return firstError(
      () => validateSku(write),
      () => validateLength(write),
      () => validateZones(write),
    );
  },
  store(write, world) {
    const had = objectAt(write.existing?.body, 'properties');
    return {
      body: {
        sku: { name: skuOf(write), tier: 'Regional' },
        ...given('zones', zonesOf(write.body).length === 0 ? undefined : zonesOf(write.body)),
        properties: {
          publicIPAddressVersion: 'IPv4',
          ipTags: [],
          ...propertiesOf(
            write.body,
            'ipPrefix',
            'publicIPAddresses',
            'natGateway',
            'loadBalancerFrontendIpConfiguration',
          ),
          resourceGuid: textAt(had, 'resourceGuid') ?? guidOf(write.id.key, world.nowMs),
          ...given('ipPrefix', textAt(had, 'ipPrefix')),
        },
      },
    };
  },
  present(resource, world) {
    const users = usersOf(resource.id.id, world);
    const addresses = users.filter((id) => kindOf(id) === 'publicipaddresses');
    const gateway = users.find((id) => kindOf(id) === 'natgateways');
    return {
      ...resource.body,
      properties: {
        ...objectAt(resource.body, 'properties'),
        ...(addresses.length === 0 ? {} : { publicIPAddresses: addresses.map((id) => ({ id })) }),
        ...(gateway === undefined ? {} : { natGateway: { id: gateway } }),
      },
    };
  },
  asyncStyle: networkStyle,
  durationSeconds: durations(SMALL_RESOURCE),
  whenSettled(resource, world) {
    const properties = objectAt(resource.body, 'properties');
    if (textAt(properties, 'ipPrefix') !== undefined) return [];
    const range = allocatePublicPrefix(resource.location ?? '', numberAt(properties, 'prefixLength') ?? 28, world);
    return range === null ? [] : [changeProperties(resource, { ipPrefix: range })];
  },
  canDelete(resource, world) {
    const users = usersOf(resource.id.id, world);
    if (users.length === 0) return null;
    return refuse(
      'InUsePublicIpPrefixCannotBeDeleted',
      `Public IP prefix ${resource.id.id} cannot be deleted because it is in use by the following resources: ${users.join(', ')}.`,
    );
  },
};

function skuOf(write: Write): string {
  return textAt(write.body, 'sku', 'name') ?? 'Standard';
}

function validateSku(write: Write): ArmError | null {
  const sku = skuOf(write);
  if (!['Standard', 'StandardV2'].includes(sku)) {
    return refuse('PublicIPPrefixInvalidSku', `Public IP prefix ${write.id.id} has invalid sku ${sku}.`);
  }
  const had = textAt(write.existing?.body, 'sku', 'name');
  if (had === undefined || sameName(had, sku)) return null;
  return refuse(
    'PublicIPPrefixSkuCannotBeChanged',
    `The sku of public IP prefix ${write.id.id} cannot be changed from ${had} to ${sku}.`,
  );
}

function validateLength(write: Write): ArmError | null {
  const length = numberAt(write.body, 'properties', 'prefixLength');
  if (length === undefined) return missingProperty(write.id.id, 'prefixLength');
  const six = textAt(write.body, 'properties', 'publicIPAddressVersion') === 'IPv6';
  const [least, most] = six ? [124, 127] : [28, 31];
  if (!Number.isInteger(length) || length < least || length > most) {
    return refuse(
      'PublicIPPrefixInvalidPrefixLength',
      `Public IP prefix ${write.id.id} has invalid prefix length ${length}. It must be between ${least} and ${most}.`,
    );
  }
  const had = numberAt(write.existing?.body, 'properties', 'prefixLength');
  if (had === undefined || had === length) return null;
  return refuse(
    'PublicIPPrefixLengthCannotBeChanged',
    `The prefix length of public IP prefix ${write.id.id} cannot be changed from ${had} to ${length}.`,
  );
}

import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { Reference, ResourceId, ResourceLock, ResourceType, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { given, numberAt, objectAt, objectsAt, textAt } from './support/fields.ts';
import { guidOf, kindOf, sameName } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import { firstError, firstOf, refuse } from './support/network-errors.ts';
import { validateAddressFree } from './support/public-address-use.ts';
import { networkOf, usersOf, validateSameRegion } from './support/references.ts';
import { validateZones, zonesOf } from './support/zones.ts';

/** Microsoft documents 16 public IP addresses for a NAT gateway, those of its prefixes included. */
const MOST_ADDRESSES = 16;

/** NAT gateways: Standard sits in one zone at most, StandardV2 in all and takes StandardV2 addresses only. */
export const natGateways: ResourceType = {
  type: 'Microsoft.Network/natGateways',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    return firstError(
      () => validateSku(write),
      () => validateZones(write),
      () => validateZoneCount(write),
      () => validateIdleTimeout(write),
      () =>
        validateSameRegion(
          write.id.id,
          write.location,
          pointers(write.body).map(({ id }) => id),
          world,
        ),
      () => firstOf(pointers(write.body), ({ id }) => validateAddress(write, id, world)),
      () => validateAddressCount(write, world),
    );
  },
  store: (write, world) => ({
    body: {
      sku: { name: skuOf(write.body) },
      ...given('zones', zonesOf(write.body).length === 0 ? undefined : zonesOf(write.body)),
      properties: {
        idleTimeoutInMinutes: 4,
        ...propertiesOf(write.body, 'subnets'),
        resourceGuid: textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs),
      },
    },
  }),
  present(resource, world) {
    const subnets = usersOf(resource.id.id, world).filter((id) => kindOf(id) === 'subnets');
    return {
      ...resource.body,
      properties: {
        ...objectAt(resource.body, 'properties'),
        ...(subnets.length === 0 ? {} : { subnets: subnets.map((id) => ({ id })) }),
      },
    };
  },
  references: natReferences,
  locks(target, world) {
    const networks = new Set(
      usersOf(target.id.id, world)
        .filter((id) => kindOf(id) === 'subnets')
        .map(networkOf),
    );
    const used = new Set(
      [target.body, world.get(target.id.id)?.body ?? {}].flatMap((body) => pointers(body).map(({ id }) => id)),
    );
    const shared = [...networks, ...used].map((id): ResourceLock => ({ id, mode: 'shared' }));
    return [{ id: target.id.id, mode: 'exclusive' }, ...shared];
  },
  asyncStyle: networkStyle,
  durationSeconds: durations({ create: [30, 90], update: [15, 60], delete: [15, 60] }),
  canDelete(resource, world) {
    const subnets = usersOf(resource.id.id, world);
    if (subnets.length === 0) return null;
    return refuse(
      'InUseNatGatewayCannotBeDeleted',
      `Nat gateway ${resource.id.id} cannot be deleted because it is in use by the following resources: ${subnets.join(', ')}.`,
    );
  },
};

interface Pointer {
  readonly id: string;
  readonly prefix: boolean;
}

function pointers(body: JsonObject): readonly Pointer[] {
  const of = (name: string, prefix: boolean): readonly Pointer[] =>
    objectsAt(body, 'properties', name)
      .map((item) => textAt(item, 'id'))
      .filter((id) => id !== undefined)
      .map((id) => ({ id, prefix }));
  return [
    ...of('publicIpAddresses', false),
    ...of('publicIpAddressesV6', false),
    ...of('publicIpPrefixes', true),
    ...of('publicIpPrefixesV6', true),
  ];
}

function natReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  return pointers(body).map(({ id: to, prefix }) => ({
    to,
    by: id.id,
    linkedAction: `Microsoft.Network/${prefix ? 'publicIPPrefixes' : 'publicIPAddresses'}/join/action`,
  }));
}

function skuOf(body: JsonObject): string {
  const sku = textAt(body, 'sku', 'name') ?? 'Standard';
  return ['Standard', 'StandardV2'].find((known) => sameName(known, sku)) ?? sku;
}

function validateSku(write: Write): ArmError | null {
  const sku = skuOf(write.body);
  if (!['Standard', 'StandardV2'].includes(sku)) {
    return refuse('NatGatewayInvalidSku', `Nat gateway ${write.id.id} has invalid sku ${sku}.`);
  }
  if (write.existing === undefined || skuOf(write.existing.body) === sku) return null;
  return refuse(
    'NatGatewaySkuCannotBeChanged',
    `The sku of Nat gateway ${write.id.id} cannot be changed from ${skuOf(write.existing.body)} to ${sku}.`,
  );
}

function validateZoneCount(write: Write): ArmError | null {
  const zones = zonesOf(write.body);
  const v2 = skuOf(write.body) === 'StandardV2';
  if (v2 ? zones.length === 0 || zones.length === 3 : zones.length <= 1) return null;
  return refuse(
    'NatGatewayInvalidZones',
    `Nat gateway ${write.id.id} of sku ${skuOf(write.body)} has invalid zones ${zones.join(', ')}. ` +
      (v2 ? 'It is zone redundant: name all zones or none.' : 'It can be in one zone only.'),
  );
}

function validateIdleTimeout(write: Write): ArmError | null {
  const minutes = numberAt(write.body, 'properties', 'idleTimeoutInMinutes') ?? 4;
  if (Number.isInteger(minutes) && minutes >= 4 && minutes <= 120) return null;
  return refuse(
    'NatGatewayInvalidIdleTimeout',
    `Nat gateway ${write.id.id} has invalid idle timeout ${minutes}. It must be between 4 and 120 minutes.`,
  );
}

/** An address or prefix of the gateway: of its own sku, free, and in its zone or in all zones. */
function validateAddress(write: Write, addressId: string, world: World): ArmError | null {
  const address = world.get(addressId);
  if (address === undefined) return null;
  const sku = textAt(address.body, 'sku', 'name') ?? 'Basic';
  if (!sameName(sku, skuOf(write.body))) {
    return refuse(
      'NatGatewayAndPublicIpSkuMismatch',
      `Nat gateway ${write.id.id} of sku ${skuOf(write.body)} cannot reference ${addressId} of sku ${sku}.`,
    );
  }
  const [zone] = zonesOf(write.body);
  const zones = zonesOf(address.body);
  const outside = skuOf(write.body) === 'Standard' && zones.length > 0 && zone !== undefined && !zones.includes(zone);
  if (outside) {
    return refuse(
      'NatGatewayAndPublicIpZoneMismatch',
      `Nat gateway ${write.id.id} in zone ${zone} cannot reference ${addressId} in zones ${zones.join(', ')}.`,
    );
  }
  return kindOf(addressId) === 'publicipprefixes' ? null : validateAddressFree(write.id.id, addressId, world);
}

function validateAddressCount(write: Write, world: World): ArmError | null {
  const total = pointers(write.body).reduce((sum, { id, prefix }) => {
    const length = numberAt(world.get(id)?.body, 'properties', 'prefixLength');
    return sum + (prefix ? 2 ** (32 - (length ?? 31)) : 1);
  }, 0);
  if (total <= MOST_ADDRESSES) return null;
  return refuse(
    'NatGatewayPublicIpCountLimitReached',
    `Nat gateway ${write.id.id} has ${total} public IP addresses. It cannot have more than ${MOST_ADDRESSES}.`,
  );
}

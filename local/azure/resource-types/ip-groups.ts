import type { ArmError } from '../arm-error.ts';
import type { ResourceType, World } from '../resource-type.ts';
import { rangeOf } from './support/address-allocation.ts';
import { propertiesOf } from './support/children.ts';
import { fail } from './support/effects.ts';
import { objectAt, textsAt } from './support/fields.ts';
import {
  affectedFirewalls,
  distinctIds,
  familyLocks,
  liveFirewalls,
  policiesUsing,
} from './support/firewall-family.ts';
import { NETWORK_API_VERSIONS, networkStyle, spread } from './support/network.ts';
import { firstOf, limitReached, refuse } from './support/network-errors.ts';
import { hasHostBits, parseAddress } from './support/prefixes.ts';
import { usersOf } from './support/references.ts';

/** Microsoft documents 5,000 addresses or ranges for an IP group. */
const MOST_ADDRESSES = 5000;

/** IP groups. A change reaches every firewall whose policies name the group, and holds their whole family meanwhile. */
export const ipGroups: ResourceType = {
  type: 'Microsoft.Network/ipGroups',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  validate(write, world) {
    const addresses = textsAt(write.body, 'properties', 'ipAddresses');
    if (addresses.length > MOST_ADDRESSES) {
      return limitReached(
        'IpGroupsIpAddressesCountLimitReached',
        MOST_ADDRESSES,
        `IP addresses in IpGroups ${write.id.id}`,
      );
    }
    return firstOf(addresses, (address) => validateIpGroupAddress(write.id.id, address)) ?? faulted(write.id.id, world);
  },
  store: (write) => ({
    body: { properties: { ipAddresses: [], ...propertiesOf(write.body, 'firewalls', 'firewallPolicies') } },
  }),
  present(resource, world) {
    const policies = policiesUsing(resource.id.id, world).map((policy) => policy.id.id);
    const firewalls = distinctIds(policies.flatMap((id) => affectedFirewalls(id, world).map((one) => one.id.id)));
    return {
      properties: {
        ...objectAt(resource.body, 'properties'),
        firewalls: firewalls.map((id) => ({ id })),
        firewallPolicies: policies.map((id) => ({ id })),
      },
    };
  },
  locks(target, world) {
    const policies = policiesUsing(target.id.id, world).map((policy) => policy.id.id);
    return [{ id: target.id.id, mode: 'exclusive' }, ...familyLocks(policies, world)];
  },
  asyncStyle: networkStyle,
  durationSeconds(kind, write, random, resource, world) {
    const id = write?.id.id ?? resource?.id.id ?? '';
    return kind === 'update' && isLive(id, world) ? spread([60, 300], random) : spread([3, 10], random);
  },
  whenFailed: (resource, _code, world) =>
    policiesUsing(resource.id.id, world)
      .flatMap((policy) => affectedFirewalls(policy.id.id, world))
      .map(fail),
  canDelete(resource, world) {
    if (usersOf(resource.id.id, world).length === 0) return null;
    return refuse(
      'IpGroupsHasResourceReferences',
      `IpGroups '${resource.id.id}' cannot be deleted since there are other Azure Resources using this resource.`,
    );
  },
};

function isLive(id: string, world: World): boolean {
  return policiesUsing(id, world).some((policy) => liveFirewalls(policy.id.id, world).length > 0);
}

/** A firewall in state Failed takes no change until the firewall itself was written again. */
function faulted(id: string, world: World): ArmError | null {
  const failed = policiesUsing(id, world)
    .flatMap((policy) => affectedFirewalls(policy.id.id, world))
    .filter((firewall) => firewall.provisioningState === 'Failed').length;
  if (failed === 0) return null;
  const name = id.slice(id.lastIndexOf('/') + 1);
  return refuse('IpGroupsUpdateFailed', `Put on IpGroups ${name} Failed with ${failed} faulted referenced firewalls`);
}

function validateIpGroupAddress(id: string, text: string): ArmError | null {
  const [first, last, ...more] = text.split('-').map((part) => parseAddress(part.trim()));
  const isSpan = first != null && last != null && more.length === 0 && first.first <= last.first;
  const range = rangeOf(text);
  if (isSpan || (range !== null && !hasHostBits(range))) return null;
  return refuse(
    'IpGroupsInvalidIpAddress',
    `IpGroups ${id} has an invalid IP address, range or prefix. Value provided: ${text}`,
  );
}

import type { ResourceType } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { objectAt, textAt } from './support/fields.ts';
import { guidOf, kindOf } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import { refuse } from './support/network-errors.ts';
import { usersOf } from './support/references.ts';

/** DDoS protection plans: one serves networks of any region and subscription, and cannot go while it has one. */
export const ddosProtectionPlans: ResourceType = {
  type: 'Microsoft.Network/ddosProtectionPlans',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  store: (write, world) => ({
    body: {
      properties: {
        ...propertiesOf(write.body, 'virtualNetworks', 'publicIPAddresses'),
        resourceGuid: textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs),
      },
    },
  }),
  present(resource, world) {
    const users = usersOf(resource.id.id, world);
    const networks = users.filter((id) => kindOf(id) === 'virtualnetworks');
    const addresses = users.filter((id) => kindOf(id) === 'publicipaddresses');
    return {
      properties: {
        ...objectAt(resource.body, 'properties'),
        ...(networks.length === 0 ? {} : { virtualNetworks: networks.map((id) => ({ id })) }),
        ...(addresses.length === 0 ? {} : { publicIPAddresses: addresses.map((id) => ({ id })) }),
      },
    };
  },
  asyncStyle: networkStyle,
  durationSeconds: durations({ create: [10, 40], update: [5, 15], delete: [5, 15] }),
  canDelete(resource, world) {
    const users = usersOf(resource.id.id, world);
    if (users.length === 0) return null;
    return refuse(
      'InUseDdosProtectionPlanCannotBeDeleted',
      `DDoS protection plan ${resource.id.id} cannot be deleted because it is in use by the following resources: ${users.join(', ')}.`,
    );
  },
  quota: {
    name: 'DdosProtectionPlans',
    localizedName: 'DDoS Protection Plans',
    limit: 1,
    error: (limit) =>
      refuse(
        'DdosProtectionPlanCountLimitReached',
        `Cannot create more than ${limit} DDoS protection plans for this subscription in this region.`,
      ),
  },
};

import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceLock, ResourceType, World } from '../resource-type.ts';
import {
  type ChildDraft,
  childEffects,
  draftsIn,
  inlineChild,
  propertiesOf,
  storedDrafts,
  withDraft,
  withoutDraft,
} from './support/children.ts';
import { objectAt, textAt, without } from './support/fields.ts';
import { guidOf, kindOf } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle, SMALL_RESOURCE } from './support/network.ts';
import { firstError, firstOf, refuse } from './support/network-errors.ts';
import { networkOf, usersOf } from './support/references.ts';
import { validateRoutes, validateTableForSubnet } from './support/routes.ts';

const ROUTES = 'Microsoft.Network/routeTables/routes';

/** Route tables: `routes` inline is the whole list; left out, it empties the table. */
export const routeTables: ResourceType = {
  type: 'Microsoft.Network/routeTables',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  etag: 'family',
  validate(write, world) {
    const drafts = draftsIn(write.body, 'routes') ?? [];
    return firstError(
      () => validateRoutes(write.id.id, drafts),
      () => validateUses(write.id.id, drafts, write.body, world),
    );
  },
  store(write, world) {
    const drafts = draftsIn(write.body, 'routes') ?? [];
    const guid = textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs);
    const properties = without(propertiesOf(write.body), 'routes', 'subnets');
    return {
      body: { properties: { disableBgpRoutePropagation: false, ...properties, resourceGuid: guid } },
      also: childEffects(write.id.id, ROUTES, drafts, world, ({ properties: route }) => routeBody(route)),
    };
  },
  present(resource, world) {
    const subnets = usersOf(resource.id.id, world).filter((id) => kindOf(id) === 'subnets');
    return {
      properties: {
        ...objectAt(resource.body, 'properties'),
        routes: world
          .children(resource.id.id, ROUTES)
          .map((route) => inlineChild(route, objectAt(route.body, 'properties'))),
        ...(subnets.length === 0 ? {} : { subnets: subnets.map((id) => ({ id })) }),
      },
    };
  },
  locks: (target, world) => tableLocks(target.id.id, world),
  durationSeconds: durations(SMALL_RESOURCE),
  asyncStyle: networkStyle,
  canDelete(resource, world) {
    if (usersOf(resource.id.id, world).length === 0) return null;
    return refuse(
      'InUseRouteTableCannotBeDeleted',
      `Route table ${resource.id.name} is in use and cannot be deleted. In order to delete the route table, ` +
        'dissociate it from the subnets that use it.',
    );
  },
  quota: {
    name: 'RouteTables',
    localizedName: 'Route Tables',
    limit: 200,
    error: (limit) =>
      refuse(
        'RouteTableCountLimitReached',
        `Cannot create more than ${limit} route tables for this subscription in this region.`,
      ),
  },
};

/** Routes as resources of their own. */
export const routes: ResourceType = {
  type: ROUTES,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  etag: 'family',
  validate(write, world) {
    const table = write.id.parentId ?? '';
    const draft: ChildDraft = { name: write.id.name, properties: propertiesOf(write.body) };
    const drafts = withDraft(storedDrafts(table, ROUTES, world), draft);
    return firstError(
      () => validateRoutes(table, drafts),
      () => validateUses(table, drafts, world.get(table)?.body ?? {}, world),
    );
  },
  store: (write) => ({ body: routeBody(propertiesOf(write.body)) }),
  locks: (target, world) => [{ id: target.id.id, mode: 'exclusive' }, ...tableLocks(target.id.parentId ?? '', world)],
  durationSeconds: durations({ create: [2, 6], update: [2, 6], delete: [0, 0] }),
  asyncStyle: (kind) => (kind === 'delete' ? 'synchronous' : networkStyle(kind)),
  canDelete(resource, world) {
    const table = resource.id.parentId ?? '';
    const left = withoutDraft(storedDrafts(table, ROUTES, world), resource.id.name);
    return validateUses(table, left, world.get(table)?.body ?? {}, world);
  },
};

function routeBody(route: JsonObject): JsonObject {
  return { properties: { hasBgpOverride: false, ...without(route, 'hasBgpOverride') } };
}

/** The subnets that have the table must still be allowed to. */
function validateUses(
  tableId: string,
  drafts: readonly ChildDraft[],
  table: JsonObject,
  world: World,
): ArmError | null {
  const subnets = usersOf(tableId, world).filter((id) => kindOf(id) === 'subnets');
  const name = tableId.slice(tableId.lastIndexOf('/') + 1);
  return firstOf(subnets, (subnet) => validateTableForSubnet(subnet, name, drafts, table));
}

/** The table alone, and the networks of its subnets against whoever writes those. */
function tableLocks(tableId: string, world: World): readonly ResourceLock[] {
  const networks = new Set(
    usersOf(tableId, world)
      .filter((id) => kindOf(id) === 'subnets')
      .map(networkOf),
  );
  return [{ id: tableId, mode: 'exclusive' }, ...[...networks].map((id): ResourceLock => ({ id, mode: 'shared' }))];
}

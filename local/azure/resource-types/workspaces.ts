import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { Effect, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { given, numberAt, objectAt, textAt, valueAt, withoutNulls } from './support/fields.ts';
import { guidOf, sameId } from './support/ids.ts';
import { durations } from './support/network.ts';
import { firstError } from './support/network-errors.ts';

const WORKSPACES = 'Microsoft.OperationalInsights/workspaces';
const DELETED_WORKSPACES = 'Microsoft.OperationalInsights/deletedWorkspaces';

const API_VERSIONS: readonly string[] = ['2025-07-01'];

/** Microsoft documents 14 days in which a deleted workspace can be had back. */
const SOFT_DELETE_MS = 14 * 24 * 3600 * 1000;

const SKUS: readonly string[] = [
  'Free',
  'Standard',
  'Premium',
  'PerNode',
  'PerGB2018',
  'Standalone',
  'CapacityReservation',
  'LACluster',
];

/** Log Analytics workspaces. The same PUT brings a deleted one back, with its customer id and its data. */
export const workspaces: ResourceType = {
  type: WORKSPACES,
  apiVersions: API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  namePattern: /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  validate(write, world) {
    return firstError(
      () => validateSku(write),
      () => validateRetention(write),
      () => validateRecovery(write, world),
    );
  },
  store(write, world) {
    const deleted = softDeleted(write.id.id, world);
    const had = objectAt((write.existing ?? deleted)?.body, 'properties');
    const now = new Date(world.nowMs).toISOString();
    const sku = textAt(write.body, 'properties', 'sku', 'name') ?? 'PerGB2018';
    const level = numberAt(write.body, 'properties', 'sku', 'capacityReservationLevel');
    return {
      body: {
        ...given('identity', withoutNulls(valueAt(write.body, 'identity') ?? null)),
        properties: {
          publicNetworkAccessForIngestion: 'Enabled',
          publicNetworkAccessForQuery: 'Enabled',
          ...propertiesOf(write.body, ...SERVICE_PROPERTIES),
          retentionInDays: numberAt(write.body, 'properties', 'retentionInDays') ?? 30,
          features: {
            enableLogAccessUsingOnlyResourcePermissions: true,
            ...objectAt(withoutNulls(objectAt(write.body, 'properties', 'features'))),
          },
          workspaceCapping: {
            dailyQuotaGb: numberAt(write.body, 'properties', 'workspaceCapping', 'dailyQuotaGb') ?? -1,
          },
          sku: {
            name: SKUS.find((known) => known.toLowerCase() === sku.toLowerCase()) ?? sku,
            ...given('capacityReservationLevel', level),
          },
          customerId: textAt(had, 'customerId') ?? guidOf(write.id.key, world.nowMs),
          createdDate: textAt(had, 'createdDate') ?? now,
          modifiedDate: now,
        },
      },
      also: deleted === undefined ? [] : [{ kind: 'delete', id: deleted.id.id }],
    };
  },
  present(workspace) {
    const properties = objectAt(workspace.body, 'properties');
    const created = textAt(properties, 'createdDate') ?? '';
    return {
      ...workspace.body,
      properties: {
        ...properties,
        sku: { ...objectAt(properties, 'sku'), lastSkuUpdate: created },
        workspaceCapping: {
          ...objectAt(properties, 'workspaceCapping'),
          quotaNextResetTime: nextMidnight(created),
          dataIngestionStatus: 'RespectQuota',
        },
      },
    };
  },
  runningState: (kind) => (kind === 'create' ? 'Creating' : kind === 'delete' ? 'Deleting' : 'Updating'),
  asyncStyle: (kind) => (kind === 'delete' ? 'accepted-with-both' : 'body-only'),
  durationSeconds: durations({ create: [20, 60], update: [5, 15], delete: [10, 30] }),
  conflictError: (running) => ({
    status: 409,
    code: 'Conflict',
    message: `Another operation (${running.name}) is in progress on the workspace. Please retry after it has ended.`,
  }),
  whenDeleted: softDelete,
  actions: {
    sharedKeys: {
      permission: 'Microsoft.OperationalInsights/workspaces/sharedKeys/action',
      run: (workspace) => ({
        answer: { primarySharedKey: keyOf(workspace, 'primary'), secondarySharedKey: keyOf(workspace, 'secondary') },
      }),
    },
  },
};

/** What is left of a deleted workspace while it can be had back. */
export const deletedWorkspaces: ResourceType = {
  type: DELETED_WORKSPACES,
  apiVersions: API_VERSIONS,
  scope: 'subscription',
  tracked: false,
  namePattern: /^.+$/,
  methods: ['GET'],
  etag: 'none',
};

const SERVICE_PROPERTIES: readonly string[] = [
  'customerId',
  'createdDate',
  'modifiedDate',
  'privateLinkScopedResources',
  'failover',
];

function badRequest(message: string): ArmError {
  return { status: 400, code: 'InvalidParameter', message };
}

function validateSku(write: Write): ArmError | null {
  const sku = textAt(write.body, 'properties', 'sku', 'name') ?? 'PerGB2018';
  if (SKUS.some((known) => known.toLowerCase() === sku.toLowerCase())) return null;
  return badRequest(`The sku '${sku}' of workspace '${write.id.name}' is not supported.`);
}

function validateRetention(write: Write): ArmError | null {
  const days = numberAt(write.body, 'properties', 'retentionInDays') ?? 30;
  if (Number.isInteger(days) && days >= 30 && days <= 730) return null;
  return badRequest(`'RetentionInDays' property doesn't match the SKU limits. ${days} is not between 30 and 730.`);
}

/** A deleted workspace comes back where it was. */
function validateRecovery(write: Write, world: World): ArmError | null {
  const deleted = softDeleted(write.id.id, world);
  const was = textAt(deleted?.body, 'properties', 'workspaceLocation');
  if (was === undefined || was === write.location) return null;
  return {
    status: 409,
    code: 'Conflict',
    message:
      `Workspace '${write.id.name}' was deleted in location '${was}' and can be recovered there only, or created anew ` +
      'after it was purged.',
  };
}

function recordId(workspaceId: string): string {
  const [, , subscription, , group, , , , name] = workspaceId.split('/');
  return `/subscriptions/${subscription}/providers/${DELETED_WORKSPACES}/${group}.${name}`;
}

function softDeleted(workspaceId: string, world: World): StoredResource | undefined {
  const record = world.get(recordId(workspaceId));
  if (record === undefined || !sameId(textAt(record.body, 'properties', 'workspaceId'), workspaceId)) return undefined;
  return world.nowMs - record.createdAtMs < SOFT_DELETE_MS ? record : undefined;
}

function softDelete(workspace: StoredResource): readonly Effect[] {
  const properties = objectAt(workspace.body, 'properties');
  const body: JsonObject = {
    properties: {
      ...given('customerId', textAt(properties, 'customerId')),
      ...given('createdDate', textAt(properties, 'createdDate')),
      ...given('workspaceLocation', workspace.location),
      workspaceId: workspace.id.id,
    },
  };
  const id = recordId(workspace.id.id);
  return [
    { kind: 'delete', id },
    { kind: 'put', resource: { id, body, provisioningState: 'Succeeded' } },
  ];
}

function nextMidnight(from: string): string {
  const at = Date.parse(from);
  const day = 24 * 3600 * 1000;
  return new Date((Math.floor((Number.isNaN(at) ? 0 : at) / day) + 1) * day).toISOString();
}

function keyOf(workspace: StoredResource, which: string): string {
  return Buffer.from(guidOf(workspace.id.key, which).repeat(2)).toString('base64').slice(0, 88);
}

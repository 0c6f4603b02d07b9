import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { Reference, ResourceId, ResourceType, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { diagnosticCategories } from './support/diagnostic-categories.ts';
import { flagAt, objectAt, objectsAt, textAt } from './support/fields.ts';
import { sameId, sameName } from './support/ids.ts';
import { firstError, firstOf } from './support/network-errors.ts';

const SETTINGS = 'Microsoft.Insights/diagnosticSettings';

/** Microsoft documents 5 diagnostic settings for a resource. */
const MOST_SETTINGS = 5;

const SINKS: readonly string[] = [
  'workspaceId',
  'storageAccountId',
  'eventHubAuthorizationRuleId',
  'marketplacePartnerId',
];

/** Diagnostic settings of a resource: the categories must be those of its type, and no sink may be named twice for one. */
export const diagnosticSettings: ResourceType = {
  type: SETTINGS,
  apiVersions: ['2021-05-01-preview'],
  scope: 'extension',
  tracked: false,
  etag: 'none',
  provisioningState: false,
  createdStatus: 200,
  namePattern: /^[^<>%&:?/\\]{1,260}$/,
  validate(write, world) {
    return firstError(
      () => validateSink(write),
      () => validateCategories(write, world),
      () => validateCount(write, world),
      () => validateSinkUse(write, world),
    );
  },
  store: (write) => ({
    body: { properties: { metrics: [], logs: [], ...propertiesOf(write.body) } },
  }),
  references: settingReferences,
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
};

/** The categories that a resource has: what `GET …/diagnosticSettingsCategories` lists. */
export const diagnosticSettingsCategories: ResourceType = {
  type: 'Microsoft.Insights/diagnosticSettingsCategories',
  apiVersions: ['2021-05-01-preview'],
  scope: 'extension',
  tracked: false,
  methods: ['GET'],
  etag: 'none',
  provisioningState: false,
  collection(scopeId, _query, world) {
    const target = world.get(scopeId);
    const known = target === undefined ? undefined : diagnosticCategories(target.id.type);
    if (target === undefined || known === undefined) {
      return { armError: badRequest(`The resource '${scopeId}' does not support diagnostic settings.`) };
    }
    const category = (name: string, categoryType: string): JsonObject => ({
      id: `${target.id.id}/providers/Microsoft.Insights/diagnosticSettingsCategories/${name}`,
      type: 'Microsoft.Insights/diagnosticSettingsCategories',
      name,
      properties: { categoryType, categoryGroups: categoryType === 'Logs' ? ['allLogs'] : [] },
    });
    return {
      value: [
        ...known.logs.map((name) => category(name, 'Logs')),
        ...(known.metrics ? [category('AllMetrics', 'Metrics')] : []),
      ],
    };
  },
};

function badRequest(message: string): ArmError {
  return { status: 400, code: 'BadRequest', message };
}

function conflict(message: string): ArmError {
  return { status: 409, code: 'Conflict', message };
}

function settingReferences(id: ResourceId, body: JsonObject): readonly Reference[] {
  const workspace = textAt(body, 'properties', 'workspaceId');
  if (workspace === undefined) return [];
  return [
    {
      to: workspace,
      by: id.id,
      linkedAction: 'Microsoft.OperationalInsights/workspaces/sharedKeys/action',
      optional: true,
      whenNotSucceeded: 'ignore',
    },
  ];
}

function validateSink(write: Write): ArmError | null {
  const properties = objectAt(write.body, 'properties');
  const sinks = SINKS.filter((sink) => textAt(properties, sink) !== undefined);
  if (sinks.length > 0) return null;
  return badRequest('At least one data sink needs to be specified.');
}

function validateCategories(write: Write, world: World): ArmError | null {
  const target = world.get(write.id.scopeId ?? '');
  const known = target === undefined ? undefined : diagnosticCategories(target.id.type);
  if (target === undefined || known === undefined) {
    const type = target?.id.type ?? 'unknown';
    return badRequest(`The resource type '${type}' does not support diagnostic settings.`);
  }
  const logs = objectsAt(write.body, 'properties', 'logs');
  const metrics = objectsAt(write.body, 'properties', 'metrics');
  if (logs.length === 0 && metrics.length === 0)
    return badRequest('At least one log or metric category must be specified.');
  return firstError(
    () => validateWorkspace(write, world),
    () => firstOf(logs, (log) => validateLog(log, known.logs)),
    () =>
      firstOf(metrics, (metric) => {
        const category = textAt(metric, 'category') ?? 'AllMetrics';
        return known.metrics && sameName(category, 'AllMetrics')
          ? null
          : badRequest(`Metric category '${category}' is not supported.`);
      }),
    () => validateGroupsAlone(logs),
  );
}

function validateLog(log: JsonObject, known: readonly string[]): ArmError | null {
  const category = textAt(log, 'category');
  const group = textAt(log, 'categoryGroup');
  if ((category === undefined) === (group === undefined)) {
    return badRequest('Exactly one of category and categoryGroup must be specified for each log.');
  }
  if (category !== undefined && !known.some((name) => sameName(name, category))) {
    return badRequest(`Category '${category}' is not supported.`);
  }
  if (group !== undefined && (known.length === 0 || !['alllogs', 'audit'].includes(group.toLowerCase()))) {
    return badRequest(`Category group '${group}' is not supported.`);
  }
  return null;
}

function validateGroupsAlone(logs: readonly JsonObject[]): ArmError | null {
  const groups = logs.some((log) => textAt(log, 'categoryGroup') !== undefined && flagAt(log, 'enabled'));
  const single = logs.some((log) => textAt(log, 'category') !== undefined && flagAt(log, 'enabled'));
  return groups && single ? badRequest('Log categories and category groups cannot be enabled together.') : null;
}

function validateWorkspace(write: Write, world: World): ArmError | null {
  const workspace = textAt(write.body, 'properties', 'workspaceId');
  if (workspace === undefined || world.get(workspace) !== undefined) return null;
  const [, , , , group, , provider, type, name] = workspace.split('/');
  return {
    status: 404,
    code: 'ResourceNotFound',
    message:
      `The Resource '${provider}/${type}/${name}' under resource group '${group}' was not found. For more details please ` +
      'go to https://aka.ms/ARMResourceNotFoundFix',
  };
}

function othersOn(write: Write, world: World) {
  const scope = write.id.scopeId ?? '';
  return world.list(SETTINGS, scope).filter(({ id }) => sameId(id.scopeId, scope) && id.key !== write.id.key);
}

function validateCount(write: Write, world: World): ArmError | null {
  if (othersOn(write, world).length < MOST_SETTINGS) return null;
  return conflict(`The limit of ${MOST_SETTINGS} diagnostic settings was reached for resource '${write.id.scopeId}'.`);
}

function validateSinkUse(write: Write, world: World): ArmError | null {
  const wanted = enabledNames(write.body);
  return firstOf(othersOn(write, world), (other) =>
    firstOf(SINKS, (sink) => {
      const mine = textAt(write.body, 'properties', sink);
      if (mine === undefined || !sameId(textAt(other.body, 'properties', sink), mine)) return null;
      const shared = enabledNames(other.body).find((name) => wanted.includes(name));
      if (shared === undefined) return null;
      return conflict(
        `Data sink '${mine}' is already used in diagnostic setting '${other.id.name}' for category '${shared}'. Data ` +
          "sinks can't be reused in different settings on the same category for the same resource.",
      );
    }),
  );
}

function enabledNames(body: JsonObject): readonly string[] {
  const entries = [...objectsAt(body, 'properties', 'logs'), ...objectsAt(body, 'properties', 'metrics')];
  return entries
    .filter((entry) => flagAt(entry, 'enabled'))
    .map((entry) => textAt(entry, 'category') ?? textAt(entry, 'categoryGroup') ?? 'AllMetrics');
}

import type { ArmError } from '../arm-error.ts';
import { normaliseLocation, REGIONS } from '../catalogue.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import {
  isDynamic,
  METRIC_ALERTS,
  MULTIPLE_RESOURCES,
  SINGLE_RESOURCE,
  THRESHOLD_OPERATORS,
} from '../monitoring/alert-rule.ts';
import { durationMs } from '../monitoring/durations.ts';
import { AGGREGATIONS, metricDefinition, metricDefinitions } from '../monitoring/metric-definitions.ts';
import type { ResourceType, World, Write } from '../resource-type.ts';
import { flagAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt, withoutNulls } from './support/fields.ts';
import { sameName } from './support/ids.ts';
import { firstError, firstOf } from './support/network-errors.ts';

/** Microsoft documents these for metric alert rules. */
const FREQUENCIES: readonly string[] = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H'];
const WINDOWS: readonly string[] = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'];
/** Microsoft documents 5 conditions and 5 action groups for a rule. */
const MOST_CONDITIONS = 5;
const MOST_ACTIONS = 5;

const DYNAMIC_OPERATORS: readonly string[] = ['GreaterThan', 'LessThan', 'GreaterOrLessThan'];
const SENSITIVITIES: readonly string[] = ['Low', 'Medium', 'High'];

/** Metric alert rules: done at once, 200 for new ones too. */
export const metricAlerts: ResourceType = {
  type: METRIC_ALERTS,
  apiVersions: ['2018-03-01', '2024-03-01-preview', '2026-01-01'],
  scope: 'resourceGroup',
  tracked: true,
  locations: ['global', ...REGIONS],
  namePattern: /^(?!.*[. ]$)[^*#&+:<>?@%{}\\/|]{1,260}$/,
  etag: 'none',
  provisioningState: false,
  createdStatus: 200,
  patch: 'merge',
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
  validate(write, world) {
    const properties = objectAt(write.body, 'properties');
    return firstError(
      () => validateRequired(properties),
      () => validateTimes(properties),
      () => validateScopes(properties, world),
      () => validateCriteria(properties, world),
      () => validateActions(properties, world),
    );
  },
  store: (write) => ({ body: { properties: stored(write) } }),
};

function stored(write: Write): JsonObject {
  const properties = objectAt(withoutNulls(objectAt(write.body, 'properties')));
  const { lastUpdatedTime: _, isMigrated: __, provisioningState: ___, ...own } = properties;
  return {
    autoMitigate: true,
    windowSize: 'PT5M',
    actions: [],
    ...own,
    criteria: {
      ...objectAt(own, 'criteria'),
      allOf: objectsAt(own, 'criteria', 'allOf').map((criterion) => ({
        ...criterion,
        criterionType: textAt(criterion, 'criterionType') ?? 'StaticThresholdCriterion',
        operator: known([...THRESHOLD_OPERATORS, ...DYNAMIC_OPERATORS], textAt(criterion, 'operator')),
        timeAggregation: known(AGGREGATIONS, textAt(criterion, 'timeAggregation')),
        dimensions: valueAt(criterion, 'dimensions') ?? [],
      })),
    },
  };
}

/** As Microsoft writes it. */
function known(words: readonly string[], given: string | undefined): string {
  return words.find((word) => sameName(word, given ?? '')) ?? given ?? '';
}

function badRequest(message: string): ArmError {
  return { status: 400, code: 'BadRequest', message };
}

function validateRequired(properties: JsonObject): ArmError | null {
  const missing = ['severity', 'enabled', 'scopes', 'evaluationFrequency', 'criteria'].find(
    (name) => valueAt(properties, name) === undefined,
  );
  if (missing !== undefined) return badRequest(`Required property '${missing}' not found in JSON. Path 'properties'.`);
  const severity = numberAt(properties, 'severity');
  if (severity === undefined || !Number.isInteger(severity) || severity < 0 || severity > 4) {
    return badRequest('Severity must be a whole number from 0 to 4.');
  }
  return typeof valueAt(properties, 'enabled') === 'boolean' ? null : badRequest('enabled must be a boolean.');
}

function validateTimes(properties: JsonObject): ArmError | null {
  const frequency = textAt(properties, 'evaluationFrequency') ?? '';
  const window = textAt(properties, 'windowSize') ?? 'PT5M';
  const notOne = (name: string, value: string, allowed: readonly string[]): ArmError | null =>
    allowed.some((one) => durationMs(one) === durationMs(value))
      ? null
      : badRequest(`The value '${value}' of ${name} is not supported. Supported values are: ${allowed.join(', ')}.`);
  return firstError(
    () => notOne('evaluationFrequency', frequency, FREQUENCIES),
    () => notOne('windowSize', window, WINDOWS),
    () =>
      (durationMs(window) ?? 0) >= (durationMs(frequency) ?? 0)
        ? null
        : badRequest('The windowSize must not be smaller than the evaluationFrequency.'),
  );
}

function criteriaType(properties: JsonObject): string {
  return textAt(properties, 'criteria', 'odata.type') ?? '';
}

function validateScopes(properties: JsonObject, world: World): ArmError | null {
  const scopes = textsAt(properties, 'scopes');
  if (scopes.length === 0) return badRequest('At least one scope must be specified.');
  const multiple = criteriaType(properties) === MULTIPLE_RESOURCES;
  if (scopes.length > 1 && !multiple) {
    return badRequest(`Criteria of type ${SINGLE_RESOURCE} take one scope. Use ${MULTIPLE_RESOURCES} for several.`);
  }
  const broad = scopes.filter((scope) => !/\/providers\//i.test(scope));
  if ((scopes.length > 1 || broad.length > 0) && !named(properties)) {
    return badRequest(
      'targetResourceType and targetResourceRegion must be specified for several scopes, a resource group or a subscription.',
    );
  }
  if (broad.length > 0 && !multiple) return badRequest(`Scope ${broad[0]} is not a resource.`);
  return firstOf(scopes, (scope) => validateScope(scope, properties, world));
}

function named(properties: JsonObject): boolean {
  return (
    textAt(properties, 'targetResourceType') !== undefined && textAt(properties, 'targetResourceRegion') !== undefined
  );
}

function validateScope(scope: string, properties: JsonObject, world: World): ArmError | null {
  if (/^\/subscriptions\/[^/]+$/i.test(scope)) return null;
  const target = world.get(scope);
  if (target === undefined) return notFound(scope);
  const type = textAt(properties, 'targetResourceType');
  const region = textAt(properties, 'targetResourceRegion');
  if (target.id.type === 'Microsoft.Resources/resourceGroups') return null;
  if (type !== undefined && !sameName(type, target.id.type)) {
    return badRequest(`Scope ${scope} is not of the targetResourceType ${type}.`);
  }
  const elsewhere = region !== undefined && target.location !== normaliseLocation(region);
  return elsewhere ? badRequest(`Scope ${scope} is not in the targetResourceRegion ${region}.`) : null;
}

function notFound(id: string): ArmError {
  const parts = id.split('/');
  return {
    status: 404,
    code: 'ResourceNotFound',
    message:
      `The Resource '${parts.slice(6).join('/')}' under resource group '${parts[4] ?? ''}' was not found. For more ` +
      'details please go to https://aka.ms/ARMResourceNotFoundFix',
  };
}

/** Types of the resources that the rule looks at. */
function targetTypes(properties: JsonObject, world: World): readonly string[] {
  const type = textAt(properties, 'targetResourceType');
  if (type !== undefined) return [type];
  return textsAt(properties, 'scopes').flatMap((scope) => world.get(scope)?.id.type ?? []);
}

function validateCriteria(properties: JsonObject, world: World): ArmError | null {
  const type = criteriaType(properties);
  if (type !== SINGLE_RESOURCE && type !== MULTIPLE_RESOURCES) {
    return badRequest(
      `Criteria type '${type}' is not supported. Supported are: ${SINGLE_RESOURCE}, ${MULTIPLE_RESOURCES}.`,
    );
  }
  const criteria = objectsAt(properties, 'criteria', 'allOf');
  if (criteria.length === 0) return badRequest('At least one criterion must be specified.');
  if (criteria.length > MOST_CONDITIONS) return badRequest(`A rule cannot have more than ${MOST_CONDITIONS} criteria.`);
  const names = criteria.map((criterion) => (textAt(criterion, 'name') ?? '').toLowerCase());
  if (names.includes('')) return badRequest('Each criterion must have a name.');
  if (new Set(names).size < names.length) return badRequest('Criterion names must be unique.');
  if (criteria.some(isDynamic) && (type !== MULTIPLE_RESOURCES || criteria.length > 1)) {
    return badRequest(`A dynamic threshold takes criteria of type ${MULTIPLE_RESOURCES}, and must be the only one.`);
  }
  return firstOf(criteria, (criterion) =>
    firstError(
      () => validateCriterion(criterion),
      () => validateMetric(criterion, targetTypes(properties, world)),
      () => validateDimensions(criterion, criteria.length > 1),
    ),
  );
}

function validateCriterion(criterion: JsonObject): ArmError | null {
  const name = textAt(criterion, 'name');
  const aggregation = textAt(criterion, 'timeAggregation') ?? '';
  if (!AGGREGATIONS.some((one) => sameName(one, aggregation))) {
    return badRequest(`The timeAggregation '${aggregation}' of criterion '${name}' is not supported.`);
  }
  const operator = textAt(criterion, 'operator') ?? '';
  const operators = isDynamic(criterion) ? DYNAMIC_OPERATORS : THRESHOLD_OPERATORS;
  if (!operators.some((one) => sameName(one, operator))) {
    return badRequest(`The operator '${operator}' of criterion '${name}' is not supported.`);
  }
  if (!isDynamic(criterion)) {
    const threshold = numberAt(criterion, 'threshold');
    return threshold === undefined ? badRequest(`The threshold of criterion '${name}' must be a number.`) : null;
  }
  if (!SENSITIVITIES.includes(textAt(criterion, 'alertSensitivity') ?? '')) {
    return badRequest(`The alertSensitivity of criterion '${name}' must be one of ${SENSITIVITIES.join(', ')}.`);
  }
  const periods = numberAt(criterion, 'failingPeriods', 'numberOfEvaluationPeriods') ?? 0;
  const failing = numberAt(criterion, 'failingPeriods', 'minFailingPeriodsToAlert') ?? 0;
  const fits = periods >= 1 && periods <= 6 && failing >= 1 && failing <= periods;
  return fits
    ? null
    : badRequest(`The failingPeriods of criterion '${name}' must be from 1 to 6, the least no more than all.`);
}

function validateMetric(criterion: JsonObject, types: readonly string[]): ArmError | null {
  if (flagAt(criterion, 'skipMetricValidation')) return null;
  const metric = textAt(criterion, 'metricName') ?? '';
  const namespace = textAt(criterion, 'metricNamespace');
  return firstOf(types, (type) => {
    const definition = metricDefinition(type, metric);
    const inNamespace = namespace === undefined || sameName(namespace, type);
    if (definition === undefined || !inNamespace) {
      const of = (metricDefinitions(type) ?? []).map(({ name }) => name).join(', ');
      return badRequest(
        `Couldn't find a metric named ${metric} in namespace ${namespace ?? type}. Make sure the name is correct. ` +
          `Metrics of ${type}: ${of}.`,
      );
    }
    const unknown = objectsAt(criterion, 'dimensions')
      .map((dimension) => textAt(dimension, 'name') ?? '')
      .find((name) => !definition.dimensions.some((one) => sameName(one, name)));
    if (unknown !== undefined) return badRequest(`Couldn't find a dimension named ${unknown} for metric ${metric}.`);
    const aggregation = textAt(criterion, 'timeAggregation') ?? '';
    if (definition.aggregations.some((one) => sameName(one, aggregation))) return null;
    return badRequest(`The timeAggregation '${aggregation}' is not supported for metric ${metric}.`);
  });
}

/** With several criteria each dimension has one value. */
function validateDimensions(criterion: JsonObject, oneOfMany: boolean): ArmError | null {
  const dimensions = objectsAt(criterion, 'dimensions');
  const names = dimensions.map((dimension) => (textAt(dimension, 'name') ?? '').toLowerCase());
  if (new Set(names).size < names.length) return badRequest('A dimension can be named once in a criterion.');
  return firstOf(dimensions, (dimension) => {
    const values = textsAt(dimension, 'values');
    const operator = textAt(dimension, 'operator') ?? '';
    if (!['include', 'exclude'].includes(operator.toLowerCase())) {
      return badRequest(`The operator '${operator}' of dimension '${textAt(dimension, 'name')}' is not supported.`);
    }
    if (values.length === 0) return badRequest(`Dimension '${textAt(dimension, 'name')}' must have values.`);
    if (oneOfMany && (values.length > 1 || values.includes('*') || operator.toLowerCase() !== 'include')) {
      return badRequest('In a rule with several criteria each dimension must have exactly one value.');
    }
    return null;
  });
}

function validateActions(properties: JsonObject, world: World): ArmError | null {
  const actions = objectsAt(properties, 'actions');
  if (actions.length > MOST_ACTIONS) return badRequest(`A rule cannot have more than ${MOST_ACTIONS} action groups.`);
  return firstOf(actions, (action) => {
    const id = textAt(action, 'actionGroupId') ?? '';
    if (!/\/providers\/microsoft\.insights\/actiongroups\/[^/]+$/i.test(id)) {
      return badRequest(`'${id}' is not the id of an action group.`);
    }
    if (world.get(id) === undefined) return notFound(id);
    const webHook = valueAt(action, 'webHookProperties');
    const texts = webHook === undefined || (isJsonObject(webHook) && Object.values(webHook).every(isText));
    return texts ? null : badRequest('webHookProperties must be strings by name.');
  });
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

import type { JsonObject } from '../json.ts';
import type { StoredResource } from '../resource-type.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from '../resource-types/support/fields.ts';
import { durationMs } from './durations.ts';
import type { Aggregation } from './metric-definitions.ts';
import type { DimensionFilter } from './metric-series.ts';

export const METRIC_ALERTS = 'Microsoft.Insights/metricAlerts';

export const SINGLE_RESOURCE = 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria';
export const MULTIPLE_RESOURCES = 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria';

export type ThresholdOperator = 'Equals' | 'GreaterThan' | 'GreaterThanOrEqual' | 'LessThan' | 'LessThanOrEqual';

export const THRESHOLD_OPERATORS: readonly ThresholdOperator[] = [
  'Equals',
  'GreaterThan',
  'GreaterThanOrEqual',
  'LessThan',
  'LessThanOrEqual',
];

export interface AlertCriterion {
  readonly name: string;
  readonly metric: string;
  readonly metricNamespace: string;
  readonly operator: ThresholdOperator;
  readonly threshold: number;
  readonly aggregation: Aggregation;
  readonly dimensions: readonly DimensionFilter[];
}

/** A metric alert rule with static thresholds, as stored. */
export interface AlertRule {
  readonly id: StoredResource['id'];
  readonly description: string;
  readonly severity: number;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  readonly targetResourceType?: string;
  readonly targetResourceRegion?: string;
  readonly frequencyMs: number;
  readonly windowMs: number;
  /** As written: `PT5M`. */
  readonly windowSize: string;
  readonly multipleResources: boolean;
  readonly criteria: readonly AlertCriterion[];
  /** Fires once until it is resolved; otherwise again and again. */
  readonly stateful: boolean;
  readonly actions: readonly { readonly actionGroupId: string; readonly properties: JsonObject | null }[];
  readonly customProperties?: JsonObject;
}

/** Reads a stored rule; undefined for one that is not evaluated here: dynamic thresholds have nothing to learn from. */
export function readAlertRule(resource: StoredResource): AlertRule | undefined {
  const properties = objectAt(resource.body, 'properties');
  const criteria = objectsAt(properties, 'criteria', 'allOf');
  if (criteria.length === 0 || criteria.some(isDynamic)) return undefined;
  const windowSize = textAt(properties, 'windowSize') ?? 'PT5M';
  const type = textAt(properties, 'targetResourceType');
  const region = textAt(properties, 'targetResourceRegion');
  const custom = valueAt(properties, 'customProperties');
  return {
    id: resource.id,
    description: textAt(properties, 'description') ?? '',
    severity: numberAt(properties, 'severity') ?? 3,
    enabled: valueAt(properties, 'enabled') !== false,
    scopes: textsAt(properties, 'scopes'),
    ...(type === undefined ? {} : { targetResourceType: type }),
    ...(region === undefined ? {} : { targetResourceRegion: region }),
    frequencyMs: durationMs(textAt(properties, 'evaluationFrequency') ?? '') ?? 60_000,
    windowMs: durationMs(windowSize) ?? 300_000,
    windowSize,
    multipleResources: textAt(properties, 'criteria', 'odata.type') === MULTIPLE_RESOURCES,
    criteria: criteria.map(readCriterion),
    stateful: valueAt(properties, 'autoMitigate') !== false,
    actions: objectsAt(properties, 'actions').flatMap((action) => {
      const actionGroupId = textAt(action, 'actionGroupId');
      const webHook = valueAt(action, 'webHookProperties');
      return actionGroupId === undefined
        ? []
        : [{ actionGroupId, properties: webHook === undefined ? null : objectAt(webHook) }];
    }),
    ...(custom === undefined ? {} : { customProperties: objectAt(custom) }),
  };
}

export function isDynamic(criterion: JsonObject): boolean {
  return textAt(criterion, 'criterionType') === 'DynamicThresholdCriterion';
}

function readCriterion(criterion: JsonObject): AlertCriterion {
  return {
    name: textAt(criterion, 'name') ?? '',
    metric: textAt(criterion, 'metricName') ?? '',
    metricNamespace: textAt(criterion, 'metricNamespace') ?? '',
    // Validated when the rule was written, and stored as Microsoft writes them.
    operator: (textAt(criterion, 'operator') ?? 'GreaterThan') as ThresholdOperator,
    threshold: numberAt(criterion, 'threshold') ?? 0,
    aggregation: (textAt(criterion, 'timeAggregation') ?? 'Average') as Aggregation,
    dimensions: objectsAt(criterion, 'dimensions').map((dimension) => ({
      name: textAt(dimension, 'name') ?? '',
      operator: textAt(dimension, 'operator')?.toLowerCase() === 'exclude' ? 'Exclude' : 'Include',
      values: textsAt(dimension, 'values'),
    })),
  };
}

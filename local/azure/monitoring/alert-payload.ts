import type { Json, JsonObject } from '../json.ts';
import { guidOf } from '../resource-types/support/ids.ts';
import type { AlertSignal, CriterionValue } from './alert-evaluation.ts';
import { type AlertRule, MULTIPLE_RESOURCES, SINGLE_RESOURCE } from './alert-rule.ts';

/** The common alert schema, in the case that Azure Monitor writes each part. */
export function commonAlert(rule: AlertRule, signal: AlertSignal, properties: JsonObject | null): JsonObject {
  const { subscription, resourceGroup = '', name } = rule.id;
  const target = signal.targetId.toLowerCase();
  const custom = rule.customProperties;
  return {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: `/subscriptions/${subscription}/providers/Microsoft.AlertsManagement/alerts/${signal.alertId}`,
        alertRule: name,
        alertRuleId: ruleId(rule),
        severity: `Sev${rule.severity}`,
        signalType: 'Metric',
        monitorCondition: signal.condition,
        monitoringService: 'Platform',
        alertTargetIDs: [target],
        configurationItems: [target.slice(target.lastIndexOf('/') + 1)],
        originAlertId: `${subscription}_${resourceGroup}_microsoft.insights_metricAlerts_${name}_${originNumber(rule, signal)}`,
        firedDateTime: preciseTime(signal.firedMs, signal.alertId),
        ...(signal.resolvedMs === undefined
          ? {}
          : { resolvedDateTime: preciseTime(signal.resolvedMs, `${signal.alertId} resolved`) }),
        description: rule.description,
        essentialsVersion: '1.0',
        alertContextVersion: '1.0',
      },
      alertContext: {
        properties,
        conditionType: conditionType(rule),
        condition: {
          windowSize: rule.windowSize,
          allOf: signal.values.map(criterion),
          windowStartTime: new Date(signal.windowFromMs).toISOString(),
          windowEndTime: new Date(signal.windowUntilMs).toISOString(),
        },
      },
      ...(custom === undefined ? {} : { customProperties: custom }),
    },
  };
}

/** What receivers get for which the common schema is not switched on. */
export function legacyAlert(rule: AlertRule, signal: AlertSignal, properties: JsonObject | null): JsonObject {
  const parts = signal.targetId.split('/');
  return {
    schemaId: 'AzureMonitorMetricAlert',
    data: {
      version: '2.0',
      properties,
      status: signal.condition === 'Fired' ? 'Activated' : 'Deactivated',
      context: {
        timestamp: preciseTime(signal.resolvedMs ?? signal.firedMs, signal.alertId),
        id: ruleId(rule),
        name: rule.id.name,
        description: rule.description,
        conditionType: conditionType(rule),
        severity: String(rule.severity),
        condition: { windowSize: rule.windowSize, allOf: signal.values.map(criterion) },
        subscriptionId: parts[2] ?? '',
        resourceGroupName: parts[4] ?? '',
        resourceName: parts.at(-1) ?? '',
        resourceType: `${parts[6] ?? ''}/${parts[7] ?? ''}`,
        resourceId: signal.targetId,
        portalLink: `https://portal.azure.com/#resource${signal.targetId}`,
      },
    },
  };
}

function ruleId({ id }: AlertRule): string {
  return `/subscriptions/${id.subscription}/resourceGroups/${id.resourceGroup ?? ''}/providers/microsoft.insights/metricAlerts/${id.name}`;
}

function conditionType({ multipleResources }: AlertRule): string {
  const whole = multipleResources ? MULTIPLE_RESOURCES : SINGLE_RESOURCE;
  return whole.slice(whole.lastIndexOf('.') + 1);
}

/** The threshold is a string, the value a number. */
function criterion({ criterion: of, dimensions, value }: CriterionValue): Json {
  return {
    metricName: of.metric,
    metricNamespace: of.metricNamespace,
    operator: of.operator,
    threshold: String(of.threshold),
    timeAggregation: of.aggregation,
    dimensions: dimensions.map((dimension) => ({ ...dimension })),
    metricValue: Number(value.toFixed(3)),
    webTestName: null,
  };
}

/** Seven digits of fraction, as .NET writes times. */
function preciseTime(ms: number, what: string): string {
  const digits = Number.parseInt(guidOf(what).slice(0, 8), 16) % 10_000;
  return new Date(ms).toISOString().replace('Z', `${String(digits).padStart(4, '0')}Z`);
}

function originNumber(rule: AlertRule, { targetId, values }: AlertSignal): number {
  const of = values.flatMap(({ dimensions }) => dimensions.map(({ value }) => value));
  return Number.parseInt(guidOf(rule.id.key, targetId, ...of).slice(0, 7), 16);
}

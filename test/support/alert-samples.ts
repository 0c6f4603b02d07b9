import type { JsonObject } from '../../lib/json.ts';

/** Payloads of the shapes that Microsoft publishes, with names of our own, and what becomes of each. */

export const SUBSCRIPTION = '/subscriptions/11111111-2222-3333-4444-555555555555';
export const FIREWALL_ID = `${SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/azureFirewalls/fw-hub`;
/** How alerts spell the same id. */
export const FIREWALL_ID_IN_ALERTS = FIREWALL_ID.toLowerCase().replace(
  '/resourcegroups/rg-hub',
  '/resourcegroups/RG-Hub',
);
export const GATEWAY_ID = `${SUBSCRIPTION}/resourcegroups/rg-edge/providers/microsoft.network/applicationgateways/agw-edge`;
const WORKSPACE_ID = `${SUBSCRIPTION}/resourcegroups/rg-mon/providers/microsoft.operationalinsights/workspaces/law`;
const MACHINE_ID = `${SUBSCRIPTION}/resourcegroups/rg-app/providers/microsoft.compute/virtualmachines/vm-1`;

/** What an alert about nothing of ours, or with nothing to do, is answered with. */
export type ExpectedAnswer =
  | { readonly status: 200; readonly target: string; readonly why: RegExp }
  | { readonly status: 400; readonly path: string };

export interface AlertSample {
  /** Name of the published sample that it is modelled on. */
  readonly name: string;
  readonly payload: unknown;
  /** The answer while nothing is managed. */
  readonly expected: ExpectedAnswer;
}

const NOT_THIS_TYPE = /resource type/;

interface Essentials {
  readonly [field: string]: unknown;
}

/** An envelope with the fields that nearly all alerts have. */
export function commonAlert(essentials: Essentials, alertContext: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: `${SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/77777777-8888-9999-aaaa-bbbbbbbbbbbb`,
        alertRule: 'a-rule',
        severity: 'Sev4',
        signalType: 'Metric',
        monitorCondition: 'Fired',
        monitoringService: 'Platform',
        alertTargetIDs: [MACHINE_ID],
        configurationItems: ['vm-1'],
        originAlertId: '99999999-aaaa-bbbb-cccc-dddddddddddd',
        firedDateTime: '2026-03-02T10:11:12.345Z',
        description: 'What the rule is for',
        essentialsVersion: '1.0',
        alertContextVersion: '1.0',
        ...essentials,
      } as JsonObject,
      alertContext,
      ...more,
    },
  };
}

interface MetricOverrides {
  readonly operator?: string;
  readonly metricName?: string;
  readonly metricNamespace?: string | null;
  readonly threshold?: unknown;
  readonly metricValue?: unknown;
  readonly timeAggregation?: string;
  readonly conditionType?: string;
}

function metricContext(overrides: MetricOverrides = {}): JsonObject {
  const { conditionType = 'SingleResourceMultipleMetricCriteria', ...criterion } = overrides;
  return {
    properties: null,
    conditionType,
    condition: {
      windowSize: 'PT5M',
      allOf: [
        {
          metricName: 'Percentage CPU',
          metricNamespace: 'Microsoft.Compute/virtualMachines',
          operator: 'GreaterThan',
          threshold: '25',
          timeAggregation: 'Average',
          dimensions: [{ name: 'ResourceId', value: 'abcdef' }],
          metricValue: 31.4,
          webTestName: null,
          ...criterion,
        } as JsonObject,
      ],
      windowStartTime: '2026-03-02T10:05:12.345Z',
      windowEndTime: '2026-03-02T10:10:12.345Z',
    },
  };
}

/** The alert that the SNAT rule of a firewall sends. */
export function snatAlert(essentials: Essentials = {}, criterion: MetricOverrides = {}): JsonObject {
  return commonAlert(
    {
      alertId: `${SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e`,
      alertRule: 'fw-hub-SNATPortUtilization',
      alertRuleId: `${SUBSCRIPTION}/resourceGroups/rg-mon/providers/microsoft.insights/metricAlerts/fw-hub-SNATPortUtilization`,
      severity: 'Sev1',
      alertTargetIDs: [FIREWALL_ID_IN_ALERTS],
      configurationItems: ['fw-hub'],
      firedDateTime: '2026-05-04T09:12:31.4410071Z',
      ...essentials,
    },
    metricContext({
      metricName: 'SNATPortUtilization',
      metricNamespace: 'Microsoft.Network/azureFirewalls',
      threshold: '80',
      metricValue: 86.4,
      ...criterion,
    }),
  );
}

const logV2Context = (dimensions: readonly JsonObject[]): JsonObject => ({
  properties: { environment: 'prod' },
  conditionType: 'LogQueryCriteria',
  condition: {
    windowSize: 'PT1H',
    allOf: [
      {
        searchQuery: 'Heartbeat',
        metricMeasureColumn: null,
        targetResourceTypes: "['Microsoft.OperationalInsights/workspaces']",
        operator: 'GreaterThan',
        threshold: '0',
        timeAggregation: 'Count',
        dimensions,
        metricValue: 3.0,
        failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
        linkToSearchResultsUI: 'https://portal.azure.com#@tenant/blade/search',
      },
    ],
    windowStartTime: '2026-03-02T10:05:12.345Z',
    windowEndTime: '2026-03-02T10:10:12.345Z',
  },
});

/** Alerts of the common schema and of its forerunners. */
export const ALERT_SAMPLES: readonly AlertSample[] = [
  {
    name: 'common-metric-static-test-action',
    payload: commonAlert({}, metricContext({ timeAggregation: 'Total' }), { customProperties: { key: 'value' } }),
    expected: { status: 200, target: MACHINE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-metric-static-resolved',
    payload: commonAlert(
      { monitorCondition: 'Resolved', resolvedDateTime: '2026-03-02T10:16:12.2246313Z', description: '' },
      {
        ...metricContext(),
        condition: {
          windowSize: 'PT5M',
          allOf: [
            {
              metricName: 'Percentage CPU',
              metricNamespace: 'Microsoft.Compute/virtualMachines',
              operator: 'GreaterThan',
              threshold: '25',
              timeAggregation: 'Average',
              metricValue: 7.7,
            },
          ],
        },
      },
    ),
    expected: { status: 200, target: MACHINE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-metric-dynamic-test-action',
    payload: commonAlert({}, metricContext({ conditionType: 'DynamicThresholdCriteria', threshold: '0.3' })),
    expected: { status: 200, target: MACHINE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-webtest-test-action',
    payload: commonAlert(
      { alertTargetIDs: [`${SUBSCRIPTION}/resourcegroups/rg-app/providers/microsoft.insights/components/ai`] },
      metricContext({
        conditionType: 'WebtestLocationAvailabilityCriteria',
        metricNamespace: null,
        timeAggregation: 'Sum',
      }),
    ),
    expected: {
      status: 200,
      target: `${SUBSCRIPTION}/resourcegroups/rg-app/providers/microsoft.insights/components/ai`,
      why: NOT_THIS_TYPE,
    },
  },
  {
    name: 'common-log-v2-test-action',
    payload: commonAlert(
      { signalType: 'Log', monitoringService: 'Log Alerts V2', alertTargetIDs: [WORKSPACE_ID] },
      logV2Context([{ name: 'Computer', value: 'a-computer' }]),
    ),
    expected: { status: 200, target: WORKSPACE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'authored-log-v2-waf-block-spike-fired',
    payload: commonAlert(
      { signalType: 'Log', monitoringService: 'Log Alerts V2', alertTargetIDs: [WORKSPACE_ID], severity: 'Sev2' },
      logV2Context([{ name: '_ResourceId', value: GATEWAY_ID }]),
    ),
    expected: { status: 200, target: GATEWAY_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-log-v1-numresults-test-action',
    payload: commonAlert(
      {
        signalType: 'Log',
        monitoringService: 'Log Analytics',
        alertTargetIDs: [WORKSPACE_ID],
        alertContextVersion: '1.1',
      },
      {
        SearchQuery: 'Heartbeat',
        ResultCount: 1,
        SearchResults: { tables: [{ name: 'PrimaryResult', columns: [], rows: [['a', 'b']] }], dataSources: [] },
        Threshold: 0,
        Operator: 'Greater Than',
        IncludeSearchResults: true,
        IncludedSearchResults: 'True',
      },
    ),
    expected: { status: 200, target: WORKSPACE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-activitylog-administrative-test-action',
    payload: commonAlert(
      {
        alertId: `${SUBSCRIPTION}/resourceGroups/rg/providers/microsoft.insights/activityLogAlerts/a-rule`,
        signalType: 'Activity Log',
        monitoringService: 'Activity Log - Administrative',
      },
      {
        authorization: { action: 'Microsoft.Compute/virtualMachines/restart/action', scope: MACHINE_ID },
        claims: '{}',
        caller: 'someone@example.com',
        properties: { eventCategory: 'Administrative' },
        status: 'Succeeded',
        'Activity Log Event Description': '',
      },
    ),
    expected: { status: 200, target: MACHINE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-resourcehealth-test-action',
    payload: commonAlert(
      { signalType: 'Activity Log', monitoringService: 'Resource Health' },
      {
        channels: 'Admin, Operation',
        properties: { currentHealthStatus: 'Unavailable', details: null },
        status: 'Active',
      },
    ),
    expected: { status: 200, target: MACHINE_ID, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-servicehealth-test-action',
    payload: commonAlert(
      {
        signalType: 'ActivityLog',
        monitoringService: 'ServiceHealth',
        alertTargetIDs: [SUBSCRIPTION],
        configurationItems: undefined,
      },
      {
        authorization: null,
        channels: 1,
        claims: null,
        eventSource: 2,
        level: 3,
        properties: { impactedServices: '[]' },
        status: 'Resolved',
      },
    ),
    expected: { status: 200, target: SUBSCRIPTION, why: NOT_THIS_TYPE },
  },
  {
    name: 'common-smart-detector-test-action',
    payload: commonAlert(
      {
        signalType: 'Log',
        monitoringService: 'SmartDetector',
        alertTargetIDs: [`${SUBSCRIPTION}/resourcegroups/rg-app/providers/microsoft.insights/components/ai`],
      },
      { DetectionSummary: 'slower', DetectedValue: '0.45 sec', SmartDetectorId: 'DependencyDetector' },
    ),
    expected: {
      status: 200,
      target: `${SUBSCRIPTION}/resourcegroups/rg-app/providers/microsoft.insights/components/ai`,
      why: NOT_THIS_TYPE,
    },
  },
  {
    name: 'common-budget-null-essentials',
    payload: commonAlert(
      {
        alertId: `${SUBSCRIPTION}/providers/Microsoft.CostManagement/alerts/a-budget`,
        alertRule: null,
        severity: null,
        signalType: null,
        monitoringService: 'CostAlerts',
        alertTargetIDs: null,
        originAlertId: null,
      },
      { AlertCategory: 'budgets', AlertData: { Unit: 'USD' } },
    ),
    expected: { status: 200, target: '', why: /names no resource/ },
  },
  {
    name: 'authored-metric-snat-fired',
    payload: snatAlert(),
    expected: { status: 200, target: FIREWALL_ID_IN_ALERTS, why: /No baseline manages/ },
  },
  {
    name: 'legacy-metric-static',
    payload: {
      schemaId: 'AzureMonitorMetricAlert',
      data: {
        version: '2.0',
        status: 'Activated',
        context: { severity: '3', resourceId: MACHINE_ID, condition: { allOf: [] } },
      },
    },
    expected: { status: 200, target: MACHINE_ID, why: /useCommonAlertSchema/ },
  },
  {
    name: 'context-prometheus',
    payload: {
      alertContext: { interval: 'PT1M', expression: 'up > 0', labels: {}, annotations: {}, ruleGroup: SUBSCRIPTION },
    },
    expected: { status: 400, path: 'schemaId' },
  },
];

/** Payloads that are no alerts: events, logs, answers of other services. Nobody should send them here. */
export const FOREIGN_SAMPLES: readonly AlertSample[] = [
  ...[
    'cloudevents-apim-api-updated-as-documented',
    'cloudevents-policy-state-changed',
    'eventgrid-apim-api-updated',
    'eventgrid-keyvault-secret-new-version',
    'eventgrid-resource-action-success-serviceprincipal',
    'eventgrid-resource-write-success',
    'eventgrid-subscription-validation',
  ].map((name): AlertSample => ({ name, payload: [eventOf(name)], expected: { status: 400, path: '' } })),
  ...[
    'eventgrid-aks-new-kubernetes-version',
    'eventgrid-deadletter-record',
    'waf-firewall-log-record',
    'agw-access-log-v2-record',
    'authored-loganalytics-response-agwfirewalllogs',
    'authored-metrics-list-snat',
    'authored-azurefirewall-get',
    'authored-apim-policy-fragment',
    'authored-apim-policy-get-rawxml',
    'authored-apim-policy-get-xml',
  ].map((name): AlertSample => ({ name, payload: eventOf(name), expected: { status: 400, path: 'schemaId' } })),
];

/** The likeness of an event or a resource: it has an id and data, and no schema id. */
function eventOf(name: string): JsonObject {
  return {
    id: '3c3c3c3c-0000-1111-2222-333333333333',
    topic: SUBSCRIPTION,
    subject: FIREWALL_ID,
    eventType: name,
    type: name,
    source: SUBSCRIPTION,
    specversion: '1.0',
    eventTime: '2026-01-01T00:00:00Z',
    data: {
      resourceUri: FIREWALL_ID,
      validationCode: '4d4d4d4d-0000-1111-2222-333333333333',
      validationUrl: 'https://example.com:553/validate?token=abc',
    },
    properties: { action: 'Blocked' },
  };
}

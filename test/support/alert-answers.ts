import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';

/** What becomes of an alert, as its sender sees it and as the baseline keeps it. */
export type Outcome =
  | { readonly answer: 'refused'; readonly path: string }
  /** `journal`: the one line that is kept of it, if any. */
  | { readonly answer: 'ignored'; readonly why: RegExp; readonly journal?: 'alert over' }
  | { readonly answer: 'recorded'; readonly journal: 'alert recorded' };

/** What becomes of one sample. */
export interface Outcomes {
  /** As it is: nobody manages what it names. */
  readonly asItIs: Outcome;
  /** Every resource that it names is a managed firewall. */
  readonly aimed: Outcome;
  /** Besides, each of its criteria is about the SNAT ports. */
  readonly aboutSnat: Outcome;
}

const ignored = (why: RegExp): Outcome => ({ answer: 'ignored', why });
const refused = (path: string): Outcomes => {
  const outcome: Outcome = { answer: 'refused', path };
  return { asItIs: outcome, aimed: outcome, aboutSnat: outcome };
};

export const RECORDED: Outcome = { answer: 'recorded', journal: 'alert recorded' };
export const OVER: Outcome = { answer: 'ignored', why: /The alert is over/, journal: 'alert over' };
const OTHER_TYPE = ignored(/No reaction is there for alerts of this resource type/);
const NO_METRIC = ignored(/about no metric of the firewall/);
const OTHER_METRIC = ignored(/not about SNATPortUtilization/);
const TOTAL = ignored(/aggregates SNATPortUtilization by Total/);
const OLD_SCHEMA = ignored(/useCommonAlertSchema/);

/** Alerts of logs, activities, health and cost carry no figure of the ports, whatever they name. */
const NEVER_A_SIGNAL: Outcomes = { asItIs: OTHER_TYPE, aimed: NO_METRIC, aboutSnat: NO_METRIC };
const NO_OBJECT = refused('');
const NO_SCHEMA = refused('schemaId');

/** What becomes of each sample, by its name. Events, logs and answers of other services are no alerts. */
export const OUTCOMES: Readonly<Record<string, Outcomes>> = {
  'authored-metric-snat-fired': {
    asItIs: ignored(/No baseline manages this resource/),
    aimed: RECORDED,
    aboutSnat: RECORDED,
  },
  'common-metric-static-test-action': { asItIs: OTHER_TYPE, aimed: OTHER_METRIC, aboutSnat: TOTAL },
  'common-metric-dynamic-test-action': { asItIs: OTHER_TYPE, aimed: OTHER_METRIC, aboutSnat: RECORDED },
  'common-metric-static-resolved': { asItIs: OTHER_TYPE, aimed: OTHER_METRIC, aboutSnat: OVER },
  'common-webtest-test-action': NEVER_A_SIGNAL,
  'common-log-v2-test-action': NEVER_A_SIGNAL,
  'authored-log-v2-waf-block-spike-fired': NEVER_A_SIGNAL,
  'common-log-v1-numresults-test-action': NEVER_A_SIGNAL,
  'common-activitylog-administrative-test-action': NEVER_A_SIGNAL,
  'common-resourcehealth-test-action': NEVER_A_SIGNAL,
  'common-servicehealth-test-action': NEVER_A_SIGNAL,
  'common-smart-detector-test-action': NEVER_A_SIGNAL,
  'common-budget-null-essentials': { ...NEVER_A_SIGNAL, asItIs: ignored(/names no resource/) },
  'legacy-metric-static': { asItIs: OLD_SCHEMA, aimed: OLD_SCHEMA, aboutSnat: OLD_SCHEMA },
  'context-prometheus': NO_SCHEMA,
  'cloudevents-apim-api-updated-as-documented': NO_OBJECT,
  'cloudevents-policy-state-changed': NO_OBJECT,
  'eventgrid-apim-api-updated': NO_OBJECT,
  'eventgrid-keyvault-secret-new-version': NO_OBJECT,
  'eventgrid-resource-action-success-serviceprincipal': NO_OBJECT,
  'eventgrid-resource-write-success': NO_OBJECT,
  'eventgrid-subscription-validation': NO_OBJECT,
  'eventgrid-aks-new-kubernetes-version': NO_SCHEMA,
  'eventgrid-deadletter-record': NO_SCHEMA,
  'waf-firewall-log-record': NO_SCHEMA,
  'agw-access-log-v2-record': NO_SCHEMA,
  'authored-loganalytics-response-agwfirewalllogs': NO_SCHEMA,
  'authored-metrics-list-snat': NO_SCHEMA,
  'authored-azurefirewall-get': NO_SCHEMA,
  'authored-apim-policy-fragment': NO_SCHEMA,
  'authored-apim-policy-get-rawxml': NO_SCHEMA,
  'authored-apim-policy-get-xml': NO_SCHEMA,
};

/** A change of an alert. */
export interface AlertChange {
  /** Goes into the id of the alert, so that it is no copy of what it was made of. */
  readonly name: string;
  readonly essentials?: JsonObject;
  readonly criterion?: JsonObject;
}

/** What becomes of changes of the alert of a full firewall. */
export const SNAT_VARIANTS: readonly (AlertChange & { readonly outcome: Outcome })[] = [
  {
    name: 'a threshold as number, an operator in other letters',
    criterion: { threshold: 80, operator: 'GREATERTHANOREQUAL' },
    outcome: RECORDED,
  },
  {
    name: 'a rule that fires when it is low',
    criterion: { operator: 'LessThan' },
    outcome: ignored(/low: that is no exhaustion/),
  },
  {
    name: 'a drop seen by a rule of both directions',
    criterion: { operator: 'GreaterOrLessThan', metricValue: 12 },
    outcome: ignored(/low: that is no exhaustion/),
  },
  {
    name: 'a rise seen by a rule of both directions',
    criterion: { operator: 'GreaterOrLessThan', metricValue: 91 },
    outcome: RECORDED,
  },
  {
    name: 'a sum of percentages',
    criterion: { timeAggregation: 'Total' },
    outcome: TOTAL,
  },
  { name: 'another metric of the firewall', criterion: { metricName: 'FirewallHealth' }, outcome: OTHER_METRIC },
  {
    name: 'the end of the alert',
    essentials: { monitorCondition: 'Resolved', resolvedDateTime: '2026-05-04T09:30:00Z' },
    outcome: OVER,
  },
  { name: 'the end of an alert that does not say when', essentials: { monitorCondition: 'Resolved' }, outcome: OVER },
];

/** The alert with that change in each of its criteria. */
export function changedAlert(sample: Json, { name, essentials = {}, criterion = {} }: AlertChange): Json {
  return mapObjects(sample, (object) => {
    if (object.alertId !== undefined) return { ...object, ...essentials, alertId: `${object.alertId} ${name}` };
    return object.metricName === undefined ? object : { ...object, ...criterion };
  });
}

/** Names of fields that say which alert it is, not what it is about. */
const OF_THE_ALERT = new Set(['alertId', 'alertRuleId', 'originAlertId']);

/**
 * The same payload about another resource. Where a dimension names the resource, only that changes: the target of such
 * an alert is the workspace.
 */
export function aimedAt(payload: Json, resourceId: string): Json {
  const inDimension = mapObjects(payload, (object) =>
    isResourceId(object.value) && object.name !== undefined ? { ...object, value: resourceId } : object,
  );
  if (JSON.stringify(inDimension) !== JSON.stringify(payload)) return inDimension;
  return mapObjects(payload, (object) =>
    Object.fromEntries(
      Object.entries(object).map(([field, value]) => {
        if (field === 'alertTargetIDs') return [field, [resourceId]];
        return [field, isResourceId(value) && !OF_THE_ALERT.has(field) ? resourceId : value];
      }),
    ),
  );
}

/** The same payload with criteria about the SNAT ports of a firewall. */
export function aboutSnat(payload: Json): Json {
  return mapObjects(payload, (object) =>
    object.metricName === undefined
      ? object
      : { ...object, metricName: 'SNATPortUtilization', metricNamespace: 'Microsoft.Network/azureFirewalls' },
  );
}

function isResourceId(value: Json | undefined): boolean {
  return typeof value === 'string' && /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\//i.test(value);
}

/** Each object of a value replaced, from the outside in. */
function mapObjects(value: Json, change: (object: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return value.map((item: Json) => mapObjects(item, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(change(value)).map(([field, inner]) => [
      field,
      inner === undefined ? null : mapObjects(inner, change),
    ]),
  );
}

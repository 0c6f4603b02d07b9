import { typeOfId } from '../baseline/arm-id.ts';
import type { AlertCriterion, CommonAlert, MonitorCondition, Severity } from './alert-payload.ts';

/** Kinds of signals that a reaction may be bound to. */
export type SignalKind = 'snatExhaustion';

/** What an alert says about one resource, in our own terms. */
export interface Signal {
  readonly kind: SignalKind;
  /** ARM id as the alert spells it; compare without case. */
  readonly target: string;
  readonly condition: MonitorCondition;
  readonly severity: Severity | null;
  readonly alertId: string;
  readonly alertRule: string | null;
  /** When the alert fired or was resolved, as sent; `null` when it does not say. */
  readonly at: string | null;
  /** Figures of the rule, in percent of the SNAT ports in use. They are of the past: the live metric is read again. */
  readonly thresholdPercent: number | null;
  readonly valuePercent: number | null;
}

/** A resource that the alert names and that gives no signal. */
export interface Unheard {
  /** ARM id, or empty when the alert names no resource. */
  readonly target: string;
  readonly why: string;
}

export interface ReadAlert {
  readonly signals: readonly Signal[];
  readonly unheard: readonly Unheard[];
}

const FIREWALL_TYPE = 'microsoft.network/azurefirewalls';
const SNAT_METRIC = 'snatportutilization';
/** A percentage of ports is averaged or peaks; a sum or count of percentages says nothing about ports. */
const USABLE_AGGREGATIONS = new Set(['average', 'maximum', 'minimum']);
/** Dimensions by which a log alert names the resource that its rows are about, in Azure Monitor's own order. */
const RESOURCE_DIMENSIONS = ['_resourceid', 'resourceid', 'resource'];

/** Which way of the threshold the metric was found: `either` when the criterion does not say. */
type Direction = 'above' | 'below' | 'either' | 'unknown';

/**
 * What an alert means: one signal for each resource that it names, or the reason why there is none. Pure.
 * A rule of several criteria gives a signal when one of them does.
 */
export function signalsOf(alert: CommonAlert): ReadAlert {
  const targets = targetsOf(alert);
  if (targets.length === 0) return { signals: [], unheard: [{ target: '', why: 'The alert names no resource.' }] };
  const signals: Signal[] = [];
  const unheard: Unheard[] = [];
  for (const target of targets) {
    const heard = snatSignal(alert, target);
    if (typeof heard === 'string') unheard.push({ target, why: heard });
    else signals.push(heard);
  }
  return { signals, unheard };
}

/** Ids without repeats in any casing. Log alerts name the workspace as target; the resource itself is in a dimension. */
function targetsOf({ contextKind, targetIds, criteria }: CommonAlert): readonly string[] {
  const fromDimensions = contextKind === 'log' ? criteria.flatMap(resourcesInDimensions) : [];
  const named = fromDimensions.length > 0 ? fromDimensions : targetIds;
  return [...new Map(named.map((id) => [id.toLowerCase(), id])).values()];
}

function resourcesInDimensions({ dimensions }: AlertCriterion): readonly string[] {
  for (const wanted of RESOURCE_DIMENSIONS) {
    const found = dimensions.filter(
      ({ name, value }) => name.toLowerCase() === wanted && value.toLowerCase().startsWith('/subscriptions/'),
    );
    if (found.length > 0) return found.map(({ value }) => value);
  }
  return [];
}

function snatSignal(alert: CommonAlert, target: string): Signal | string {
  if (typeOfId(target).toLowerCase() !== FIREWALL_TYPE) return 'No reaction is there for alerts of this resource type.';
  if (alert.contextKind !== 'metric' && alert.contextKind !== 'dynamicMetric')
    return 'The alert is about no metric of the firewall.';
  const criteria = alert.criteria.filter(isSnatCriterion);
  if (criteria.length === 0)
    return 'The alert is not about SNATPortUtilization, the only firewall metric with a reaction.';
  const usable = criteria.filter(({ timeAggregation }) => isUsableAggregation(timeAggregation));
  if (usable.length === 0)
    return `The rule aggregates SNATPortUtilization by ${criteria[0]?.timeAggregation ?? 'nothing'}; Average or Maximum say how full the ports are.`;
  const isOver = alert.monitorCondition === 'Resolved';
  const rising = usable.find((criterion) => directionOf(criterion) === 'above');
  // The figure of an end is below the threshold, and its operator may be left out: only a firing has a direction.
  const telling = rising ?? (isOver ? usable[0] : undefined);
  if (telling === undefined) return notRising(usable);
  return {
    kind: 'snatExhaustion',
    target,
    condition: alert.monitorCondition,
    severity: alert.severity,
    alertId: alert.alertId,
    alertRule: alert.alertRule,
    at: (isOver ? alert.resolvedDateTime : null) ?? alert.firedDateTime,
    thresholdPercent: telling.threshold,
    valuePercent: telling.metricValue,
  };
}

/** The namespace may be left out: the target's type says the same. */
function isSnatCriterion({ metricName, metricNamespace }: AlertCriterion): boolean {
  if (metricName?.toLowerCase() !== SNAT_METRIC) return false;
  return metricNamespace === null || metricNamespace === '' || metricNamespace.toLowerCase() === FIREWALL_TYPE;
}

function isUsableAggregation(aggregation: string | null): boolean {
  return aggregation === null || USABLE_AGGREGATIONS.has(aggregation.toLowerCase());
}

/**
 * Dynamic rules fire on a drop as well, and rules with the operator turned round are in circulation: only what was
 * found above its threshold is exhaustion.
 */
function directionOf({ operator, metricValue, threshold }: AlertCriterion): Direction {
  switch (operator?.toLowerCase().replace(/[\s_-]+/g, '')) {
    case 'greaterthan':
    case 'greaterthanorequal':
      return 'above';
    case 'lessthan':
    case 'lessthanorequal':
      return 'below';
    case 'greaterorlessthan':
      if (metricValue === null || threshold === null) return 'either';
      return metricValue > threshold ? 'above' : 'below';
    default:
      return 'unknown';
  }
}

function notRising(criteria: readonly AlertCriterion[]): string {
  const directions = new Set(criteria.map(directionOf));
  if (directions.has('below')) return 'The rule fires when SNATPortUtilization is low: that is no exhaustion.';
  if (directions.has('either'))
    return 'The rule fires on rises and drops of SNATPortUtilization, and the alert does not say which it was.';
  return `The rule compares SNATPortUtilization by ${criteria[0]?.operator ?? 'no operator'}; only GreaterThan means exhaustion.`;
}

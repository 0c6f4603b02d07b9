import type { AlertCriterion, AlertRule } from './alert-rule.ts';
import { aggregate, groupSeries, type MetricSeries, MINUTE_MS, type SeriesGroup } from './metric-series.ts';

/** Microsoft documents that a metric alert is resolved after three consecutive healthy checks. */
const HEALTHY_CHECKS_TO_RESOLVE = 3;

/** A check looks at the newest minutes that can be read whatever their delay. */
const INGESTION_MS = 3 * MINUTE_MS;

/** Microsoft documents that stateless alerts of frequent rules fire every 1 to 6 minutes, of others every 1 to 2 periods. */
const FREQUENT_BELOW_MS = 5 * MINUTE_MS;

/** A resource that a rule looks at. */
export interface AlertTarget {
  readonly id: string;
  /** Its gauges do not change from then on, as far as is known. */
  readonly steadySinceMs: number;
  series(metric: string): readonly MetricSeries[];
}

/** What a rule remembers of one target and combination of dimension values. */
export interface AlertMemory {
  readonly alertId: string;
  readonly firedMs: number;
  /** Consecutive, since it fired. */
  readonly healthyChecks: number;
  /** Of a stateless rule: it fires again from then on. */
  readonly againMs?: number;
}

export type AlertMemories = Readonly<Record<string, AlertMemory>>;

export interface CriterionValue {
  readonly criterion: AlertCriterion;
  readonly dimensions: SeriesGroup['dimensions'];
  readonly value: number;
}

/** A rule has fired, or its alert is resolved. */
export interface AlertSignal {
  readonly condition: 'Fired' | 'Resolved';
  readonly alertId: string;
  readonly targetId: string;
  readonly firedMs: number;
  readonly resolvedMs?: number;
  readonly windowFromMs: number;
  readonly windowUntilMs: number;
  readonly values: readonly CriterionValue[];
}

export interface Check {
  readonly memories: AlertMemories;
  readonly signals: readonly AlertSignal[];
  /** Every later check has the same outcome until something changes. */
  readonly steady: boolean;
}

/** What a check draws: an alert's id, and evenly in [0, 1). */
export interface Draws {
  newAlertId(what: string): string;
  random(what: string): number;
}

/** One check of a rule at a time. Pure: the same gauges give the same outcome. */
export function checkRule(
  rule: AlertRule,
  before: AlertMemories,
  targets: readonly AlertTarget[],
  atMs: number,
  draws: Draws,
): Check {
  const windowUntilMs = Math.floor((atMs - INGESTION_MS) / MINUTE_MS) * MINUTE_MS;
  const windowFromMs = windowUntilMs - rule.windowMs;
  const memories: Record<string, AlertMemory> = { ...before };
  const signals: AlertSignal[] = [];
  let breaching = false;
  for (const target of targets) {
    for (const { key, values } of combinations(rule, target, windowFromMs, windowUntilMs, atMs)) {
      const name = `${target.id.toLowerCase()} ${key}`;
      const breached = values.every(({ criterion, value }) => breaches(criterion, value));
      breaching ||= breached;
      const had = memories[name];
      const signal = { targetId: target.id, windowFromMs, windowUntilMs, values };
      if (breached && fires(rule, had, atMs)) {
        const alertId = draws.newAlertId(`${rule.id.key} ${name} ${atMs}`);
        const againMs = rule.stateful ? {} : { againMs: atMs + pauseMs(rule, draws.random(`${name} ${atMs}`)) };
        memories[name] = { alertId, firedMs: atMs, healthyChecks: 0, ...againMs };
        signals.push({ ...signal, condition: 'Fired', alertId, firedMs: atMs });
      } else if (had !== undefined && rule.stateful) {
        const healthyChecks = breached ? 0 : had.healthyChecks + 1;
        memories[name] = { ...had, healthyChecks };
        if (healthyChecks < HEALTHY_CHECKS_TO_RESOLVE) continue;
        delete memories[name];
        const { alertId, firedMs } = had;
        signals.push({ ...signal, condition: 'Resolved', alertId, firedMs, resolvedMs: atMs });
      } else if (had !== undefined && !breached) {
        delete memories[name];
      }
    }
  }
  const unchanged = signals.length === 0 && JSON.stringify(memories) === JSON.stringify(before);
  const steady =
    unchanged && (rule.stateful || !breaching) && targets.every(({ steadySinceMs }) => steadySinceMs <= windowFromMs);
  return { memories, signals, steady };
}

function fires(rule: AlertRule, had: AlertMemory | undefined, atMs: number): boolean {
  if (had === undefined) return true;
  return !rule.stateful && atMs >= (had.againMs ?? 0);
}

function pauseMs({ frequencyMs }: AlertRule, random: number): number {
  if (frequencyMs < FREQUENT_BELOW_MS) return (1 + Math.floor(random * 6)) * MINUTE_MS;
  return (1 + Math.floor(random * 2)) * frequencyMs;
}

interface Combination {
  readonly key: string;
  readonly values: readonly CriterionValue[];
}

/** The combinations of dimension values that a rule looks at one by one. Those without data are left out. */
function combinations(
  rule: AlertRule,
  target: AlertTarget,
  fromMs: number,
  untilMs: number,
  atMs: number,
): readonly Combination[] {
  const measured = (criterion: AlertCriterion, group: SeriesGroup | undefined): CriterionValue | undefined => {
    const samples = (group?.series ?? []).flatMap((series) => series.samples(fromMs, untilMs, atMs));
    const value = samples.length === 0 ? undefined : aggregate(samples, criterion.aggregation);
    return value === undefined ? undefined : { criterion, dimensions: group?.dimensions ?? [], value };
  };
  const groups = (criterion: AlertCriterion) => groupSeries(target.series(criterion.metric), criterion.dimensions);
  const [only, ...more] = rule.criteria;
  if (only !== undefined && more.length === 0) {
    return groups(only).flatMap((group) => {
      const value = measured(only, group);
      const key = group.dimensions.map((dimension) => dimension.value).join(',');
      return value === undefined ? [] : [{ key, values: [value] }];
    });
  }
  const values = rule.criteria.map((criterion) => measured(criterion, groups(criterion)[0]));
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length ? [] : [{ key: '', values: known }];
}

function breaches({ operator, threshold }: AlertCriterion, value: number): boolean {
  switch (operator) {
    case 'Equals':
      return value === threshold;
    case 'GreaterThan':
      return value > threshold;
    case 'GreaterThanOrEqual':
      return value >= threshold;
    case 'LessThan':
      return value < threshold;
    case 'LessThanOrEqual':
      return value <= threshold;
  }
}

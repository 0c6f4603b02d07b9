import type { ArmError } from '../arm-error.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ArmErrorAnswer, StoredResource, World } from '../resource-type.ts';
import { clockDuration, durationMs, secondsIso } from './durations.ts';
import { RETENTION_MS } from './gauge-history.ts';
import { AGGREGATIONS, type Aggregation, type MetricDefinition, metricDefinitions } from './metric-definitions.ts';
import {
  aggregate,
  type DimensionFilter,
  groupSeries,
  MINUTE_MS,
  type MinuteSample,
  type SeriesGroup,
} from './metric-series.ts';
import { readMetricsFilter } from './metrics-filter.ts';

const HOUR_MS = 60 * MINUTE_MS;

/** Grains that platform metrics are kept in. */
const GRAINS: readonly string[] = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'];

/** Microsoft documents 20 metrics for one request. */
const MOST_METRICS = 20;

/** What was seen of a longer span: only its last month is answered. */
const LONGEST_SPAN_MS = 31 * 24 * HOUR_MS;

/** Time series of one metric unless `top` says otherwise. */
const USUAL_TOP = 10;

type Query = Readonly<Record<string, string>>;

interface MetricsQuery {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly grainMs: number;
  readonly interval: string;
  readonly metrics: readonly MetricDefinition[];
  readonly aggregations: readonly Aggregation[];
  readonly filters: readonly DimensionFilter[];
  readonly top: number;
  readonly metadataOnly: boolean;
}

/** Answer of `GET {resource}/providers/Microsoft.Insights/metrics`, or its refusal. */
export function metricsAnswer(target: StoredResource, query: Query, world: World): JsonObject | ArmErrorAnswer {
  const read = readQuery(target, query, world.nowMs);
  if ('status' in read) return { armError: read };
  const value = read.metrics.map((metric) => metricAnswer(target, metric, read, world));
  return {
    cost: Math.max(0, Math.round((read.untilMs - read.fromMs) / MINUTE_MS) * read.metrics.length - 1),
    timespan: `${secondsIso(read.fromMs)}/${secondsIso(read.untilMs)}`,
    interval: read.interval,
    value,
    namespace: target.id.type,
    resourceregion: target.location ?? 'global',
  };
}

/** Answer of `GET {resource}/providers/Microsoft.Insights/metricDefinitions`. */
export function metricDefinitionsAnswer(target: StoredResource): JsonObject {
  const of = metricDefinitions(target.id.type) ?? [];
  return {
    value: of.map((metric) => ({
      id: `${target.id.id}/providers/microsoft.insights/metricdefinitions/${metric.name}`,
      resourceId: target.id.id,
      namespace: target.id.type,
      name: { value: metric.name, localizedValue: metric.displayName },
      displayDescription: metric.description,
      isDimensionRequired: false,
      unit: metric.unit,
      primaryAggregationType: metric.primaryAggregation,
      supportedAggregationTypes: [...metric.aggregations],
      metricAvailabilities: GRAINS.map((timeGrain) => ({ timeGrain, retention: 'P93D' })),
      ...(metric.dimensions.length === 0
        ? {}
        : { dimensions: metric.dimensions.map((name) => ({ value: name, localizedValue: name })) }),
    })),
  };
}

function metricAnswer(target: StoredResource, metric: MetricDefinition, query: MetricsQuery, world: World): JsonObject {
  const groups = groupSeries(world.metricSeries(target.id.id, metric.name), query.filters)
    .map((group) => ({ group, samples: samplesOf(group, query, world.nowMs) }))
    .filter(({ samples }) => query.filters.length === 0 || samples.length > 0)
    .slice(0, query.filters.length === 0 ? 1 : query.top);
  return {
    id: `${target.id.id}/providers/Microsoft.Insights/metrics/${metric.name}`,
    type: 'Microsoft.Insights/metrics',
    name: { value: metric.name, localizedValue: metric.displayName },
    displayDescription: metric.description,
    unit: metric.unit,
    timeseries: groups.map(({ group, samples }) => ({
      metadatavalues: group.dimensions.map(({ name, value }) => ({
        name: { value: name.toLowerCase(), localizedValue: name.toLowerCase() },
        value,
      })),
      ...(query.metadataOnly ? {} : { data: dataOf(samples, metric, query) }),
    })),
    errorCode: 'Success',
  };
}

function samplesOf(group: SeriesGroup, { fromMs, untilMs }: MetricsQuery, nowMs: number): readonly MinuteSample[] {
  return group.series.flatMap((series) => series.samples(fromMs, untilMs, nowMs));
}

/** Every grain of the span; one without samples has a time and nothing else. */
function dataOf(samples: readonly MinuteSample[], metric: MetricDefinition, query: MetricsQuery): readonly Json[] {
  const { fromMs, untilMs, grainMs } = query;
  const byGrain = new Map<number, MinuteSample[]>();
  for (const sample of samples) {
    const grain = Math.floor((sample.atMs - fromMs) / grainMs);
    const of = byGrain.get(grain);
    if (of === undefined) byGrain.set(grain, [sample]);
    else of.push(sample);
  }
  const count = Math.ceil((untilMs - fromMs) / grainMs);
  const aggregations = query.aggregations.length === 0 ? [metric.primaryAggregation] : query.aggregations;
  return Array.from({ length: count }, (_, grain) => {
    const found = byGrain.get(grain) ?? [];
    const values = found.length === 0 ? [] : aggregations.map((one) => [one.toLowerCase(), aggregate(found, one)]);
    return { timeStamp: secondsIso(fromMs + grain * grainMs), ...Object.fromEntries(values) };
  });
}

function readQuery(target: StoredResource, query: Query, nowMs: number): MetricsQuery | ArmError {
  const { type } = target.id;
  const known = metricDefinitions(type);
  const [provider, ...rest] = type.toLowerCase().split('/');
  const where = `provider: ${provider}, resource Type: ${rest.join('/')}`;
  if (known === undefined) return badRequest(`Failed to find metric configuration for ${where}`);
  const namespace = query.metricnamespace ?? type;
  if (namespace.toLowerCase() !== type.toLowerCase()) {
    return badRequest(`Failed to find metric namespace: ${namespace} for ${where}`);
  }
  const names = (query.metricnames ?? known[0]?.name ?? '').split(',').map((name) => name.trim());
  if (names.length > MOST_METRICS)
    return badRequest(`Requested metrics count: ${names.length} bigger than allowed max: ${MOST_METRICS}`);
  const metrics: MetricDefinition[] = [];
  for (const name of names) {
    const metric = known.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (metric === undefined) {
      const valid = known.map((one) => one.name).join(',');
      return badRequest(`Failed to find metric configuration for ${where}, metric: ${name}, Valid metrics: ${valid}`);
    }
    metrics.push(metric);
  }
  const aggregations = readAggregations(query.aggregation, metrics);
  if ('status' in aggregations) return aggregations;
  const grain = readGrain(query.interval, metrics);
  if ('status' in grain) return grain;
  const span = readSpan(query.timespan, nowMs);
  if ('status' in span) return span;
  const filters = readMetricsFilter(query.$filter);
  if (typeof filters === 'string') return badRequest(filters);
  const unsupported = metrics.find((metric) =>
    filters.some(({ name }) => !metric.dimensions.some((one) => one.toLowerCase() === name.toLowerCase())),
  );
  if (unsupported !== undefined && query.validatedimensions?.toLowerCase() !== 'false') {
    const asked = filters.map(({ name }) => name.toLowerCase()).join(',');
    return badRequest(
      `Metric: ${unsupported.name} does not support requested dimension combination: ${asked}, supported ones are: ` +
        `${unsupported.dimensions.join(',')}`,
    );
  }
  const top = query.top === undefined ? USUAL_TOP : Number(query.top);
  if (!Number.isInteger(top) || top < 1) return badRequest(`Invalid top: ${query.top}`);
  return {
    // Grains begin at whole ones, and the span with them.
    fromMs: Math.floor(span.fromMs / MINUTE_MS) * MINUTE_MS,
    untilMs: span.untilMs,
    ...grain,
    metrics,
    aggregations: aggregations.names,
    filters,
    top,
    metadataOnly: query.resulttype?.toLowerCase() === 'metadata',
  };
}

function readAggregations(
  text: string | undefined,
  metrics: readonly MetricDefinition[],
): { readonly names: readonly Aggregation[] } | ArmError {
  const names: Aggregation[] = [];
  for (const part of text === undefined || text.trim() === '' ? [] : text.split(',')) {
    const found = AGGREGATIONS.find((one) => one.toLowerCase() === part.trim().toLowerCase());
    if (found === undefined) {
      return badRequest(`Invalid aggregation type: ${part.trim()}, supported ones are: ${AGGREGATIONS.join(',')}`);
    }
    names.push(found);
  }
  return metrics.length === 0 ? badRequest('No metric is asked for.') : { names };
}

function readGrain(
  interval: string | undefined,
  metrics: readonly MetricDefinition[],
): { readonly grainMs: number; readonly interval: string } | ArmError {
  const wanted = interval === undefined || interval.toLowerCase() === 'auto' ? 'PT1M' : interval.toUpperCase();
  const grainMs = durationMs(wanted);
  if (grainMs === undefined) {
    return badRequest(`Detected invalid time grain input: ${interval}, supported Iso 8601 duration format`);
  }
  const allowedMs = GRAINS.map((one) => durationMs(one) ?? 0);
  if (allowedMs.includes(grainMs)) return { grainMs, interval: wanted };
  return badRequest(
    `Commonly allowed time grains: ${allowedMs.map(clockDuration).join(',')} between metrics: ` +
      `${metrics.map(({ name }) => name).join(',')}, can not support requested time grain: ${clockDuration(grainMs)} ` +
      'please adjust your interval parameter to use one of the common grains',
  );
}

/** `from/until`, `from/duration`, `duration/until` or `duration` (until now); absent: the last hour. */
function readSpan(
  timespan: string | undefined,
  nowMs: number,
): { readonly fromMs: number; readonly untilMs: number } | ArmError {
  const invalid = badRequest(
    `Detected invalid time interval input: ${timespan}, supported Iso 8601 time interval format: (Datetime/Datetime, ` +
      'Datetime/Duration, Duration/Datetime, Duration)',
  );
  const [first = 'PT1H', second, ...more] = timespan?.split('/') ?? [];
  if (more.length > 0) return invalid;
  const lengthMs = durationMs(first) ?? (second === undefined ? undefined : durationMs(second));
  const fromMs = timeMs(first);
  const untilMs = second === undefined ? nowMs : timeMs(second);
  const from = fromMs ?? (untilMs === undefined || lengthMs === undefined ? undefined : untilMs - lengthMs);
  const until = untilMs ?? (fromMs === undefined || lengthMs === undefined ? undefined : fromMs + lengthMs);
  if (from === undefined || until === undefined) return invalid;
  if (until <= from) {
    return badRequest(
      `Start time and end time cannot be the same or reversed: ${secondsIso(from)}, ${secondsIso(until)}`,
    );
  }
  if (until < nowMs - RETENTION_MS) {
    return badRequest(
      `Query endTime: ${secondsIso(until)} is out of the Max metrics retention period: ${clockDuration(RETENTION_MS)}`,
    );
  }
  return { fromMs: Math.max(from, until - LONGEST_SPAN_MS), untilMs: until };
}

/** A time with a zone; one without is UTC. */
function timeMs(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function badRequest(message: string): ArmError {
  return { status: 400, code: 'BadRequest', message, flat: true };
}

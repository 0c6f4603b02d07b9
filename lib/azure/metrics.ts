import type { TokenCredential } from '@azure/core-auth';
import type { Metric, MetricsClient } from '@azure/monitor-query-metrics';
import type { MetricSample, MetricSeries, MetricWindow } from '../egress/metric-window.ts';
import { ProblemError } from '../problem.ts';

/** Which stretch of time of which firewall. */
export interface MetricQuery {
  /** ARM id of the firewall. */
  readonly resourceId: string;
  /** Region of the firewall, such as `westeurope`: metrics are kept per region. */
  readonly location: string;
  /** Inclusive; rounded down to a grain. */
  readonly fromMs: number;
  /** Exclusive; rounded up to a grain. */
  readonly untilMs: number;
  /** Length of a grain. 1 by default, the finest that Azure Firewall has. */
  readonly grainMinutes?: GrainMinutes;
}

/** Grains that Azure Monitor offers for platform metrics. */
export type GrainMinutes = 1 | 5 | 15 | 30 | 60;

/** Metrics of Azure firewalls. Everything that the app knows of Azure Monitor metrics is in this file. */
export interface FirewallMetrics {
  /**
   * SNATPortUtilization in percent, one series for each protocol.
   * @throws ProblemError when Azure refuses, has an error for the metric, or does not answer.
   */
  snatPortUtilization(query: MetricQuery): Promise<MetricWindow>;
  /** ObservedCapacity in instances; one series. @throws as above. */
  observedCapacity(query: MetricQuery): Promise<MetricWindow>;
}

export interface FirewallMetricsOptions {
  /** Endpoint of the metrics service; `{location}` stands for the region. */
  readonly endpoint: string;
  readonly tokenScope: string;
  readonly credential: TokenCredential;
  /** Makes the client of one endpoint; the official one unless a test has its own. */
  readonly clientOf?: (endpoint: string) => Promise<Pick<MetricsClient, 'queryResources'>>;
}

const NAMESPACE = 'Microsoft.Network/azureFirewalls';
const MINUTE_MS = 60_000;
/** Points of one call: a day of minutes. Longer windows are asked for in parts. */
const POINTS_PER_CALL = 1_440;
/** Protocols are few; Azure's own default of ten series would leave some out silently. */
const MOST_SERIES = 50;
/** Wall time for one answer. */
const TIMEOUT_MS = 30_000;
const INTERVALS: Readonly<Record<GrainMinutes, string>> = {
  1: 'PT1M',
  5: 'PT5M',
  15: 'PT15M',
  30: 'PT30M',
  60: 'PT1H',
};

/** Reads metrics through the official client, which is loaded at first use. */
export function createFirewallMetrics(options: FirewallMetricsOptions): FirewallMetrics {
  const clients = new Map<string, Promise<Pick<MetricsClient, 'queryResources'>>>();
  const clientOf = options.clientOf ?? ((endpoint: string) => officialClient(endpoint, options));

  function clientFor(location: string): Promise<Pick<MetricsClient, 'queryResources'>> {
    const endpoint = options.endpoint.replaceAll('{location}', encodeURIComponent(location.toLowerCase()));
    const known = clients.get(endpoint);
    if (known !== undefined) return known;
    const client = clientOf(endpoint);
    clients.set(endpoint, client);
    // A client that could not be made is made anew at the next query.
    client.catch(() => clients.delete(endpoint));
    return client;
  }

  async function windowOf(name: string, dimension: string | null, query: MetricQuery): Promise<MetricWindow> {
    const grainMinutes = query.grainMinutes ?? 1;
    const grainMs = grainMinutes * MINUTE_MS;
    const fromMs = Math.floor(query.fromMs / grainMs) * grainMs;
    const untilMs = Math.ceil(query.untilMs / grainMs) * grainMs;
    const client = await ask(query.resourceId, () => clientFor(query.location));
    const metrics: Metric[] = [];
    for (let partMs = fromMs; partMs < untilMs; partMs += POINTS_PER_CALL * grainMs) {
      const endMs = Math.min(untilMs, partMs + POINTS_PER_CALL * grainMs);
      const results = await ask(query.resourceId, () =>
        client.queryResources([query.resourceId], [name], NAMESPACE, {
          startTime: new Date(partMs),
          endTime: new Date(endMs),
          interval: INTERVALS[grainMinutes],
          aggregation: 'average,maximum',
          ...(dimension === null ? {} : { filter: `${dimension} eq '*'`, top: MOST_SERIES }),
        }),
      );
      // One metric was asked for. Its name is no help: the client gives the localised one.
      const found = results.flatMap((result) => result.metrics);
      for (const metric of found) refuseError(metric, query.resourceId);
      metrics.push(...found);
    }
    return { fromMs, untilMs, grainMinutes, series: seriesOf(metrics, dimension, { fromMs, untilMs, grainMs }) };
  }

  return {
    snatPortUtilization: (query) => windowOf('SNATPortUtilization', 'Protocol', query),
    observedCapacity: (query) => windowOf('ObservedCapacity', null, query),
  };
}

async function officialClient(
  endpoint: string,
  { tokenScope, credential }: FirewallMetricsOptions,
): Promise<Pick<MetricsClient, 'queryResources'>> {
  const { MetricsClient: Client } = await import('@azure/monitor-query-metrics');
  return new Client(endpoint, credential, {
    credentials: { scopes: [tokenScope] },
    // A retry is the orchestration's, by a durable timer.
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'hubkeeper' },
  });
}

async function ask<Result>(resource: string, query: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  });
  try {
    return await Promise.race([query(), timeout]);
  } catch (error) {
    throw problemOf(error, resource);
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(error: unknown, resource: string): ProblemError {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 0;
  const reason = error instanceof Error ? error.message.slice(0, 300) : String(error);
  if (status === 401 || status === 403) {
    return new ProblemError({
      code: 'MetricsNotAllowed',
      actor: 'operator',
      message: `Azure Monitor refuses the app's identity (HTTP ${status}): ${reason}`,
      remedy: 'Give the identity of the app the role Monitoring Reader on the subscription of the firewall.',
      resource,
    });
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new ProblemError({
      code: 'MetricsRefused',
      actor: 'azure-permanent',
      message: `Azure Monitor refuses the query (HTTP ${status}): ${reason}`,
      remedy: 'Check HUBKEEPER_METRICS_ENDPOINT and that the firewall exists.',
      resource,
    });
  }
  return unavailable(`Azure Monitor gave no metrics: ${reason}`, resource);
}

function unavailable(message: string, resource: string): ProblemError {
  return new ProblemError({
    code: 'MetricsUnavailable',
    actor: 'azure-temporary',
    message,
    remedy: 'Hubkeeper tries again by itself; look at Azure status if it lasts.',
    resource,
  });
}

/** A metric may fail inside an answer that succeeds; its points are then incomplete. */
function refuseError({ errorCode, errorMessage, name }: Metric, resource: string): void {
  if (errorCode === undefined || errorCode === '' || sameName(errorCode, 'Success')) return;
  throw unavailable(`Azure Monitor has no values of ${name} (${errorCode}): ${errorMessage ?? ''}`.trim(), resource);
}

interface Grid {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly grainMs: number;
}

/** One series for each value of the dimension, with a sample for each grain: `null` where Azure has nothing. */
function seriesOf(metrics: readonly Metric[], dimension: string | null, grid: Grid): readonly MetricSeries[] {
  const grains = new Map<string, Map<number, MetricSample>>();
  for (const { metadatavalues, data } of metrics.flatMap((metric) => metric.timeseries)) {
    // Only the dimension of the filter is there, under a localised name.
    const value = dimension === null ? '' : metadatavalues?.[0]?.value;
    const key = (value ?? '').toUpperCase();
    const samples = grains.get(key) ?? new Map<number, MetricSample>();
    grains.set(key, samples);
    for (const { timeStamp, average, maximum } of data ?? []) {
      const atMs = Math.floor(new Date(timeStamp).getTime() / grid.grainMs) * grid.grainMs;
      if (!(atMs >= grid.fromMs && atMs < grid.untilMs)) continue;
      const before = samples.get(atMs);
      samples.set(atMs, {
        atMs,
        average: figureOf(average) ?? before?.average ?? null,
        maximum: figureOf(maximum) ?? before?.maximum ?? null,
      });
    }
  }
  return [...grains].map(([name, samples]) => ({ dimension: name, samples: filled(samples, grid) }));
}

function filled(
  samples: ReadonlyMap<number, MetricSample>,
  { fromMs, untilMs, grainMs }: Grid,
): readonly MetricSample[] {
  return Array.from({ length: (untilMs - fromMs) / grainMs }, (_, at) => {
    const atMs = fromMs + at * grainMs;
    return samples.get(atMs) ?? { atMs, average: null, maximum: null };
  });
}

/** The client's types promise numbers; the wire has nulls as well. */
function figureOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

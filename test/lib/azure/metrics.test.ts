import { describe, expect, it } from '@jest/globals';
import { createFirewallMetrics, type FirewallMetrics } from '../../../lib/azure/metrics.ts';
import { ProblemError } from '../../../lib/problem.ts';
import { FIREWALL_ID } from '../../support/alert-samples.ts';

const MINUTE_MS = 60_000;
const FROM_MS = Date.parse('2026-05-04T09:00:00Z');
const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };

type Client = Awaited<ReturnType<NonNullable<Parameters<typeof createFirewallMetrics>[0]['clientOf']>>>;
type Metrics = Awaited<ReturnType<Client['queryResources']>>[number]['metrics'];
type Query = Parameters<Client['queryResources']>;

interface Point {
  readonly minute: number;
  readonly average?: number | null;
  readonly maximum?: number | null;
}

function metric(name: string, series: Readonly<Record<string, readonly Point[]>>, more: object = {}): Metrics {
  const timeseries = Object.entries(series).map(([protocol, points]) => ({
    metadatavalues: protocol === '' ? [] : [{ name: 'protocol', value: protocol }],
    data: points.map(({ minute, ...values }) => ({ timeStamp: new Date(FROM_MS + minute * MINUTE_MS), ...values })),
  }));
  return [{ id: 'i', type: 't', name, unit: 'Percent', timeseries, ...more }] as unknown as Metrics;
}

function metricsThatAnswer(answers: (query: Query) => Metrics | Error): {
  readonly metrics: FirewallMetrics;
  readonly queries: Query[];
  readonly endpoints: string[];
} {
  const queries: Query[] = [];
  const endpoints: string[] = [];
  const metrics = createFirewallMetrics({
    endpoint: 'https://{location}.metrics.example',
    tokenScope: 'https://metrics.example/.default',
    credential,
    clientOf: async (endpoint) => {
      endpoints.push(endpoint);
      return {
        queryResources: async (...query: Query) => {
          queries.push(query);
          const answer = answers(query);
          if (answer instanceof Error) throw answer;
          return [{ metrics: answer }] as unknown as Awaited<ReturnType<Client['queryResources']>>;
        },
      };
    },
  });
  return { metrics, queries, endpoints };
}

const query = (minutes: number, more: object = {}) => ({
  resourceId: FIREWALL_ID,
  location: 'westeurope',
  fromMs: FROM_MS,
  untilMs: FROM_MS + minutes * MINUTE_MS,
  ...more,
});

describe('createFirewallMetrics', () => {
  it('gives a series for each protocol, with a sample for each grain and null where there is nothing', async () => {
    const { metrics } = metricsThatAnswer(() =>
      metric('SNATPortUtilization', {
        TCP: [{ minute: 0, average: 80.5, maximum: 91 }, { minute: 1 }, { minute: 3, average: 0, maximum: null }],
        UDP: [{ minute: 2, average: 2, maximum: 3 }],
      }),
    );

    const window = await metrics.snatPortUtilization(query(4));

    expect(window).toMatchObject({ fromMs: FROM_MS, untilMs: FROM_MS + 4 * MINUTE_MS, grainMinutes: 1 });
    expect(
      window.series.map(({ dimension, samples }) => [
        dimension,
        samples.map(({ average, maximum }) => [average, maximum]),
      ]),
    ).toEqual([
      [
        'TCP',
        [
          [80.5, 91],
          [null, null],
          [null, null],
          [0, null],
        ],
      ],
      [
        'UDP',
        [
          [null, null],
          [null, null],
          [2, 3],
          [null, null],
        ],
      ],
    ]);
  });

  it('asks by protocol for one metric, and without a filter for the other', async () => {
    const { metrics, queries, endpoints } = metricsThatAnswer(() => []);

    await metrics.snatPortUtilization(query(5));
    await metrics.observedCapacity(query(5));

    expect(endpoints).toEqual(['https://westeurope.metrics.example']);
    expect(queries).toEqual([
      [
        [FIREWALL_ID],
        ['SNATPortUtilization'],
        'Microsoft.Network/azureFirewalls',
        {
          startTime: new Date(FROM_MS),
          endTime: new Date(FROM_MS + 5 * MINUTE_MS),
          interval: 'PT1M',
          aggregation: 'average,maximum',
          filter: "Protocol eq '*'",
          top: 50,
        },
      ],
      [
        [FIREWALL_ID],
        ['ObservedCapacity'],
        'Microsoft.Network/azureFirewalls',
        expect.not.objectContaining({ filter: expect.anything() }),
      ],
    ]);
  });

  it('has no series when Azure has none', async () => {
    const { metrics } = metricsThatAnswer(() => []);

    expect(await metrics.snatPortUtilization(query(5))).toMatchObject({ series: [] });
  });

  it('names the series of a metric without dimensions by nothing', async () => {
    const { metrics } = metricsThatAnswer(() =>
      metric('ObservedCapacity', { '': [{ minute: 0, average: 2, maximum: 3 }] }),
    );

    expect(await metrics.observedCapacity(query(1))).toMatchObject({
      series: [{ dimension: '', samples: [{ atMs: FROM_MS, average: 2, maximum: 3 }] }],
    });
  });

  it('asks for long windows in parts and joins them', async () => {
    const { metrics, queries } = metricsThatAnswer(([, , , options]) =>
      metric('SNATPortUtilization', {
        TCP: [{ minute: ((options?.startTime?.getTime() ?? 0) - FROM_MS) / MINUTE_MS, average: 1, maximum: 1 }],
      }),
    );

    const window = await metrics.snatPortUtilization(query(3 * 1_440));

    expect(queries).toHaveLength(3);
    expect(window.series).toHaveLength(1);
    expect(window.series[0]?.samples).toHaveLength(3 * 1_440);
    expect(window.series[0]?.samples.filter(({ average }) => average !== null)).toHaveLength(3);
  });

  it('takes windows to whole grains and drops what is outside of them', async () => {
    const { metrics, queries } = metricsThatAnswer(() =>
      metric('SNATPortUtilization', { TCP: [-1, 0, 5, 10].map((minute) => ({ minute, average: minute, maximum: 1 })) }),
    );

    const window = await metrics.snatPortUtilization(query(7, { fromMs: FROM_MS + 90_000, grainMinutes: 5 }));

    expect(window).toMatchObject({ fromMs: FROM_MS, untilMs: FROM_MS + 10 * MINUTE_MS, grainMinutes: 5 });
    expect(window.series[0]?.samples.map(({ average }) => average)).toEqual([0, 5]);
    expect(queries[0]?.[3]).toMatchObject({ interval: 'PT5M' });
  });

  it('does not take times or figures that are none', async () => {
    const { metrics } = metricsThatAnswer(() =>
      metric('SNATPortUtilization', {
        TCP: [
          { minute: Number.NaN, average: 99 },
          { minute: 0, average: Number.NaN, maximum: Number.POSITIVE_INFINITY },
        ],
      }),
    );

    expect((await metrics.snatPortUtilization(query(1))).series[0]?.samples).toEqual([
      { atMs: FROM_MS, average: null, maximum: null },
    ]);
  });

  const refusal = (statusCode: number) => Object.assign(new Error('refused'), { statusCode });

  it.each([
    [refusal(401), 'MetricsNotAllowed', 'operator'],
    [refusal(403), 'MetricsNotAllowed', 'operator'],
    [refusal(400), 'MetricsRefused', 'azure-permanent'],
    [refusal(404), 'MetricsRefused', 'azure-permanent'],
    [refusal(429), 'MetricsUnavailable', 'azure-temporary'],
    [refusal(503), 'MetricsUnavailable', 'azure-temporary'],
    [new Error('no connection'), 'MetricsUnavailable', 'azure-temporary'],
  ])('says who must act on %p', async (error, code, actor) => {
    const { metrics } = metricsThatAnswer(() => error);

    const thrown = await metrics.snatPortUtilization(query(5)).catch((reason: unknown) => reason);

    expect(thrown).toBeInstanceOf(ProblemError);
    expect(thrown).toMatchObject({ problem: { code, actor, resource: FIREWALL_ID } });
  });

  it('does not take a metric that failed for one without data', async () => {
    const { metrics } = metricsThatAnswer(() =>
      metric('SNATPortUtilization', {}, { errorCode: 'InternalError', errorMessage: 'later' }),
    );

    await expect(metrics.snatPortUtilization(query(5))).rejects.toMatchObject({
      problem: { code: 'MetricsUnavailable' },
    });
  });

  it('makes a client anew that could not be made', async () => {
    let tries = 0;
    const metrics = createFirewallMetrics({
      endpoint: 'https://metrics.example',
      tokenScope: 'scope',
      credential,
      clientOf: async () => {
        tries += 1;
        if (tries === 1) throw new Error('not installed');
        return { queryResources: async () => [] };
      },
    });

    await expect(metrics.observedCapacity(query(1))).rejects.toThrow('not installed');
    expect(await metrics.observedCapacity(query(1))).toMatchObject({ series: [] });
  });
});

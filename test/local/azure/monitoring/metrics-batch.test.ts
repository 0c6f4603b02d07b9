import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMetricsBatch } from '../../../../local/azure/monitoring/metrics-batch.ts';
import { TokenIssuer } from '../../../../local/azure/token-issuer.ts';
import { FIREWALL, makeFirewall } from '../resource-types/fixtures.ts';
import { Azure, at, SUBSCRIPTION } from '../resource-types/harness.ts';

const MINUTE_MS = 60_000;
const tokens = new TokenIssuer(join(mkdtempSync(join(tmpdir(), 'hubkeeper-batch-')), 'key.pem'));

let azure: Azure;
beforeEach(() => {
  azure = new Azure();
});
afterEach(() => azure.close());

interface Wish {
  readonly ids?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly audience?: string;
  readonly path?: string;
}

function ask({ ids = [FIREWALL], query = {}, audience = 'https://metrics.monitor.azure.com', path }: Wish = {}) {
  const { clock } = azure.simulation.clockKeeper;
  const parameters = new URLSearchParams({
    'api-version': '2024-02-01',
    starttime: new Date(clock.nowMs() - 10 * MINUTE_MS).toISOString(),
    endtime: new Date(clock.nowMs()).toISOString(),
    interval: 'PT1M',
    metricnamespace: 'Microsoft.Network/azureFirewalls',
    metricnames: 'SNATPortUtilization',
    aggregation: 'average,maximum',
    filter: "Protocol eq '*'",
    ...query,
  });
  return createMetricsBatch(
    azure.simulation.world,
    tokens,
  )({
    method: 'POST',
    url: `${path ?? `${SUBSCRIPTION}/metrics:getBatch`}?${parameters}`,
    headers: { authorization: `Bearer ${tokens.issue(audience, 3_600).token}` },
    body: JSON.stringify({ resourceids: ids }),
    baseUrl: 'https://127.0.0.1:7072',
  });
}

describe('metrics:getBatch', () => {
  beforeEach(() => {
    makeFirewall(azure, 3);
    azure.simulation.changeTraffic({ firewalls: { [FIREWALL]: { snatPortsInUse: { TCP: 12_000, UDP: 100 } } } });
    azure.advance(600);
  });

  it('answers the values of the resource, by protocol', () => {
    const answer = ask();

    expect(answer?.status).toBe(200);
    const value = at(answer?.body ?? null, 'values', 0);
    expect(value).toMatchObject({
      resourceid: FIREWALL,
      interval: 'PT1M',
      namespace: expect.stringMatching(/azureFirewalls/i),
    });
    const series = at(value ?? null, 'value', 0, 'timeseries');
    expect(Array.isArray(series) ? series.length : 0).toBe(2);
    const ofArm = azure.get(
      `${FIREWALL}/providers/Microsoft.Insights/metrics`,
      `metricnames=SNATPortUtilization&interval=PT1M&aggregation=average,maximum&timespan=PT10M&$filter=${encodeURIComponent("Protocol eq '*'")}`,
    );
    expect(series).toEqual(at(ofArm.body, 'value', 0, 'timeseries'));
  });

  it.each<[string, Wish, number]>([
    ['a token for ARM', { audience: 'https://management.azure.com' }, 401],
    ['no resources', { ids: [] }, 400],
    ['ids that are none', { ids: 'x' }, 400],
    ['a resource of another subscription', { ids: ['/subscriptions/other/resourceGroups/x'] }, 400],
    ['a resource that is not there', { ids: [`${FIREWALL}-2`] }, 404],
    ['an unknown metric', { query: { metricnames: 'Other' } }, 400],
    ['a dimension that the metric does not have', { query: { metricnames: 'ObservedCapacity' } }, 400],
    ['an unknown version', { query: { 'api-version': '2018-01-01' } }, 400],
  ])('refuses %s', (_what, wish, status) => {
    expect(ask(wish)).toMatchObject({ status, body: { error: { code: expect.any(String) } } });
  });

  it('leaves other calls to others', () => {
    expect(ask({ path: `${SUBSCRIPTION}/resourceGroups/x` })).toBeUndefined();
  });
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../../../local/azure/json.ts';
import {
  FIREWALL,
  FIREWALL_SUBNET,
  firewall,
  HUB,
  hubNetwork,
  ipConfiguration,
  makeFirewall,
  makeHub,
  POLICY,
  policy,
  publicAddress,
  subnet,
} from '../resource-types/fixtures.ts';
import { Azure, at, hub } from '../resource-types/harness.ts';

const MINUTE_MS = 60_000;
const METRICS = `${FIREWALL}/providers/Microsoft.Insights/metrics`;
const BY_PROTOCOL = `$filter=${encodeURIComponent("Protocol eq '*'")}`;

let azure: Azure;
beforeEach(() => {
  azure = new Azure();
});
afterEach(() => azure.close());

/** SNAT ports in use from now on. */
function snat(ports: JsonObject | null, more: JsonObject = {}): void {
  azure.simulation.changeTraffic({ firewalls: { [FIREWALL]: { snatPortsInUse: ports, ...more } } });
}

function nowMs(): number {
  return azure.simulation.clockKeeper.clock.nowMs();
}

/** The time until the next whole minute, then that of the minutes. */
function pass(minutes: number): void {
  azure.advance((MINUTE_MS - (nowMs() % MINUTE_MS)) / 1000 + (minutes - 1) * 60);
}

function query(metric: string, more = '', minutes = 30): string {
  const until = new Date(nowMs()).toISOString();
  const from = new Date(nowMs() - minutes * MINUTE_MS).toISOString();
  return `metricnames=${metric}&timespan=${from}/${until}&interval=PT1M${more === '' ? '' : `&${more}`}`;
}

/** The data of each series of a metric, by the value of its first dimension. */
function series(metric: string, more = '', minutes = 30): Record<string, readonly Json[]> {
  const { status, body, message } = azure.get(METRICS, query(metric, more, minutes));
  if (status !== 200) throw new Error(message);
  const found = at(body, 'value', 0, 'timeseries');
  return Object.fromEntries(
    (Array.isArray(found) ? found : []).map((one: Json) => [
      String(at(one, 'metadatavalues', 0, 'value') ?? ''),
      at(one, 'data') as readonly Json[],
    ]),
  );
}

function values(data: readonly Json[] | undefined, aggregation = 'average'): readonly Json[] {
  return (data ?? []).flatMap((point) => at(point, aggregation) ?? []);
}

const newest = (metric: string, more = ''): Json | undefined => values(Object.values(series(metric, more))[0]).at(-1);

describe('firewall metrics', () => {
  it('are ports in use of 2,496 for each address and instance', () => {
    makeFirewall(azure, 3);
    // 3 addresses with 2 instances: 14,976 ports.
    snat({ TCP: 12_000, UDP: 1_497.6 });
    pass(10);
    const { TCP, UDP } = series('SNATPortUtilization', `${BY_PROTOCOL}&aggregation=Average,Maximum`);
    expect(values(TCP).at(-1)).toBeCloseTo((100 * 12_000) / 14_976, 8);
    expect(values(TCP, 'maximum').at(-1)).toBeCloseTo((100 * 12_000) / 14_976, 8);
    expect(values(UDP).at(-1)).toBeCloseTo(10, 8);
  });

  it('fall when an address is added, once the write has succeeded', () => {
    makeFirewall(azure, 2);
    azure.make(hub('publicIPAddresses/pip-3'), publicAddress());
    snat({ TCP: 9_000 });
    pass(10);
    expect(newest('SNATPortUtilization')).toBeCloseTo((100 * 9_000) / 9_984, 8);
    azure.put(FIREWALL, firewall(3));
    pass(3);
    // The write still runs, and another change meanwhile does not bring the address forward.
    snat({ TCP: 9_100 });
    azure.settle();
    const settledMs = nowMs();
    pass(10);
    const data = Object.values(series('SNATPortUtilization'))[0] ?? [];
    const during = data.filter((point) => Date.parse(String(at(point, 'timeStamp'))) <= settledMs - MINUTE_MS);
    expect(values(during).at(-1)).toBeCloseTo((100 * 9_100) / 9_984, 8);
    expect(values(data).at(-1)).toBeCloseTo((100 * 9_100) / 14_976, 8);
  });

  it('leave the address of the management configuration out', () => {
    azure.put(HUB, hubNetwork([subnet('AzureFirewallManagementSubnet', '10.200.1.0/26')]));
    azure.settle();
    azure.make(hub('publicIPAddresses/pip-m'), publicAddress());
    azure.make(hub('publicIPAddresses/pip-1'), publicAddress());
    azure.make(POLICY, policy());
    azure.make(
      FIREWALL,
      firewall(1, {
        managementIpConfiguration: ipConfiguration(
          'management',
          hub('publicIPAddresses/pip-m'),
          `${HUB}/subnets/AzureFirewallManagementSubnet`,
        ),
      }),
    );
    snat({ TCP: 2_496 });
    pass(10);
    expect(newest('SNATPortUtilization')).toBeCloseTo(50, 8);
  });

  it('end at 100 percent, degraded above 95', () => {
    makeFirewall(azure);
    snat({ TCP: 20_000 });
    pass(10);
    expect(newest('SNATPortUtilization')).toBe(100);
    const filter = `$filter=${encodeURIComponent("Status eq '*' and Reason eq '*'")}`;
    const { body } = azure.get(METRICS, query('FirewallHealth', filter));
    const degraded = at(body, 'value', 0, 'timeseries', 0);
    expect(at(degraded, 'metadatavalues')).toEqual([
      { name: { value: 'status', localizedValue: 'status' }, value: 'Degraded' },
      { name: { value: 'reason', localizedValue: 'reason' }, value: 'SNAT port' },
    ]);
    expect(values(at(degraded, 'data') as readonly Json[]).at(-1)).toBe(50);
  });

  it.each([
    [4_000, 100],
    [0, 0],
  ])('show a health of %i ports in use as %i', (TCP, health) => {
    makeFirewall(azure);
    snat({ TCP });
    pass(10);
    expect(newest('FirewallHealth')).toBe(health);
  });

  it('have no SNAT utilisation without any use, and a health of 0', () => {
    makeFirewall(azure);
    pass(10);
    expect(series('SNATPortUtilization', BY_PROTOCOL)).toEqual({});
    expect(newest('FirewallHealth')).toBe(0);
  });

  it('show no use of a firewall whose subnet has a NAT gateway', () => {
    makeFirewall(azure);
    snat({ TCP: 4_900 });
    pass(5);
    azure.make(hub('publicIPAddresses/pip-nat'), publicAddress());
    azure.make(hub('natGateways/nat'), {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIpAddresses: [{ id: hub('publicIPAddresses/pip-nat') }] },
    });
    azure.make(FIREWALL_SUBNET, {
      properties: { addressPrefix: '10.200.0.0/26', natGateway: { id: hub('natGateways/nat') } },
    });
    pass(10);
    expect(newest('SNATPortUtilization')).toBe(0);
    expect(newest('FirewallHealth')).toBe(0);
  });

  it('can be read two minutes after the end of a minute, and not before', () => {
    makeFirewall(azure);
    snat({ TCP: 1_000 });
    pass(10);
    const last = (data: readonly Json[] | undefined): number =>
      Math.max(
        ...(data ?? [])
          .filter((point) => at(point, 'average') !== undefined)
          .map((point) => Date.parse(String(at(point, 'timeStamp')))),
      );
    expect(last(Object.values(series('SNATPortUtilization'))[0])).toBe(nowMs() - 3 * MINUTE_MS);
    azure.advance(59);
    expect(last(Object.values(series('SNATPortUtilization'))[0])).toBe(nowMs() - 59_000 - 3 * MINUTE_MS);
  });

  it('leave out what is not known: neither null nor zero, but absent', () => {
    makeFirewall(azure);
    snat({ TCP: 1_000 });
    pass(10);
    snat({ TCP: 1_000 }, { metricsMissing: true });
    pass(5);
    snat({ TCP: 1_000 }, { metricsMissing: false });
    pass(10);
    const data = series('SNATPortUtilization', BY_PROTOCOL, 25).TCP ?? [];
    const gaps = data.filter((point) => at(point, 'average') === undefined);
    expect(data).toHaveLength(25);
    expect(gaps.map((point) => Object.keys(point as JsonObject))).toEqual(gaps.map(() => ['timeStamp']));
    expect(gaps).toHaveLength(5 + 2 + (25 - 25));
  });

  it('average the protocols where nobody splits by them', () => {
    makeFirewall(azure);
    snat({ TCP: 4_492.8, UDP: 499.2 });
    pass(10);
    expect(newest('SNATPortUtilization')).toBeCloseTo(50, 8);
    expect(
      values(Object.values(series('SNATPortUtilization', 'aggregation=Maximum'))[0], 'maximum').at(-1),
    ).toBeCloseTo(90, 8);
  });

  it('keep a history of seven days through a restart, in few rows', () => {
    azure.close();
    const database = join(mkdtempSync(join(tmpdir(), 'hubkeeper-gauges-')), 'azure.sqlite');
    azure = new Azure(database);
    makeFirewall(azure, 3);
    snat({ TCP: 7_488 });
    pass(7 * 24 * 60);
    azure.close();
    azure = new Azure(database);
    const data = series('SNATPortUtilization', BY_PROTOCOL, 7 * 24 * 60).TCP;
    expect(data).toHaveLength(7 * 24 * 60);
    expect(new Set(values(data))).toEqual(new Set([50]));
    expect(values(data).length).toBeGreaterThanOrEqual(7 * 24 * 60 - 10);
  });
});

describe('instances of a firewall', () => {
  it('are two at least, and follow the load after five to seven minutes', () => {
    makeFirewall(azure, 3);
    snat({ TCP: 12_000 });
    pass(10);
    expect(newest('ObservedCapacity')).toBe(2);
    snat({ TCP: 12_000 }, { busyInstances: 2.4 });
    pass(5);
    expect(newest('ObservedCapacity')).toBe(2);
    pass(10);
    expect(newest('ObservedCapacity')).toBe(4);
    expect(newest('SNATPortUtilization')).toBeCloseTo((100 * 12_000) / (2_496 * 3 * 4), 8);
  });

  it.each([
    [{}, 100, 20],
    [{ minCapacity: 5, maxCapacity: 9 }, 0, 5],
    [{ minCapacity: 5, maxCapacity: 9 }, 100, 9],
    [{ minCapacity: 30 }, 0, 30],
  ])('with %j under a load of %i become %i', (autoscaleConfiguration, busyInstances, instances) => {
    makeHub(azure);
    azure.make(FIREWALL, firewall(1, { autoscaleConfiguration }));
    snat({ TCP: 1_000 }, { busyInstances });
    pass(15);
    expect(newest('ObservedCapacity')).toBe(instances);
  });

  it('fall again when the load does, and utilisation rises', () => {
    makeFirewall(azure);
    snat({ TCP: 4_000 }, { busyInstances: 6 });
    pass(15);
    expect(newest('SNATPortUtilization')).toBeCloseTo((100 * 4_000) / 24_960, 8);
    snat({ TCP: 4_000 }, { busyInstances: 0 });
    pass(15);
    expect(newest('ObservedCapacity')).toBe(2);
    expect(newest('SNATPortUtilization')).toBeCloseTo((100 * 4_000) / 4_992, 8);
  });
});

describe('the metrics list', () => {
  beforeEach(() => {
    makeFirewall(azure, 3);
    snat({ TCP: 12_000 });
    pass(10);
  });

  it('has the shape of Azure', () => {
    const { body } = azure.get(METRICS, query('SNATPortUtilization', `${BY_PROTOCOL}&aggregation=Average`, 10));
    const until = new Date(nowMs()).toISOString().replace('.000', '');
    const from = new Date(nowMs() - 10 * MINUTE_MS).toISOString().replace('.000', '');
    expect(body).toMatchObject({
      timespan: `${from}/${until}`,
      interval: 'PT1M',
      namespace: 'Microsoft.Network/azureFirewalls',
      resourceregion: 'westeurope',
      value: [
        {
          id: `${METRICS}/SNATPortUtilization`,
          type: 'Microsoft.Insights/metrics',
          name: { value: 'SNATPortUtilization', localizedValue: 'SNAT port utilization' },
          unit: 'Percent',
          timeseries: [{ metadatavalues: [{ name: { value: 'protocol', localizedValue: 'protocol' }, value: 'TCP' }] }],
          errorCode: 'Success',
        },
      ],
    });
  });

  it.each([
    ['metricnames=Unknown', 'Failed to find metric configuration for provider: microsoft.network'],
    [`metricnames=ObservedCapacity&${BY_PROTOCOL}`, 'does not support requested dimension combination: protocol'],
    ['metricnames=SNATPortUtilization&interval=PT3M', 'can not support requested time grain: 00:03:00'],
    ['metricnames=SNATPortUtilization&interval=often', 'Detected invalid time grain input'],
    ['metricnames=SNATPortUtilization&timespan=yesterday', 'Detected invalid time interval input'],
    ['metricnames=SNATPortUtilization&timespan=2026-01-05T00:00:00Z/2026-01-04T00:00:00Z', 'cannot be the same'],
    ['metricnames=SNATPortUtilization&timespan=2025-01-05T00:00:00Z/P1D', 'out of the Max metrics retention period'],
    ['metricnames=SNATPortUtilization&aggregation=Median', 'Invalid aggregation type: Median'],
    ["metricnames=SNATPortUtilization&$filter=Protocol like 'T'", 'Invalid filter'],
    ['metricnames=SNATPortUtilization&metricnamespace=Microsoft.Other/things', 'Failed to find metric namespace'],
    [`metricnames=${Array.from({ length: 21 }, () => 'Throughput').join(',')}`, 'bigger than allowed max: 20'],
  ])('refuses %s', (asked, message) => {
    const { status, body } = azure.get(METRICS, asked);
    expect([status, body.code]).toEqual([400, 'BadRequest']);
    expect(body.message).toContain(message);
    expect(body).not.toHaveProperty('error');
  });

  it('answers only the last 31 days of a longer span', () => {
    const from = new Date(nowMs() - 60 * 24 * 60 * MINUTE_MS).toISOString();
    const until = new Date(nowMs()).toISOString();
    const { body } = azure.get(METRICS, `metricnames=Throughput&interval=P1D&timespan=${from}/${until}`);
    expect(at(body, 'value', 0, 'timeseries', 0, 'data')).toHaveLength(31);
  });

  it('puts minutes together for a coarser grain', () => {
    const more = `${BY_PROTOCOL}&aggregation=Average,Count`;
    const { body } = azure.get(METRICS, query('SNATPortUtilization', more, 10).replace('PT1M', 'PT5M'));
    const data = at(body, 'value', 0, 'timeseries', 0, 'data') as readonly Json[];
    expect(data.map((point) => at(point, 'count'))).toEqual([5, 3]);
  });

  it('is of an existing resource', () => {
    const other = hub('azureFirewalls/other');
    expect(azure.get(`${other}/providers/Microsoft.Insights/metrics`, query('Throughput')).status).toBe(404);
  });

  it('names the metrics of a firewall with their dimensions', () => {
    const { body } = azure.get(`${FIREWALL}/providers/Microsoft.Insights/metricDefinitions`);
    const found = at(body, 'value') as readonly Json[];
    expect(found.map((one) => [at(one, 'name', 'value'), at(one, 'dimensions', 0, 'value')])).toContainEqual([
      'SNATPortUtilization',
      'Protocol',
    ]);
  });
});

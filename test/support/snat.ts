import type { FirewallPublicIpValue } from '../../lib/baseline/firewall-public-ip-value.ts';
import type { MetricSample, MetricWindow } from '../../lib/egress/metric-window.ts';
import type { SnatAddress, SnatFirewall, SnatSettings } from '../../lib/egress/snat-decision.ts';
import type { ScaleInInput, ScaleOutInput } from '../../lib/egress/snat-policy.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
export const FIREWALL_ID =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-hub/providers/Microsoft.Network/azureFirewalls/fw';

export const settings: SnatSettings = {
  scaleOut: {
    utilizationPercent: 80,
    maximumPercent: 95,
    targetPercent: 60,
    mostAddressesPerStep: 10,
    cooldownMinutes: 15,
  },
  scaleIn: {
    enabled: true,
    utilizationPercent: 45,
    lookBackHours: 24,
    completenessPercent: 95,
    cooldownHours: 24,
    reservedHours: 168,
  },
};

export function address(index: number, changes: Partial<SnatAddress> = {}): SnatAddress {
  return {
    name: `pip-${index}`,
    origin: 'made',
    carriesSubnet: index === 0,
    pinned: false,
    dnatReferenced: false,
    attachedAtMs: index,
    ...changes,
  };
}

export function addresses(count: number): readonly SnatAddress[] {
  return Array.from({ length: count }, (_, index) => address(index));
}

export function firewall(count: number, changes: Partial<SnatFirewall> = {}): SnatFirewall {
  return {
    id: FIREWALL_ID,
    provisioningState: 'Succeeded',
    addresses: addresses(count),
    instances: 2,
    minimumInstances: null,
    maximumInstances: null,
    natGatewayId: null,
    dnatDestinations: 0,
    ipv6Addresses: [],
    missing: [],
    ...changes,
  };
}

export function plain(count: number): FirewallPublicIpValue {
  return { count, detached: [], reserved: [] };
}

/** A window that ends now, one series for each protocol; `at` gives the sample of a grain, null for a gap. */
export function metric(
  minutes: number,
  series: Readonly<Record<string, (index: number) => Omit<MetricSample, 'atMs'> | null>>,
  grainMinutes = 1,
  untilMs = NOW_MS,
): MetricWindow {
  const fromMs = untilMs - minutes * MINUTE_MS;
  return {
    fromMs,
    untilMs,
    grainMinutes,
    series: Object.entries(series).map(([dimension, at]) => ({
      dimension,
      samples: Array.from({ length: Math.floor(minutes / grainMinutes) }, (_, index) => ({
        atMs: fromMs + index * grainMinutes * MINUTE_MS,
        ...(at(index) ?? { average: null, maximum: null }),
      })),
    })),
  };
}

export const level =
  (average: number, maximum = average) =>
  () => ({ average, maximum });

export function scaleOutInput(
  count: number,
  average: number,
  maximum = average,
  changes: Partial<ScaleOutInput> = {},
): ScaleOutInput {
  return {
    nowMs: NOW_MS,
    settings,
    firewall: firewall(count),
    bounds: { minimum: 1, maximum: 250 },
    value: plain(count),
    changeUnderWay: false,
    mayRestoreSpec: false,
    leftOff: [],
    utilization: metric(5, { TCP: level(average, maximum), UDP: level(1) }),
    prefixRoom: null,
    lastChangeAtMs: null,
    ...changes,
  };
}

export function scaleInInput(
  count: number,
  average: number,
  maximum = average,
  changes: Partial<ScaleInInput> = {},
): ScaleInInput {
  return {
    nowMs: NOW_MS,
    settings,
    firewall: firewall(count),
    bounds: { minimum: 1, maximum: 250 },
    value: plain(count),
    changeUnderWay: false,
    utilization: metric(24 * 60, { TCP: level(average, maximum), UDP: level(0) }, 5),
    capacity: metric(24 * 60, { '': level(2) }, 5),
    addressHistory: [],
    lastChangeAtMs: null,
    openAlertsFiredAtMs: [],
    inChangeWindow: true,
    nextChangeWindowMs: null,
    ...changes,
  };
}

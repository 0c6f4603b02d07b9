import type { Json, JsonObject } from '../json.ts';
import type { StoredResource, World } from '../resource-type.ts';
import { numberAt, objectAt, objectsAt, textAt, valueAt } from '../resource-types/support/fields.ts';
import { sameId } from '../resource-types/support/ids.ts';

/** Microsoft documents 2,496 SNAT ports per public IP address and instance. */
export const SNAT_PORTS_PER_ADDRESS_AND_INSTANCE = 2_496;

/** Microsoft documents at least two instances, and up to 20 where nothing else is set. */
const LEAST_INSTANCES = 2;
const MOST_INSTANCES = 20;

/** Microsoft documents that a firewall begins to scale out at 60 percent of its average load. */
const SCALE_OUT_AT_LOAD = 0.6;

/** Microsoft documents 5 to 7 minutes for a change of the number of instances. */
const SCALING_MS: readonly [number, number] = [5 * 60_000, 7 * 60_000];

/** What a firewall's gauges depend on, from `atMs` until the next point. */
export interface FirewallPoint {
  readonly atMs: number;
  /** Has addresses and a subnet: a deallocated firewall shows nothing. */
  readonly running: boolean;
  /** False: samples of this time never arrive. */
  readonly reported: boolean;
  /** SNAT ports that traffic wants to have, by protocol; none: no SNAT usage is reported. */
  readonly ports: Readonly<Record<string, number>>;
  /** Public IP addresses that SNAT can use: all but that of the management configuration. */
  readonly addresses: number;
  /** A NAT gateway on the firewall's subnet carries the outbound traffic instead. */
  readonly natGateway: boolean;
  readonly leastInstances: number;
  readonly mostInstances: number;
  /** At `atMs`. */
  readonly instances: number;
  readonly scaling?: { readonly instances: number; readonly dueMs: number };
}

/** A stretch of time in which nothing changed. */
export interface FirewallSegment {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly instances: number;
  readonly point: FirewallPoint;
}

/**
 * The point that follows `previous` at `nowMs`; `previous` itself where nothing changed. A write takes effect when its
 * operation has succeeded.
 */
export function nextFirewallPoint(
  firewall: StoredResource | undefined,
  previous: FirewallPoint | undefined,
  world: World,
  id: string,
  random: () => number,
): FirewallPoint | undefined {
  const { nowMs } = world;
  const traffic = trafficOf(world.traffic, id);
  const settled = firewall === undefined || firewall.provisioningState === 'Succeeded';
  if (previous === undefined && (firewall === undefined || !settled)) return undefined;
  const shape = settled || previous === undefined ? shapeOf(firewall, world) : previous;
  const scaled = scale(previous, shape, wantedInstances(traffic, shape), nowMs, random);
  const point: FirewallPoint = {
    atMs: nowMs,
    running: shape.running,
    reported: valueAt(traffic, 'metricsMissing') !== true,
    ports: portsOf(traffic),
    addresses: shape.addresses,
    natGateway: shape.natGateway,
    leastInstances: shape.leastInstances,
    mostInstances: shape.mostInstances,
    ...scaled,
  };
  return previous !== undefined && sameGauges(previous, point) ? previous : point;
}

/** The time between `points` (oldest first) cut where the gauges change, up to the end of time. */
export function segmentsOf(points: readonly FirewallPoint[]): readonly FirewallSegment[] {
  return points.flatMap((point, index) => {
    const untilMs = points[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const { atMs: fromMs, instances, scaling } = point;
    if (scaling === undefined || scaling.dueMs >= untilMs) return [{ fromMs, untilMs, instances, point }];
    return [
      { fromMs, untilMs: scaling.dueMs, instances, point },
      { fromMs: scaling.dueMs, untilMs, instances: scaling.instances, point },
    ];
  });
}

/** SNAT ports in use by a protocol, in percent of what there is; null: no sample. The gauge ends at 100. */
export function snatUtilizationPercent({ point, instances }: FirewallSegment, protocol: string): number | null {
  const inUse = point.ports[protocol];
  if (!point.running || !point.reported || inUse === undefined) return null;
  if (point.natGateway) return 0;
  const ports = SNAT_PORTS_PER_ADDRESS_AND_INSTANCE * point.addresses * instances;
  return ports === 0 ? 0 : Math.min(100, (100 * inUse) / ports);
}

export interface FirewallHealth {
  readonly percent: number;
  readonly status: 'Healthy' | 'Degraded' | 'Unhealthy';
  readonly reason: string;
}

/**
 * Microsoft documents a health of 50 percent and Degraded, for SNAT ports, above 95 percent of them; and 0 where no SNAT
 * usage is reported, which is no outage. Null: no sample.
 */
export function firewallHealth(segment: FirewallSegment): FirewallHealth | null {
  const { point } = segment;
  if (!point.running || !point.reported) return null;
  const percents = Object.keys(point.ports).map((protocol) => snatUtilizationPercent(segment, protocol) ?? 0);
  const most = Math.max(0, ...percents);
  if (most === 0) return { percent: 0, status: 'Unhealthy', reason: 'N/A' };
  if (most > 95) return { percent: 50, status: 'Degraded', reason: 'SNAT port' };
  return { percent: 100, status: 'Healthy', reason: 'N/A' };
}

/** Number of instances; null: no sample. */
export function observedCapacity({ point, instances }: FirewallSegment): number | null {
  return point.running && point.reported ? instances : null;
}

type Shape = Pick<FirewallPoint, 'running' | 'addresses' | 'natGateway' | 'leastInstances' | 'mostInstances'>;

function shapeOf(firewall: StoredResource | undefined, world: World): Shape {
  const configurations = objectsAt(firewall?.body, 'properties', 'ipConfigurations');
  const subnet = configurations
    .map((item) => textAt(item, 'properties', 'subnet', 'id'))
    .find((id) => id !== undefined);
  const stored = subnet === undefined ? undefined : world.get(subnet);
  const autoscale = objectAt(firewall?.body, 'properties', 'autoscaleConfiguration');
  const leastInstances = numberAt(autoscale, 'minCapacity') ?? LEAST_INSTANCES;
  return {
    running: configurations.length > 0,
    addresses: configurations.filter((item) => textAt(item, 'properties', 'publicIPAddress', 'id') !== undefined)
      .length,
    natGateway: textAt(stored?.body, 'properties', 'natGateway', 'id') !== undefined,
    leastInstances,
    mostInstances: numberAt(autoscale, 'maxCapacity') ?? Math.max(MOST_INSTANCES, leastInstances),
  };
}

/** `busyInstances` of the traffic is the load: as many instances would be busy to the full. */
function wantedInstances(traffic: JsonObject, { leastInstances, mostInstances }: Shape): number {
  const busy = numberAt(traffic, 'busyInstances') ?? 0;
  return Math.min(mostInstances, Math.max(leastInstances, Math.ceil(busy / SCALE_OUT_AT_LOAD)));
}

/** A firewall starts with its least number and follows its load with a delay; what is under way goes on. */
function scale(
  previous: FirewallPoint | undefined,
  shape: Shape,
  wanted: number,
  nowMs: number,
  random: () => number,
): Pick<FirewallPoint, 'instances' | 'scaling'> {
  if (!shape.running) return { instances: 0 };
  if (previous === undefined || !previous.running) return { instances: shape.leastInstances };
  const { instances, scaling } = afterScaling(previous, nowMs);
  if (wanted === instances) return { instances };
  const [soonestMs, latestMs] = SCALING_MS;
  const dueMs = scaling?.dueMs ?? nowMs + Math.round(soonestMs + (latestMs - soonestMs) * random());
  return { instances, scaling: { instances: wanted, dueMs } };
}

function afterScaling(point: FirewallPoint, nowMs: number): Pick<FirewallPoint, 'instances' | 'scaling'> {
  const { instances, scaling } = point;
  if (scaling === undefined) return { instances };
  return scaling.dueMs <= nowMs ? { instances: scaling.instances } : { instances, scaling };
}

/** Ids in traffic compare without case. */
function trafficOf(traffic: JsonObject, id: string): JsonObject {
  const firewalls = objectAt(traffic, 'firewalls');
  const key = Object.keys(firewalls).find((name) => sameId(name, id));
  return key === undefined ? {} : objectAt(firewalls, key);
}

function portsOf(traffic: JsonObject): Readonly<Record<string, number>> {
  const ports = Object.entries(objectAt(traffic, 'snatPortsInUse'));
  return Object.fromEntries(
    ports.filter((entry): entry is [string, number] => isCount(entry[1])).map(([name, count]) => [name, count]),
  );
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** A scaling that has ended makes no new point. */
function sameGauges(before: FirewallPoint, after: FirewallPoint): boolean {
  const { scaling: _, ...rest } = before;
  return signature({ ...rest, ...afterScaling(before, after.atMs) }) === signature(after);
}

function signature({ atMs: _, ports, scaling, ...rest }: FirewallPoint): string {
  const names = Object.keys(ports).sort();
  const members = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([members, names.map((name) => [name, ports[name]]), scaling?.instances, scaling?.dueMs]);
}

import type { Clock } from '../../clock.ts';
import { idKey } from '../arm-path.ts';
import { Collection, type Documents } from '../documents.ts';
import type { World } from '../resource-type.ts';
import { FIREWALLS } from '../resource-types/support/firewall-family.ts';
import { seededRandom } from '../seeded-random.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import {
  type FirewallPoint,
  type FirewallSegment,
  firewallHealth,
  nextFirewallPoint,
  observedCapacity,
  segmentsOf,
  snatUtilizationPercent,
} from './firewall-gauge.ts';
import { type MetricSeries, MINUTE_MS, type MinuteSample } from './metric-series.ts';

/** Microsoft documents 93 days for which platform metrics are kept. */
export const RETENTION_MS = 93 * 24 * 3600 * 1000;

/** A minute can be read one to three minutes after its end. */
const DELAY_MS: readonly [number, number] = [60_000, 180_000];

interface StoredPoint {
  readonly id: string;
  readonly point: FirewallPoint;
}

/**
 * What firewalls' gauges showed, kept as the moments at which something changed; the minutes between them are computed
 * when somebody asks. Survives a restart.
 */
export class GaugeHistory {
  readonly #stored: Collection<StoredPoint>;
  readonly #settings: SimulationSettings;
  readonly #clock: Clock;
  readonly #points = new Map<string, FirewallPoint[]>();

  constructor(documents: Documents, settings: SimulationSettings, clock: Clock) {
    this.#stored = new Collection<StoredPoint>(documents, 'gauges');
    this.#settings = settings;
    this.#clock = clock;
    for (const { id, point } of this.#stored.values()) this.#pointsOf(id).push(point);
    for (const points of this.#points.values()) points.sort((a, b) => a.atMs - b.atMs);
  }

  /** Takes down what has changed. Answers whether anything had. */
  observe(world: World): boolean {
    const firewalls = new Map(world.list(FIREWALLS).map((firewall) => [firewall.id.key, firewall]));
    const ids = new Set([...firewalls.keys(), ...this.#points.keys()]);
    const changed = [...ids].filter((id) => {
      const previous = this.#points.get(id)?.at(-1);
      const random = this.#random(`${id} scaling ${world.nowMs}`);
      const point = nextFirewallPoint(firewalls.get(id), previous, world, id, random);
      if (point === undefined || point === previous) return false;
      this.#add(id, point);
      return true;
    });
    return changed.length > 0;
  }

  /** Nothing changes from then on, as far as can be known now. */
  steadySinceMs(id: string): number {
    return segmentsOf((this.#points.get(idKey(id)) ?? []).slice(-1)).at(-1)?.fromMs ?? Number.NEGATIVE_INFINITY;
  }

  /** The series of a metric; none for a resource or a metric without values. */
  series(id: string, metric: string): readonly MetricSeries[] {
    const key = idKey(id);
    const segments = segmentsOf(this.#points.get(key) ?? []);
    const one = (
      dimensions: MetricSeries['dimensions'],
      value: (segment: FirewallSegment) => number | null,
    ): MetricSeries => ({
      dimensions,
      samples: (fromMs, untilMs, asOfMs) => this.#samples(key, segments, value, fromMs, untilMs, asOfMs),
    });
    switch (metric.toLowerCase()) {
      case 'snatportutilization': {
        const protocols = new Set(segments.flatMap(({ point }) => Object.keys(point.ports)));
        return [...protocols]
          .sort()
          .map((protocol) => one({ Protocol: protocol }, (segment) => snatUtilizationPercent(segment, protocol)));
      }
      case 'observedcapacity':
        return segments.length === 0 ? [] : [one({}, observedCapacity)];
      case 'firewallhealth':
        return healthStates(segments).map(({ status, reason }) =>
          one({ Status: status, Reason: reason }, (segment) => {
            const health = firewallHealth(segment);
            return health?.status === status && health.reason === reason ? health.percent : null;
          }),
        );
      default:
        return [];
    }
  }

  #samples(
    key: string,
    segments: readonly FirewallSegment[],
    value: (segment: FirewallSegment) => number | null,
    fromMs: number,
    untilMs: number,
    asOfMs: number,
  ): readonly MinuteSample[] {
    const samples: MinuteSample[] = [];
    let first = firstEndingAfter(segments, fromMs);
    const oldestMs = segments[0]?.fromMs ?? Number.POSITIVE_INFINITY;
    const startMs = Math.max(Math.ceil(fromMs / MINUTE_MS), Math.floor(oldestMs / MINUTE_MS)) * MINUTE_MS;
    const endMs = Math.min(untilMs, asOfMs);
    for (let atMs = startMs; atMs < endMs; atMs += MINUTE_MS) {
      while ((segments[first]?.untilMs ?? Number.POSITIVE_INFINITY) <= atMs) first++;
      if (this.#readableMs(key, atMs) > asOfMs) continue;
      const sample = sampleOf(segments, first, atMs, value);
      if (sample !== undefined) samples.push(sample);
    }
    return samples;
  }

  #readableMs(key: string, atMs: number): number {
    const [least, most] = DELAY_MS;
    return atMs + MINUTE_MS + least + Math.round((most - least) * this.#random(`${key} metric ${atMs}`)());
  }

  #random(what: string): () => number {
    const { seed, spread } = this.#settings.get('latency');
    return spread === 0 ? () => 0.5 : seededRandom(`${seed} ${what}`);
  }

  #pointsOf(id: string): FirewallPoint[] {
    const points = this.#points.get(id) ?? [];
    this.#points.set(id, points);
    return points;
  }

  #add(id: string, point: FirewallPoint): void {
    const points = this.#pointsOf(id);
    if (points.at(-1)?.atMs === point.atMs) points.pop();
    points.push(point);
    this.#stored.set(documentKey(id, point), { id, point });
    // The last point before the oldest minute that is kept still says what that minute showed.
    while ((points[1]?.atMs ?? Number.POSITIVE_INFINITY) < this.#clock.nowMs() - RETENTION_MS) {
      const gone = points.shift();
      if (gone !== undefined) this.#stored.delete(documentKey(id, gone));
    }
  }
}

function documentKey(id: string, { atMs }: FirewallPoint): string {
  return `${id} ${atMs}`;
}

/** Index of the first segment that ends after a time. */
function firstEndingAfter(segments: readonly FirewallSegment[], ms: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.untilMs ?? Number.POSITIVE_INFINITY) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Averages weigh by time; parts of the minute without a value count for nothing. */
function sampleOf(
  segments: readonly FirewallSegment[],
  first: number,
  atMs: number,
  value: (segment: FirewallSegment) => number | null,
): MinuteSample | undefined {
  let weighted = 0;
  let weight = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined || segment.fromMs >= atMs + MINUTE_MS) break;
    const shown = value(segment);
    const lengthMs = Math.min(segment.untilMs, atMs + MINUTE_MS) - Math.max(segment.fromMs, atMs);
    if (shown === null || lengthMs <= 0) continue;
    weighted += shown * lengthMs;
    weight += lengthMs;
    minimum = Math.min(minimum, shown);
    maximum = Math.max(maximum, shown);
  }
  return weight === 0 ? undefined : { atMs, average: weighted / weight, minimum, maximum };
}

function healthStates(segments: readonly FirewallSegment[]): readonly { status: string; reason: string }[] {
  const states = new Map<string, { status: string; reason: string }>();
  for (const segment of segments) {
    const health = firewallHealth(segment);
    if (health !== null) states.set(`${health.status} ${health.reason}`, health);
  }
  return [...states.values()];
}

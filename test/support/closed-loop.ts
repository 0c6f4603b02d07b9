import type { FirewallMetrics, MetricQuery } from '../../lib/azure/metrics.ts';
import { snatPorts } from '../../lib/egress/snat-capacity.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { ReliefStep } from '../../lib/reactions/snat/relief-step.ts';
import { Relieving } from './relieving.ts';
import { HOUR_MS, MINUTE_MS, metric } from './snat.ts';

/** What traffic asks of a firewall. */
export interface Demand {
  /** SNAT ports in use on average. */
  readonly ports: number;
  /** In the busiest moment of each minute. */
  readonly peakPorts: number;
}

/** From a time on. */
interface Point extends Demand {
  readonly fromMs: number;
  readonly addresses: number;
}

/** Azure Monitor has no value of the last minutes yet. */
const METRICS_LATE_MINUTES = 2;
/** An alert looks at so many minutes. */
const ALERT_MINUTES = 5;
const ALERT_PERCENT = { average: 80, maximum: 95 };
const TICK_MINUTES = 30;
/** Steps of one orchestration: more means that it does not end. */
const MOST_STEPS = 200;

/** A firewall's gauges as they follow from traffic and addresses, minute by minute, for the past as well. */
class ModelledFirewall {
  readonly #instances: number;
  readonly #points: Point[] = [];

  constructor(instances: number) {
    this.#instances = instances;
  }

  /** From now on it is so. */
  change(point: Point): void {
    this.#points.push(point);
  }

  /** Average and highest utilisation of some minutes, in percent; a gauge ends at 100. */
  reading(fromMs: number, minutes: number): { readonly average: number; readonly maximum: number } {
    const each = Array.from({ length: minutes }, (_, minute) => this.#at(fromMs + minute * MINUTE_MS));
    const percent = (ports: number, { addresses }: Point) =>
      Math.min(100, (100 * ports) / snatPorts(addresses, this.#instances));
    return {
      average: each.reduce((sum, point) => sum + percent(point.ports, point), 0) / minutes,
      maximum: Math.max(...each.map((point) => percent(point.peakPorts, point))),
    };
  }

  #at(atMs: number): Point {
    const found = this.#points.findLast(({ fromMs }) => fromMs <= atMs) ?? this.#points[0];
    if (found === undefined) throw new Error('The firewall has not been described yet.');
    return found;
  }

  readonly metrics: FirewallMetrics = {
    snatPortUtilization: async (query) => window(query, 'TCP', (atMs, minutes) => this.reading(atMs, minutes)),
    observedCapacity: async (query) =>
      window(query, '', () => ({ average: this.#instances, maximum: this.#instances })),
  };
}

function window(
  { fromMs, untilMs, grainMinutes = 1 }: MetricQuery,
  dimension: string,
  at: (atMs: number, minutes: number) => { readonly average: number; readonly maximum: number },
) {
  const sample = (index: number) => {
    const atMs = fromMs + index * grainMinutes * MINUTE_MS;
    const isThere = atMs + grainMinutes * MINUTE_MS <= untilMs - METRICS_LATE_MINUTES * MINUTE_MS;
    return isThere ? at(atMs, grainMinutes) : null;
  };
  return metric((untilMs - fromMs) / MINUTE_MS, { [dimension]: sample }, grainMinutes, untilMs);
}

/** The real steps of a relief and the real reconciler about a modelled firewall whose gauges follow what they do. */
export class ClosedLoop {
  readonly relieving: Relieving;
  readonly #firewall: ModelledFirewall;
  #demand: Demand = { ports: 0, peakPorts: 0 };
  #isAlerting = false;
  #counts: number[] = [];

  private constructor(relieving: Relieving, firewall: ModelledFirewall) {
    this.relieving = relieving;
    this.#firewall = firewall;
    this.demand(this.#demand);
  }

  static async provisioned(instances: number, egress: JsonObject): Promise<ClosedLoop> {
    const firewall = new ModelledFirewall(instances);
    return new ClosedLoop(await Relieving.provisioned({ metrics: firewall.metrics, egress }), firewall);
  }

  /** Traffic is so from now on. */
  demand(demand: Demand): void {
    this.#demand = demand;
    this.#counts = [this.relieving.addresses()];
    this.#note();
  }

  /** Numbers of addresses in the order that the firewall had them since the demand last changed. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Whether an alert is open now. */
  get isAlerting(): boolean {
    return this.#isAlerting;
  }

  /** Plays alerts, the egress timer and what they set off. */
  async play(hours: number): Promise<void> {
    const untilMs = this.#nowMs + hours * HOUR_MS;
    while (this.#nowMs < untilMs) {
      this.relieving.reconciling.pass(TICK_MINUTES * 60);
      const isNew = await this.#alerts();
      if (isNew || (await this.relieving.timer())) await this.#orchestrate();
    }
  }

  get #nowMs(): number {
    return Date.parse(this.relieving.reconciling.nowIso);
  }

  #note(): void {
    const addresses = this.relieving.addresses();
    this.#firewall.change({ fromMs: this.#nowMs, addresses, ...this.#demand });
    if (this.#counts.at(-1) !== addresses) this.#counts.push(addresses);
  }

  /** Azure's alert rules: they say once that they fire and once that it is over. @returns whether one fires anew. */
  async #alerts(): Promise<boolean> {
    const { average, maximum } = this.#firewall.reading(this.#nowMs - ALERT_MINUTES * MINUTE_MS, ALERT_MINUTES);
    const isHigh = average >= ALERT_PERCENT.average || maximum >= ALERT_PERCENT.maximum;
    if (isHigh === this.#isAlerting) return false;
    this.#isAlerting = isHigh;
    await (isHigh ? this.relieving.alert() : this.relieving.resolve());
    return isHigh;
  }

  /** As the orchestration does: each step says what is next, and when. */
  async #orchestrate(): Promise<void> {
    let step: ReliefStep = { next: 'decide', seconds: 0 };
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      if ('seconds' in step) this.relieving.reconciling.pass(step.seconds);
      switch (step.next) {
        case 'end':
          return;
        case 'poke':
          await this.relieving.reconciling.settle();
          this.#note();
          step = { next: 'follow', seconds: 30 };
          break;
        case 'decide':
        case 'follow':
        case 'verify':
          step = await this.relieving[step.next]();
      }
    }
    throw new Error(`A relief has not ended after ${MOST_STEPS} steps.`);
  }
}

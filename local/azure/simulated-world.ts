import type { Clock } from '../clock.ts';
import type { JsonObject } from './json.ts';
import type { GaugeHistory } from './monitoring/gauge-history.ts';
import type { MetricSeries } from './monitoring/metric-series.ts';
import type { OperationTable } from './operation-table.ts';
import type { ResourceTable } from './resource-table.ts';
import type { IncomingReference, RunningOperation, StoredResource, World } from './resource-type.ts';
import type { SimulationSettings } from './simulation-settings.ts';

/** The world as hooks may see it: always what is true now. */
export class SimulatedWorld implements World {
  readonly #resources: ResourceTable;
  readonly #operations: OperationTable;
  readonly #settings: SimulationSettings;
  readonly #gauges: GaugeHistory;
  readonly #clock: Clock;

  constructor(
    resources: ResourceTable,
    operations: OperationTable,
    settings: SimulationSettings,
    gauges: GaugeHistory,
    clock: Clock,
  ) {
    this.#resources = resources;
    this.#operations = operations;
    this.#settings = settings;
    this.#gauges = gauges;
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  get traffic(): JsonObject {
    return this.#settings.get('traffic');
  }

  get(id: string): StoredResource | undefined {
    return this.#resources.get(id);
  }

  list(type: string, withinId?: string): readonly StoredResource[] {
    return this.#resources.list(type, withinId);
  }

  children(parentId: string, type?: string): readonly StoredResource[] {
    return this.#resources.children(parentId, type);
  }

  referencedBy(id: string): readonly IncomingReference[] {
    return this.#resources.referencedBy(id);
  }

  referencedWithin(id: string): readonly IncomingReference[] {
    return this.#resources.referencedWithin(id);
  }

  metricSeries(id: string, metric: string): readonly MetricSeries[] {
    return this.#gauges.series(id, metric);
  }

  operationOn(id: string): RunningOperation | undefined {
    return this.#operations.on(id);
  }
}

import { AccessControl } from './access-control.ts';
import type { ArmAnswer, ArmRequest } from './arm-request.ts';
import { Catalogue } from './catalogue.ts';
import { ClockKeeper } from './clock-keeper.ts';
import { Documents } from './documents.ts';
import { ResourceEvents } from './events/resource-events.ts';
import { Faults } from './faults.ts';
import { FrontDoor } from './front-door.ts';
import type { Json, JsonObject } from './json.ts';
import { ActionGroupCalls } from './monitoring/action-group-calls.ts';
import { AlertEngine } from './monitoring/alert-engine.ts';
import { GaugeHistory } from './monitoring/gauge-history.ts';
import { OperationTable } from './operation-table.ts';
import { Operations } from './operations.ts';
import type { CallActivity } from './outgoing/call-queue.ts';
import { platformTypes } from './platform-types.ts';
import { presentResource } from './presentation.ts';
import { Provider } from './provider.ts';
import { RequestCounter } from './request-activity.ts';
import { type ResourceChange, ResourceChanges } from './resource-changes.ts';
import { ResourceTable } from './resource-table.ts';
import type { ResourceType, World } from './resource-type.ts';
import { SimulatedWorld } from './simulated-world.ts';
import { SimulationSettings } from './simulation-settings.ts';
import { Statistics } from './statistics.ts';
import { Throttle } from './throttle.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { Usages } from './usages.ts';

export interface SimulationOptions {
  /** Path of the SQLite file, or `:memory:`. */
  readonly database: string;
  readonly resourceTypes: readonly ResourceType[];
  readonly tokens: TokenIssuer;
  /** Simulated seconds for each real second; 0: time moves only by stepping. */
  readonly speed: number;
  /** Simulated time of the very first start; default the wall clock. */
  readonly startMs?: number;
  /** Of random durations and delays, until the controls say otherwise. */
  readonly seed?: number;
  /** Longest list without a `nextLink`. */
  readonly pageSize?: number;
  /** Told of the calls that action groups and event subscriptions make: time must not move meanwhile. */
  readonly activity?: CallActivity;
  /** Where the address of an action group's receiver leads; by default to itself. */
  readonly addressOf?: (url: string) => string;
}

const DEFAULT_PAGE_SIZE = 50;

/** Simulated Azure without its network side: requests in, answers out. */
export class Simulation {
  readonly settings: SimulationSettings;
  readonly statistics: Statistics;
  readonly faults: Faults;
  readonly clockKeeper: ClockKeeper;
  readonly events: ResourceEvents;
  /** What is true now, to read. */
  readonly world: World;
  readonly #documents: Documents;
  readonly #catalogue: Catalogue;
  readonly #resources: ResourceTable;
  readonly #operations: Operations;
  readonly #gauges: GaugeHistory;
  readonly #alerts: AlertEngine;
  readonly #calls: ActionGroupCalls;
  readonly #frontDoor: FrontDoor;

  constructor(options: SimulationOptions) {
    const documents = new Documents(options.database);
    const catalogue = new Catalogue([...platformTypes(() => access), ...options.resourceTypes]);
    this.clockKeeper = new ClockKeeper(documents, options.speed, options.startMs);
    const { clock } = this.clockKeeper;
    const settings = new SimulationSettings(documents);
    const statistics = new Statistics(documents);
    const faults = new Faults(documents);
    const resources = new ResourceTable(documents, catalogue);
    const table = new OperationTable(documents);
    const gauges = new GaugeHistory(documents, settings, clock);
    const world = new SimulatedWorld(resources, table, settings, gauges, clock);
    const changes = new ResourceChanges(resources, catalogue, clock);
    const access: AccessControl = new AccessControl(settings, resources, catalogue, clock);
    const usages = new Usages(resources, catalogue, settings);
    const operations = new Operations({ catalogue, resources, changes, table, world, clock, documents });
    const provider = new Provider({
      catalogue,
      resources,
      changes,
      operations,
      usages,
      access,
      settings,
      world,
      clock,
    });
    if (options.seed !== undefined) settings.set('latency', { ...settings.get('latency'), seed: options.seed });
    const activity = options.activity ?? new RequestCounter();
    const events = new ResourceEvents({ documents, settings, clock, activity });
    const calls = new ActionGroupCalls({
      documents,
      world,
      settings,
      clock,
      tokens: options.tokens,
      activity,
      ...(options.addressOf === undefined ? {} : { addressOf: options.addressOf }),
    });
    const notify: ActionGroupCalls['notify'] = (rule, signal) => calls.notify(rule, signal);
    this.#gauges = gauges;
    this.#calls = calls;
    this.#alerts = new AlertEngine({ documents, world, gauges, settings, clock, notify });
    this.settings = settings;
    this.statistics = statistics;
    this.faults = faults;
    this.events = events;
    this.#documents = documents;
    this.#catalogue = catalogue;
    this.#resources = resources;
    this.#operations = operations;
    this.world = world;
    this.#frontDoor = new FrontDoor({
      catalogue,
      resources,
      operations,
      provider,
      access,
      usages,
      settings,
      statistics,
      faults,
      events,
      throttle: new Throttle(),
      tokens: options.tokens,
      world,
      clock,
      pageSize: options.pageSize ?? DEFAULT_PAGE_SIZE,
    });
    operations.onChange(() => this.#observe());
    operations.onChange((change) => events.changed(change));
    operations.onEnd((operation) => events.operationEnded(operation));
    operations.resume();
    events.resume();
    calls.resume();
    this.#observe();
    documents.flush();
  }

  /** What a request changed is on disk before its answer is known. */
  handle(request: ArmRequest): ArmAnswer {
    this.clockKeeper.keep();
    try {
      return this.#frontDoor.handle(request);
    } finally {
      this.#documents.flush();
    }
  }

  /** Tells of each write and delete that has succeeded. */
  onChange(listener: (change: ResourceChange) => void): void {
    this.#operations.onChange(listener);
  }

  /** Merges into what is known of the traffic; answers all that is known then. */
  changeTraffic(change: JsonObject): JsonObject {
    const merged = this.settings.mergeTraffic(change);
    this.#observe();
    return merged;
  }

  /** Something changed that gauges may depend on. */
  #observe(): void {
    this.#alerts.observe(this.#gauges.observe(this.world));
  }

  /** What alert rules have fired, and what became of the calls of their action groups. */
  alerts(): Json {
    return this.#calls.show();
  }

  /** Makes what the controls changed durable. */
  flush(): void {
    this.#documents.flush();
  }

  /** Every resource as a GET shows it. */
  state(): Json {
    return {
      resources: this.#resources.all().map((resource) => presentResource(resource, this.#catalogue, this.world)),
    };
  }

  stats(): Json {
    const { table } = this.#operations;
    return {
      resources: this.statistics.resources(),
      operations: table.all().map(({ id, name, resourceId, status, startMs, endedMs }) => ({
        id,
        name,
        resource: resourceId,
        status,
        start: new Date(startMs).toISOString(),
        end: endedMs === undefined ? null : new Date(endedMs).toISOString(),
      })),
      peakParallel: table.peakParallel,
      principals: this.statistics.principals(),
    };
  }

  close(): void {
    this.#calls.close();
    this.events.close();
    this.clockKeeper.close();
    this.#documents.close();
  }
}

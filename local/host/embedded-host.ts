import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import { type ClockSetting, SimulatedClock } from '../clock.ts';
import { answerControl, type ControlActions } from './control-endpoint.ts';
import type { FunctionsCore } from './core.ts';
import { DurableEngine } from './durable-engine.ts';
import { DurableStore } from './durable-store.ts';
import { type FaultSwitches, Faults } from './faults.ts';
import { type FunctionRunner, functionRunner } from './function-runner.ts';
import { FunctionsEndpoint } from './functions-endpoint.ts';
import type { HistoryEvent } from './history-event.ts';
import { setHostEnvironment } from './host-environment.ts';
import { type HostKeys, makeHostKeys } from './host-keys.ts';
import { type HostLog, messageOf } from './host-log.ts';
import { type AppSettings, readHostSettings } from './host-settings.ts';
import { type Answer, BodyTooLargeError, readBody, sendAnswer, textAnswer } from './http-exchange.ts';
import { layOutRoutes } from './http-routes.ts';
import { type IndexedFunction, indexFunctions, type RefusedFunction } from './indexed-function.ts';
import { durableClientInput, ManagementApi, type ManagementUrls } from './management-api.ts';
import { type OrchestrationStatistics, Statistics } from './statistics.ts';
import { readTimerTriggers, TimerTriggers } from './timer-triggers.ts';
import { WorkTracker } from './work-tracker.ts';

export interface EmbeddedHostOptions {
  /** `functionsCore` of core.ts; the app must have registered its functions before the host starts. */
  readonly core: FunctionsCore;
  /** host.json, parsed. */
  readonly hostJson: unknown;
  /** App settings, for `%NAME%` and `AzureWebJobs.<name>.Disabled`. */
  readonly settings: AppSettings;
  /** A file, or `:memory:`. */
  readonly databaseFile: string;
  readonly clock: Clock;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly controlPort?: number;
  /** Otherwise no key is asked for, as with Core Tools. */
  readonly requireKeys?: boolean;
  readonly keys?: HostKeys;
  readonly log?: HostLog;
  /** Instead of SIGKILL for this process. */
  readonly killProcess?: () => void;
  /** Another process has opened the database and taken over; this host does nothing more. */
  readonly onSuperseded?: () => void;
}

/** What a stored instance looks like when it is recorded. */
export interface RecordedHistory {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string | null;
  readonly status: string;
  /** JSON values. */
  readonly input: unknown;
  readonly output: unknown;
  readonly parentInstanceId: string | null;
  /** Events of the current generation in wire form. */
  readonly history: readonly HistoryEvent[];
}

export interface Settled {
  /** When the next timer is due; `null` when there is none. */
  readonly nextDueMs: number | null;
  /** Counts invocations and turns of orchestrations since the start. */
  readonly workDone: number;
}

export interface EmbeddedHost {
  /** Opens the ports and takes up what the database says is to be done. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Drops all memory of the host and rebuilds it from SQLite, without loading the app again. */
  crash(): void;
  /** Stepped clock: moves it to `nowMs` if that is later. Answers when nothing runs or is ready to run. */
  settle(nowMs?: number, setting?: ClockSetting): Promise<Settled>;
  /** `http://127.0.0.1:port`. */
  readonly functionsUrl: string;
  /** `http://127.0.0.1:port/_host`. */
  readonly controlUrl: string;
  readonly keys: HostKeys;
  readonly functions: readonly IndexedFunction[];
  readonly refused: readonly RefusedFunction[];
  setFaults(switches: FaultSwitches): void;
  history(instanceId: string): RecordedHistory | undefined;
  statistics(): Readonly<Record<string, OrchestrationStatistics>>;
}

/** A host for the functions that the app has registered with `core`. */
export function createEmbeddedHost(options: EmbeddedHostOptions): EmbeddedHost {
  return new Host(options);
}

/** What is lost in a crash. */
interface Memory {
  readonly database: DatabaseSync;
  readonly store: DurableStore;
  readonly engine: DurableEngine;
  readonly timers: TimerTriggers;
}

class Host implements EmbeddedHost, ControlActions {
  readonly keys: HostKeys;
  readonly functions: readonly IndexedFunction[];
  readonly refused: readonly RefusedFunction[];
  readonly #options: EmbeddedHostOptions;
  readonly #log: HostLog;
  readonly #settings: ReturnType<typeof readHostSettings>;
  readonly #tracker = new WorkTracker();
  readonly #faults: Faults;
  readonly #statistics = new Statistics();
  readonly #run: FunctionRunner;
  readonly #timerTriggers: ReturnType<typeof readTimerTriggers>['triggers'];
  readonly #functionsServer: Server;
  readonly #controlServer: Server;
  readonly #managementApi: ManagementApi;
  readonly #endpoint: FunctionsEndpoint;
  readonly #inMemoryDatabase: DatabaseSync | undefined;
  #memory: Memory | undefined;

  constructor(options: EmbeddedHostOptions) {
    this.#options = options;
    this.#log = options.log ?? (() => undefined);
    this.#settings = readHostSettings(options.hostJson, options.settings);
    this.keys = options.keys ?? makeHostKeys();
    this.#faults = new Faults(options.killProcess);
    this.#run = functionRunner(options.core, this.#tracker, this.#settings.functionTimeoutMs, this.#log);
    const indexed = indexFunctions(
      options.core.registrations(),
      (name) => options.settings[`AzureWebJobs.${name}.Disabled`]?.toLowerCase() === 'true',
    );
    const routes = layOutRoutes(indexed.functions, this.#settings.routePrefix);
    const timers = readTimerTriggers(indexed.functions, options.settings);
    this.#timerTriggers = timers.triggers;
    this.refused = [...indexed.refused, ...routes.refused, ...timers.refused];
    const dropped = new Set(this.refused.map((each) => each.name));
    this.functions = indexed.functions.filter((each) => !dropped.has(each.name));
    this.#functionsServer = createServer((request, response) =>
      this.#serve(request, response, (...of) => this.#endpoint.answer(...of)),
    );
    this.#controlServer = createServer((request, response) => this.#serveControl(request, response));
    this.#managementApi = new ManagementApi(
      () => this.#current().engine,
      () => this.#urls(),
    );
    this.#endpoint = new FunctionsEndpoint({
      functions: this.functions,
      findRoute: routes.find,
      run: this.#run,
      runTimer: (target) => this.#runTimer(target),
      durableClient: () => this.#durableClient(),
      managementApi: this.#managementApi,
      keys: this.keys,
      requireKeys: options.requireKeys === true,
      tracker: this.#tracker,
      log: this.#log,
    });
    this.#inMemoryDatabase = options.databaseFile === ':memory:' ? new DatabaseSync(':memory:') : undefined;
  }

  get functionsUrl(): string {
    return `http://127.0.0.1:${portOf(this.#functionsServer)}`;
  }

  get controlUrl(): string {
    return `http://127.0.0.1:${portOf(this.#controlServer)}/_host`;
  }

  async start(): Promise<void> {
    const { core } = this.#options;
    core.lock();
    core.setLog(this.#log);
    for (const { name, reason, isDisabled } of this.refused) {
      this.#log(isDisabled === true ? 'information' : 'error', 'A function was refused', { function: name, reason });
    }
    const capabilities = (await core.programmingModel()?.getCapabilities?.({})) ?? {};
    if (capabilities.HttpUri !== undefined) {
      throw new Error('HTTP streaming (app.setup({enableHttpStream: true})) is not supported by the embedded host.');
    }
    await listen(this.#functionsServer, this.#options.port ?? 0);
    await listen(this.#controlServer, this.#options.controlPort ?? 0);
    setHostEnvironment(Number(new URL(this.functionsUrl).port));
    for (const hook of core.hooks('appStart')) await hook({ hookData: {}, appHookData: core.appHookData() });
    this.#takeUp(this.#remember());
    this.#log('information', 'The embedded host has started', { functions: this.functions.length });
  }

  async stop(): Promise<void> {
    this.#forget();
    const { core } = this.#options;
    await Promise.all([close(this.#functionsServer), close(this.#controlServer)]);
    for (const hook of core.hooks('appTerminate')) await hook({ hookData: {}, appHookData: core.appHookData() });
    this.#inMemoryDatabase?.close();
    core.setLog(undefined);
  }

  crash(): void {
    this.#log('warning', 'The embedded host crashes', {});
    this.#forget();
    this.#functionsServer.closeAllConnections();
    const memory = this.#remember();
    // Not at once: a crash in the work that a start takes up would start the next one inside itself.
    const ended = this.#tracker.enter();
    setImmediate(() => {
      if (this.#memory === memory) this.#takeUp(memory);
      ended();
    });
  }

  #superseded(): void {
    this.#log('critical', 'Another host has taken over the database', {});
    this.#forget();
    this.#options.onSuperseded?.();
  }

  async settle(nowMs?: number, setting?: ClockSetting): Promise<Settled> {
    const { clock } = this.#options;
    if (setting !== undefined && clock instanceof SimulatedClock) clock.adopt(setting);
    const stepped = clock instanceof SimulatedClock && clock.stepped ? clock : undefined;
    for (;;) {
      stepped?.moveTo(nowMs ?? stepped.nowMs());
      await this.#tracker.idle();
      const dueMs = clock.nextDueMs();
      if (stepped === undefined || dueMs === null || dueMs > clock.nowMs()) {
        return { nextDueMs: dueMs, workDone: this.#tracker.workDone };
      }
    }
  }

  get faults(): FaultSwitches {
    return this.#faults.switches;
  }

  setFaults(switches: FaultSwitches): void {
    this.#faults.set(switches);
  }

  statistics(): Readonly<Record<string, OrchestrationStatistics>> {
    return this.#statistics.snapshot();
  }

  history(instanceId: string): RecordedHistory | undefined {
    const { store } = this.#current();
    const instance = store.instance(instanceId);
    if (instance === undefined) return undefined;
    const { executionId, name, version, status, input, output, parent } = instance;
    return {
      instanceId,
      executionId,
      name,
      version,
      status,
      input: input === null ? null : JSON.parse(input),
      output: output === null ? null : JSON.parse(output),
      parentInstanceId: parent?.instanceId ?? null,
      history: store.history(instanceId, executionId),
    };
  }

  state(): unknown {
    return {
      functions: this.functions.map(({ name, triggerType }) => ({ name, triggerType })),
      refused: this.refused,
      epoch: this.#current().store.epoch,
      faults: this.#faults.switches,
      now: new Date(this.#options.clock.nowMs()).toISOString(),
      running: this.#tracker.running,
      workDone: this.#tracker.workDone,
    };
  }

  #current(): Memory {
    if (this.#memory === undefined) throw new Error('The embedded host is not running.');
    return this.#memory;
  }

  #remember(): Memory {
    const { clock, databaseFile } = this.#options;
    const database = this.#inMemoryDatabase ?? new DatabaseSync(databaseFile);
    const store = new DurableStore(database);
    const common = {
      store,
      clock,
      run: this.#run,
      durableClient: () => this.#durableClient(),
      tracker: this.#tracker,
      log: this.#log,
    };
    const engine = new DurableEngine({
      ...common,
      settings: this.#settings,
      functions: this.functions,
      faults: this.#faults,
      statistics: this.#statistics,
      crash: () => this.crash(),
      superseded: () => this.#superseded(),
    });
    const timers = new TimerTriggers(common);
    const memory = { database, store, engine, timers };
    this.#memory = memory;
    return memory;
  }

  #takeUp({ engine, timers }: Memory): void {
    // The engine comes last: its first activity may be told to crash the host.
    timers.start(this.#timerTriggers);
    engine.start();
  }

  #forget(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    this.#memory = undefined;
    memory.engine.drop();
    memory.timers.drop();
    memory.store.close();
    if (memory.database !== this.#inMemoryDatabase) memory.database.close();
  }

  /** The loopback address carries the epoch, so that functions of a dropped host cannot act on the new one. */
  #durableClient(): string {
    return durableClientInput(this.#urls());
  }

  #urls(): ManagementUrls {
    return {
      webhookUrl: `${this.functionsUrl}/runtime/webhooks/durabletask`,
      rpcUrl: `http://127.0.0.1:${portOf(this.#controlServer)}/durabletask/${this.#current().store.epoch}/`,
      systemKey: this.keys.durableTaskKey,
      hubName: this.#settings.hubName,
    };
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    answer: (request: IncomingMessage, url: URL) => Promise<Answer>,
  ): void {
    const ended = this.#tracker.enter();
    response.once('close', ended);
    answer(request, urlOf(request))
      .catch((thrown): Answer => this.#failure(thrown))
      .then((result) => sendAnswer(response, result))
      .catch((thrown) => {
        this.#log('error', 'An answer could not be sent', { error: messageOf(thrown) });
        response.destroy();
      });
  }

  #failure(thrown: unknown): Answer {
    if (thrown instanceof BodyTooLargeError) return textAnswer(413, thrown.message);
    if (thrown instanceof URIError || thrown instanceof SyntaxError) return textAnswer(400, thrown.message);
    this.#log('error', 'A request failed', { error: messageOf(thrown) });
    return { status: 500 };
  }

  #runTimer(target: IndexedFunction): Promise<void> | undefined {
    const trigger = this.#timerTriggers.find((each) => each.target === target);
    return trigger === undefined ? undefined : this.#current().timers.runNow(trigger);
  }

  #serveControl(request: IncomingMessage, response: ServerResponse): void {
    const [first, ...path] = urlOf(request)
      .pathname.split('/')
      .filter((each) => each !== '');
    if (first === '_host') {
      // Steps of the clock wait for everything else to end, so they do not count as work themselves.
      answerControl(request, path, this)
        .then((answer) => sendAnswer(response, answer))
        .catch((thrown) => sendAnswer(response, textAnswer(400, messageOf(thrown))));
      return;
    }
    this.#serve(request, response, async (_, url) => {
      const body = await readBody(request);
      const [epoch, ...rest] = path;
      if (first !== 'durabletask') return { status: 404 };
      if (this.#memory === undefined || Number(epoch) !== this.#memory.store.epoch) {
        return textAnswer(503, 'This host was dropped.');
      }
      return this.#managementApi.answerHttp(request, url, rest, body);
    });
  }
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The embedded host is not listening.');
  return (address satisfies AddressInfo).port;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

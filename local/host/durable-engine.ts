import type { Clock } from '../clock.ts';
import { activityEvent, isSameOutcome } from './activity-outcome.ts';
import { concludeEpisode, type EpisodeConclusion, failedEpisode } from './conclude-episode.ts';
import type { ActivityJob, DurableStore, InboxMessage, Instance, StoredTimer } from './durable-store.ts';
import { StaleEpochError } from './durable-store.ts';
import { DurableTimers, taskKey } from './durable-timers.ts';
import type { Faults } from './faults.ts';
import type { FunctionRunner, TimedOutcome } from './function-runner.ts';
import { EventType, type HistoryEvent } from './history-event.ts';
import { type HostLog, messageOf } from './host-log.ts';
import type { HostSettings } from './host-settings.ts';
import type { IndexedFunction } from './indexed-function.ts';
import { executionStarted, isFinal, stamp } from './instance-events.ts';
import { DEFAULT_INTERPRET_OPTIONS } from './interpret-actions.ts';
import { nextBatch } from './next-batch.ts';
import { type OrchestratorAnswer, readOrchestratorAnswer } from './orchestrator-answer.ts';
import { type EpisodeInput, orchestratorPayload } from './orchestrator-payload.ts';
import { type OutboxEntry, planCommit } from './plan-commit.ts';
import type { Statistics } from './statistics.ts';
import { activityInput } from './typed-data.ts';
import type { WorkTracker } from './work-tracker.ts';

export interface DurableEngineOptions {
  readonly store: DurableStore;
  readonly clock: Clock;
  readonly settings: HostSettings;
  readonly functions: readonly IndexedFunction[];
  readonly run: FunctionRunner;
  /** The value of a durable client input, JSON text. */
  readonly durableClient: () => string;
  readonly tracker: WorkTracker;
  readonly faults: Faults;
  readonly statistics: Statistics;
  readonly log: HostLog;
  /** Drops this engine and all other memory of the host, and builds it anew from the store. */
  readonly crash: () => void;
  /** Another process has opened the store. */
  readonly superseded: () => void;
}

/** Longest history that is kept in memory between episodes, in instances. */
const CACHED_HISTORIES = 200;

/**
 * Runs orchestrations and activities: episodes one at a time for each instance, both kinds with the concurrency that
 * host.json allows. Everything it must not forget is in the store, one transaction for each episode.
 */
export class DurableEngine {
  readonly #options: DurableEngineOptions;
  readonly #orchestrators = new Map<string, IndexedFunction>();
  readonly #activityFunctions = new Map<string, IndexedFunction>();
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  #jobs: ActivityJob[] = [];
  #runningJobs = 0;
  readonly #timers: DurableTimers;
  readonly #histories = new Map<string, { readonly executionId: string; readonly events: HistoryEvent[] }>();
  #alive = false;

  constructor(options: DurableEngineOptions) {
    this.#options = options;
    this.#timers = new DurableTimers(options.clock, (timer) => this.#fire(timer));
    for (const each of options.functions) {
      if (each.triggerType === 'orchestrationtrigger') this.#orchestrators.set(each.name.toLowerCase(), each);
      if (each.triggerType === 'activitytrigger') this.#activityFunctions.set(each.name.toLowerCase(), each);
    }
  }

  get store(): DurableStore {
    return this.#options.store;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get settings(): HostSettings {
    return this.#options.settings;
  }

  orchestrator(name: string): IndexedFunction | undefined {
    return this.#orchestrators.get(name.toLowerCase());
  }

  /** Takes up everything that the store says is to be done. */
  start(): void {
    this.#alive = true;
    const { store } = this.#options;
    for (const timer of store.timers()) this.#timers.schedule(timer);
    this.#jobs = [...store.activities()];
    for (const instanceId of store.instancesWithMessages()) this.#ready.add(instanceId);
    this.#pump();
  }

  /** Forgets everything; what still runs finds no way back to the store. */
  drop(): void {
    this.#alive = false;
    this.#ready.clear();
    this.#jobs = [];
    this.#timers.clear();
    this.#histories.clear();
  }

  /** There may be messages for that instance. */
  wake(instanceId: string): void {
    if (!this.#alive) return;
    this.#ready.add(instanceId);
    this.#pump();
  }

  /** Forgets what it knows of an instance that was purged or replaced. */
  forget(instanceId: string): void {
    this.#histories.delete(instanceId);
    this.#timers.cancelAll(instanceId);
    this.#jobs = this.#jobs.filter((job) => job.instanceId !== instanceId);
  }

  #pump(): void {
    if (!this.#alive) return;
    const { settings } = this.#options;
    for (const instanceId of [...this.#ready]) {
      if (this.#running.size >= settings.maxConcurrentOrchestratorFunctions) break;
      if (this.#running.has(instanceId)) continue;
      this.#ready.delete(instanceId);
      this.#running.add(instanceId);
      void this.#work(() => this.#episode(instanceId)).then((leftOver) => {
        this.#running.delete(instanceId);
        if (leftOver === true) this.#ready.add(instanceId);
        this.#pump();
      });
    }
    while (this.#runningJobs < settings.maxConcurrentActivityFunctions) {
      const job = this.#jobs.shift();
      if (job === undefined) break;
      this.#runningJobs += 1;
      void this.#work(() => this.#activity(job)).then(() => {
        this.#runningJobs -= 1;
        this.#pump();
      });
    }
  }

  async #work<T>(body: () => Promise<T>): Promise<T | undefined> {
    const ended = this.#options.tracker.enter();
    try {
      return await body();
    } catch (thrown) {
      if (thrown instanceof StaleEpochError) {
        if (this.#alive) this.#options.superseded();
        return undefined;
      }
      this.#options.log('critical', 'The embedded host failed', { error: messageOf(thrown) });
      throw thrown;
    } finally {
      // What this work made ready must be running before it counts as ended.
      setImmediate(ended);
    }
  }

  // ---- episodes -----------------------------------------------------------------------------------------------

  /** One turn of an instance. Whether messages are left that the next turn can take. */
  async #episode(instanceId: string): Promise<boolean> {
    const { store, clock, faults, log } = this.#options;
    const instance = store.instance(instanceId);
    const messages = store.inbox(instanceId);
    if (messages.length === 0) return false;
    if (instance === undefined || isFinal(instance)) {
      store.transaction(() => store.removeMessages(messages.map((message) => message.id)));
      return false;
    }
    const stale = messages.filter((each) => each.executionId !== null && each.executionId !== instance.executionId);
    const live = messages.filter((each) => !stale.includes(each));
    const termination = live.find((each) => each.event.EventType === EventType.ExecutionTerminated);
    if (termination !== undefined) {
      this.#terminate(instance, messages, termination.event);
      return false;
    }
    const batch = nextBatch(instance, live);
    if (batch.length === 0) {
      store.transaction(() => store.removeMessages(stale.map((message) => message.id)));
      return false;
    }
    const consumed = [...stale, ...batch];
    const started = stamp(clock.nowMs(), { EventType: EventType.OrchestratorStarted });
    const news = [started, ...batch.map((message) => message.event)];
    const isSuspension = batch[0]?.event.EventType === EventType.ExecutionSuspended;
    if (isSuspension) {
      this.#commitQuietly(instance, consumed, news, 'Suspended');
      return live.length > batch.length;
    }
    const past = this.#history(instance);
    const answer = await this.#ask(instance, { past, news });
    if (!this.#alive) return false;
    const conclusion = this.#conclude(answer, [...past, ...news]);
    for (const { name, at } of conclusion.lostEvents) {
      if (at >= past.length) log('warning', 'An external event went to an abandoned wait', { instanceId, event: name });
    }
    const key = `${instance.executionId} ${past.length}`;
    if (this.#crashIf(faults.beforeCommit(key))) return false;
    this.#commit(instance, consumed, past, news, conclusion);
    this.#crashIf(faults.afterCommit(key));
    return live.length > batch.length;
  }

  async #ask(instance: Instance, episode: Pick<EpisodeInput, 'past' | 'news'>): Promise<OrchestratorAnswer> {
    const { run, statistics, durableClient } = this.#options;
    const target = this.orchestrator(instance.name);
    if (target === undefined) {
      const message = `The function '${instance.name}' doesn't exist, is disabled, or is not an orchestrator function.`;
      return { kind: 'broken', message };
    }
    statistics.count(instance.name, 'episodes');
    const payload = orchestratorPayload({ instance, ...episode });
    return readOrchestratorAnswer(await run(target, { trigger: { string: payload }, durableClient: durableClient() }));
  }

  #conclude(answer: OrchestratorAnswer, history: readonly HistoryEvent[]): EpisodeConclusion {
    const { settings, store } = this.#options;
    const conclusion = concludeEpisode(
      answer,
      history,
      new Set(this.#activityFunctions.keys()),
      new Set(this.#orchestrators.keys()),
      { ...DEFAULT_INTERPRET_OPTIONS, maxOrchestrationActions: settings.maxOrchestrationActions },
    );
    for (const task of conclusion.newTasks) {
      if (task.kind !== 'subOrchestration' || task.instanceId === undefined) continue;
      const child = store.instance(task.instanceId);
      if (child === undefined || isFinal(child)) continue;
      const error = `It calls sub-orchestration ${task.name} with the instance id "${task.instanceId}", which is ${child.status}: the parent would wait for an instance that does not know it.`;
      return failedEpisode(error, true);
    }
    return conclusion;
  }

  #commit(
    instance: Instance,
    consumed: readonly InboxMessage[],
    past: readonly HistoryEvent[],
    news: readonly HistoryEvent[],
    conclusion: EpisodeConclusion,
  ): void {
    const { store, clock, statistics, settings } = this.#options;
    const nowMs = clock.nowMs();
    const { end } = conclusion;
    const { next, appended, outbox, failure } = planCommit(instance, news, conclusion, nowMs, settings);
    const isCurrent = store.transaction(() => {
      const current = store.instance(instance.instanceId);
      if (current === undefined || current.executionId !== instance.executionId) return false;
      store.removeMessages(consumed.map((message) => message.id));
      for (const id of conclusion.cancelledTimers) store.removeTimer({ ...instance, taskId: id });
      if (end.kind === 'continuedAsNew') {
        store.removeExecution(instance.instanceId, instance.executionId);
        store.putMessage(next.instanceId, next.executionId, executionStarted(next, nowMs));
      } else {
        store.appendHistory(instance.instanceId, instance.executionId, past.length, appended);
      }
      store.putInstance(next);
      for (const entry of outbox) {
        if (entry.job !== undefined) store.putActivity(entry.job);
        if (entry.timer !== undefined) store.putTimer(entry.timer);
        if (entry.child !== undefined) {
          store.removeInstance(entry.child.instanceId);
          store.putInstance(entry.child);
          store.putMessage(entry.child.instanceId, entry.child.executionId, executionStarted(entry.child, nowMs));
        }
      }
      if (isFinal(next)) {
        store.removeTimers(instance.instanceId, instance.executionId);
        this.#tellParent(next, failure, nowMs);
      }
      return true;
    });
    if (!isCurrent) return;
    if (past.length === 0) statistics.count(instance.name, 'generations');
    statistics.count(instance.name, 'historyEvents', appended.length);
    statistics.count(instance.name, 'historyBytes', Buffer.byteLength(JSON.stringify(appended)));
    statistics.noteHistory(instance.name, past.length + appended.length);
    this.#report(instance, end);
    this.#afterCommit(instance, next, conclusion, outbox, [...past, ...appended]);
  }

  #afterCommit(
    instance: Instance,
    next: Instance,
    conclusion: EpisodeConclusion,
    outbox: readonly OutboxEntry[],
    history: HistoryEvent[],
  ): void {
    for (const id of conclusion.cancelledTimers) this.#timers.cancel({ ...instance, taskId: id });
    if (next.executionId !== instance.executionId) {
      this.#timers.cancelAll(instance.instanceId, instance.executionId);
      this.#histories.delete(instance.instanceId);
      this.#ready.add(instance.instanceId);
    } else if (isFinal(next)) {
      this.#timers.cancelAll(instance.instanceId, instance.executionId);
      this.#histories.delete(instance.instanceId);
      if (next.parent !== null) this.#ready.add(next.parent.instanceId);
    } else {
      this.#remember(instance, history);
    }
    for (const entry of outbox) {
      if (entry.job !== undefined) this.#jobs.push(entry.job);
      if (entry.timer !== undefined) this.#timers.schedule(entry.timer);
      if (entry.child !== undefined) {
        this.forget(entry.child.instanceId);
        this.#ready.add(entry.child.instanceId);
      }
    }
  }

  /** Inside the transaction that ends an instance. A parent that has moved on to another generation is not told. */
  #tellParent(ended: Instance, failure: string | undefined, nowMs: number): void {
    const { store } = this.#options;
    const { parent } = ended;
    if (parent === null || store.instance(parent.instanceId)?.executionId !== parent.executionId) return;
    const event =
      failure === undefined
        ? { EventType: EventType.SubOrchestrationInstanceCompleted, Result: ended.output }
        : { EventType: EventType.SubOrchestrationInstanceFailed, Reason: failure, Details: failure };
    store.putMessage(parent.instanceId, parent.executionId, stamp(nowMs, { ...event, TaskScheduledId: parent.taskId }));
  }

  #report({ instanceId, name }: Instance, end: EpisodeConclusion['end']): void {
    const { log } = this.#options;
    if (end.kind === 'running') {
      if (end.heldBy !== undefined) log('warning', 'An orchestration is held', { instanceId, name, by: end.heldBy });
      return;
    }
    if (end.kind !== 'failed') {
      log('debug', 'An orchestration ended a generation', { instanceId, name, end: end.kind });
      return;
    }
    if (end.loud)
      log('error', 'An orchestration was failed by the embedded host', { instanceId, name, error: end.error });
    else log('warning', 'An orchestration failed', { instanceId, name, error: end.error });
  }

  #terminate(instance: Instance, messages: readonly InboxMessage[], termination: HistoryEvent): void {
    const reason = termination.Reason ?? '';
    this.#options.tracker.count();
    const { store, clock, log } = this.#options;
    const nowMs = clock.nowMs();
    const past = this.#history(instance);
    const next: Instance = {
      ...instance,
      status: 'Terminated',
      output: JSON.stringify(reason),
      updatedMs: nowMs,
    };
    store.transaction(() => {
      store.removeMessages(messages.map((message) => message.id));
      store.appendHistory(instance.instanceId, instance.executionId, past.length, [
        stamp(nowMs, { EventType: EventType.OrchestratorStarted }),
        termination,
        stamp(nowMs, { EventType: EventType.OrchestratorCompleted }),
      ]);
      store.removeTimers(instance.instanceId, instance.executionId);
      store.putInstance(next);
      this.#tellParent(next, `Orchestrator function '${instance.name}' failed: it was terminated: ${reason}`, nowMs);
    });
    log('information', 'An orchestration was terminated', { instanceId: instance.instanceId, name: instance.name });
    this.#timers.cancelAll(instance.instanceId, instance.executionId);
    this.#histories.delete(instance.instanceId);
    if (next.parent !== null) this.#ready.add(next.parent.instanceId);
  }

  #commitQuietly(
    instance: Instance,
    consumed: readonly InboxMessage[],
    news: readonly HistoryEvent[],
    status: Instance['status'],
  ): void {
    const { store, clock, tracker } = this.#options;
    tracker.count();
    const nowMs = clock.nowMs();
    const past = this.#history(instance);
    const appended = [...news, stamp(nowMs, { EventType: EventType.OrchestratorCompleted })];
    store.transaction(() => {
      store.removeMessages(consumed.map((message) => message.id));
      store.appendHistory(instance.instanceId, instance.executionId, past.length, appended);
      store.putInstance({ ...instance, status, updatedMs: nowMs });
    });
    this.#remember(instance, [...past, ...appended]);
  }

  #history(instance: Instance): readonly HistoryEvent[] {
    const known = this.#histories.get(instance.instanceId);
    if (known?.executionId === instance.executionId) return known.events;
    return this.#options.store.history(instance.instanceId, instance.executionId);
  }

  #remember({ instanceId, executionId }: Instance, events: readonly HistoryEvent[]): void {
    this.#histories.delete(instanceId);
    this.#histories.set(instanceId, {
      executionId,
      events: events.map((event) => (event.IsPlayed ? event : { ...event, IsPlayed: true })),
    });
    const [oldest] = this.#histories.keys();
    if (this.#histories.size > CACHED_HISTORIES && oldest !== undefined) this.#histories.delete(oldest);
  }

  // ---- activities ---------------------------------------------------------------------------------------------

  async #activity(job: ActivityJob): Promise<void> {
    const { store, clock, faults, log, statistics } = this.#options;
    const key = taskKey(job);
    if (this.#crashIf(faults.beforeActivity(key))) return;
    store.transaction(() => store.countAttempt(job));
    const orchestration = store.instance(job.instanceId)?.name ?? '(purged)';
    let outcome = await this.#runActivity(job);
    if (faults.runsActivitiesTwice && outcome.timedOut !== true) {
      const second = await this.#runActivity(job);
      if (!isSameOutcome(outcome, second)) {
        log('warning', 'Two runs of an activity differ', { function: job.name, instanceId: job.instanceId });
        statistics.count(orchestration, 'differingSecondRuns');
      }
      outcome = second;
    }
    if (!this.#alive || this.#crashIf(faults.afterActivity(key))) return;
    statistics.count(orchestration, 'activities');
    if (outcome.error !== undefined) statistics.count(orchestration, 'activityFailures');
    if (outcome.timedOut === true) statistics.count(orchestration, 'activityTimeouts');
    const event = stamp(clock.nowMs(), activityEvent(job.name, job.taskId, outcome));
    store.transaction(() => {
      if (!store.removeActivity(job)) return;
      const instance = store.instance(job.instanceId);
      if (instance?.executionId === job.executionId && !isFinal(instance)) {
        store.putMessage(job.instanceId, job.executionId, event);
      }
    });
    if (faults.afterStore() === 'kill') return;
    this.#ready.add(job.instanceId);
  }

  async #runActivity(job: ActivityJob): Promise<TimedOutcome> {
    const { run, log, durableClient } = this.#options;
    const target = this.#activityFunctions.get(job.name.toLowerCase());
    if (target === undefined) {
      const message = `The function '${job.name}' doesn't exist, is disabled, or is not an activity function.`;
      return { invocationId: '', error: { message, stack: '' } };
    }
    const outcome = await run(target, {
      trigger: activityInput(job.input),
      triggerMetadata: { instanceId: { string: job.instanceId } },
      durableClient: durableClient(),
    });
    if (outcome.error !== undefined) {
      log('warning', 'An activity failed', {
        function: job.name,
        instanceId: job.instanceId,
        taskId: job.taskId,
        error: outcome.error.message,
      });
    }
    return outcome;
  }

  #fire(timer: StoredTimer): void {
    if (!this.#alive) return;
    const { store, clock, superseded } = this.#options;
    const event = stamp(clock.nowMs(), {
      EventType: EventType.TimerFired,
      TimerId: timer.taskId,
      FireAt: new Date(timer.fireAtMs).toISOString(),
    });
    try {
      store.transaction(() => {
        if (store.removeTimer(timer)) store.putMessage(timer.instanceId, timer.executionId, event);
      });
    } catch (thrown) {
      if (!(thrown instanceof StaleEpochError)) throw thrown;
      superseded();
      return;
    }
    this.wake(timer.instanceId);
  }

  #crashIf(order: 'crash' | 'kill' | undefined): boolean {
    if (order === 'crash') this.#options.crash();
    return order !== undefined;
  }
}

import { EventType, type HistoryEvent } from './history-event.ts';
import type { JsonValue } from './json-value.ts';

/** Numbers of the actions that an orchestrator answers with. */
export const ActionType = {
  CallActivity: 0,
  CallActivityWithRetry: 1,
  CallSubOrchestrator: 2,
  CallSubOrchestratorWithRetry: 3,
  ContinueAsNew: 4,
  CreateTimer: 5,
  WaitForExternalEvent: 6,
  CallEntity: 7,
  CallHttp: 8,
  SignalEntity: 9,
  ScheduledSignalEntity: 10,
  WhenAny: 11,
  WhenAll: 12,
  LockEntities: 13,
  ReleaseEntities: 14,
} as const;

const UNSUPPORTED: Readonly<Record<number, string>> = {
  [ActionType.CallEntity]: 'callEntity',
  [ActionType.CallHttp]: 'callHttp',
  [ActionType.SignalEntity]: 'signalEntity',
  [ActionType.ScheduledSignalEntity]: 'signalEntity with a time',
  [ActionType.LockEntities]: 'lock',
  [ActionType.ReleaseEntities]: 'the release of an entity lock',
};

export interface RetryOptions {
  readonly firstRetryIntervalInMilliseconds: number;
  readonly maxNumberOfAttempts: number;
  readonly backoffCoefficient?: number;
  readonly maxRetryIntervalInMilliseconds?: number;
  readonly retryTimeoutInMilliseconds?: number;
}

/** One action in wire form. Which members there are depends on `actionType`. */
export interface Action {
  readonly actionType: number;
  readonly functionName?: string;
  readonly input?: JsonValue;
  readonly instanceId?: string;
  readonly version?: string;
  readonly retryOptions?: RetryOptions;
  readonly fireAt?: string;
  readonly isCanceled?: boolean;
  readonly externalEventName?: string;
  readonly compoundActions?: readonly Action[];
}

/** A task to which a number was given. */
export type Task =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: JsonValue | undefined }
  | {
      readonly kind: 'subOrchestration';
      readonly id: number;
      readonly name: string;
      readonly input: JsonValue | undefined;
      readonly instanceId: string | undefined;
      readonly version: string | undefined;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAtMs: number; readonly isCanceled: boolean };

/** What the list of actions comes to when it is run against a history. */
export interface Interpretation {
  /** Every task that got a number, in the order of the numbers, beginning with 0. */
  readonly tasks: readonly Task[];
  /** Numbers of the tasks that have not settled. */
  readonly open: ReadonlySet<number>;
  /** Names of the external events that are waited for. */
  readonly awaitedEvents: readonly string[];
  /** Whether the list came to its end; else it still waits. */
  readonly finished: boolean;
  /** Whether something on the way to its end is a `Task.all` of which one part failed: the extension waits for the rest. */
  readonly waitsForRestOfFailedAll: boolean;
  readonly continueAsNew: { readonly input: JsonValue | undefined } | undefined;
  /** External events that went to a wait whose race was decided, with the place of the event in the history. */
  readonly lostEvents: readonly { readonly name: string; readonly at: number }[];
  /** A dialog that would hang or diverge in the real extension, or that is not supported; one sentence. */
  readonly problem: string | undefined;
}

export interface InterpretOptions {
  /** A timer further away than this becomes a chain. */
  readonly maximumShortTimerMs: number;
  readonly longTimerIntervalMs: number;
  /**
   * When `Task.all` settles after a failure: the extension waits for all parts (.NET's `Task.WhenAll`), the SDK goes on
   * at the first failure. Both count tasks, so where the counts differ the two no longer speak of the same tasks.
   */
  readonly failedAllSettles: 'atEnd' | 'atOnce';
}

/** Six days and three days, which the extension announces for Azure Storage. */
export const DEFAULT_INTERPRET_OPTIONS: InterpretOptions = {
  maximumShortTimerMs: 6 * 86_400_000,
  longTimerIntervalMs: 3 * 86_400_000,
  failedAllSettles: 'atEnd',
};

const DEFAULT_MAX_RETRY_INTERVAL_MS = 6 * 86_400_000;

type Done = (succeeded: boolean) => void;

interface Wait {
  readonly name: string;
  readonly done: Done;
}

/**
 * Runs the actions of an orchestrator's answer against its history, as the extension does for a language without a
 * worker of its own: actions carry no numbers, both sides count. The first top-level action starts and takes the next
 * number for each thing that it schedules; when it settles, the next one starts; a compound starts all its parts at once.
 */
export function interpretActions(
  actions: readonly Action[],
  history: readonly HistoryEvent[],
  options: InterpretOptions = DEFAULT_INTERPRET_OPTIONS,
): Interpretation {
  return new Interpreter(actions, options).run(history);
}

class Interpreter {
  readonly #actions: readonly Action[];
  readonly #options: InterpretOptions;
  readonly #tasks: Task[] = [];
  readonly #open = new Map<number, Done>();
  /** Settlements of numbers that are not taken yet. */
  readonly #parked = new Map<number, boolean>();
  #waits: Wait[] = [];
  #bufferedEvents: string[] = [];
  #nowMs = 0;
  #at = 0;
  #current: 'none' | 'waiting' | 'settled' = 'none';
  #failedAlls = 0;
  #playing = 0;
  #isLost = false;
  readonly #lostEvents: { readonly name: string; readonly at: number }[] = [];
  #continueAsNew: { readonly input: JsonValue | undefined } | undefined;
  #problem: string | undefined;

  constructor(actions: readonly Action[], options: InterpretOptions) {
    this.#actions = actions;
    this.#options = options;
  }

  run(history: readonly HistoryEvent[]): Interpretation {
    for (const [at, event] of history.entries()) {
      this.#playing = at;
      this.#play(event);
      if (this.#problem !== undefined || this.#continueAsNew !== undefined) break;
    }
    return {
      tasks: this.#tasks,
      open: new Set(this.#open.keys()),
      awaitedEvents: this.#waits.map((wait) => wait.name),
      finished: this.#current === 'settled' && this.#at >= this.#actions.length,
      waitsForRestOfFailedAll: this.#failedAlls > 0,
      continueAsNew: this.#continueAsNew,
      lostEvents: this.#lostEvents,
      problem: this.#problem,
    };
  }

  #play(event: HistoryEvent): void {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        this.#nowMs = Math.max(this.#nowMs, Date.parse(event.Timestamp));
        return;
      case EventType.ExecutionStarted:
        this.#current = 'settled';
        break;
      case EventType.TaskCompleted:
      case EventType.SubOrchestrationInstanceCompleted:
        this.#settle(event.TaskScheduledId, true);
        break;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        this.#settle(event.TaskScheduledId, false);
        break;
      case EventType.TimerFired:
        this.#settle(event.TimerId, true);
        break;
      case EventType.EventRaised:
        this.#raise(event.Name ?? '');
        break;
      default:
        return;
    }
    this.#advance();
  }

  #advance(): void {
    while (this.#current === 'settled' && this.#at < this.#actions.length && this.#problem === undefined) {
      const action = this.#actions[this.#at];
      this.#at += 1;
      if (action === undefined) return;
      this.#current = 'waiting';
      this.#start(action, () => {
        this.#current = 'settled';
      });
      if (this.#continueAsNew !== undefined) return;
    }
  }

  #settle(id: number | undefined, succeeded: boolean): void {
    if (id === undefined) return;
    const done = this.#open.get(id);
    if (done === undefined) {
      if (id >= this.#tasks.length) this.#parked.set(id, succeeded);
      return;
    }
    this.#open.delete(id);
    done(succeeded);
  }

  #take(make: (id: number) => Task, done: Done): void {
    const id = this.#tasks.length;
    this.#tasks.push(make(id));
    this.#open.set(id, done);
    const parked = this.#parked.get(id);
    if (parked === undefined) return;
    this.#parked.delete(id);
    this.#settle(id, parked);
  }

  #raise(name: string): void {
    // Several waits for one name are served last first.
    const at = this.#waits.findLastIndex((wait) => wait.name === name);
    if (at >= 0) {
      const [wait] = this.#waits.splice(at, 1);
      this.#isLost = false;
      wait?.done(true);
      if (this.#isLost) this.#lostEvents.push({ name, at: this.#playing });
      return;
    }
    this.#refuseOtherCase(
      name,
      this.#waits.map((wait) => wait.name),
    );
    this.#bufferedEvents.push(name);
  }

  #wait(name: string, done: Done): void {
    if (/^\d+$/.test(name)) {
      this.#problem = `It waits for an external event named "${name}": a name of digits shares its key with task ${name}, and the orchestrator would hang or take a wrong result. Let the name begin with a letter.`;
      return;
    }
    const at = this.#bufferedEvents.indexOf(name);
    if (at >= 0) {
      this.#bufferedEvents.splice(at, 1);
      done(true);
      return;
    }
    this.#refuseOtherCase(name, this.#bufferedEvents);
    this.#waits.push({ name, done });
  }

  #refuseOtherCase(name: string, others: readonly string[]): void {
    const other = others.find((each) => each !== name && each.toLowerCase() === name.toLowerCase());
    if (other === undefined) return;
    this.#problem = `The external event names "${name}" and "${other}" differ only in case: the extension takes them for one, the SDK for two, and the orchestrator would hang. Write them alike.`;
  }

  #start(action: Action, done: Done): void {
    if (this.#problem !== undefined) return;
    switch (action.actionType) {
      case ActionType.CallActivity:
        this.#activity(action, done);
        return;
      case ActionType.CallActivityWithRetry:
        this.#retry(action, (settled) => this.#activity(action, settled), done);
        return;
      case ActionType.CallSubOrchestrator:
        this.#subOrchestration(action, done);
        return;
      case ActionType.CallSubOrchestratorWithRetry:
        this.#retry(action, (settled) => this.#subOrchestration(action, settled), done);
        return;
      case ActionType.CreateTimer:
        this.#timer(action, done);
        return;
      case ActionType.WaitForExternalEvent:
        this.#wait(action.externalEventName ?? '', done);
        return;
      case ActionType.WhenAny:
      case ActionType.WhenAll:
        this.#compound(action, done);
        return;
      case ActionType.ContinueAsNew:
        this.#continueAsNew = { input: action.input };
        return;
      default:
        this.#problem = `${UNSUPPORTED[action.actionType] ?? `Action ${action.actionType}`} is not supported by the embedded host.`;
    }
  }

  #activity({ functionName = '', input }: Action, done: Done): void {
    this.#take((id) => ({ kind: 'activity', id, name: functionName, input }), done);
  }

  #subOrchestration({ functionName = '', input, instanceId, version }: Action, done: Done): void {
    this.#take((id) => ({ kind: 'subOrchestration', id, name: functionName, input, instanceId, version }), done);
  }

  #timerTask(fireAtMs: number, isCanceled: boolean, done: Done): void {
    this.#take((id) => ({ kind: 'timer', id, fireAtMs, isCanceled }), done);
  }

  #timer(action: Action, done: Done): void {
    const fireAtMs = Date.parse(action.fireAt ?? '');
    const isCanceled = action.isCanceled === true;
    if (Number.isNaN(fireAtMs)) {
      this.#problem = `It creates a timer for "${action.fireAt}", which is no time.`;
      return;
    }
    if (fireAtMs - this.#nowMs <= this.#options.maximumShortTimerMs) {
      this.#timerTask(fireAtMs, isCanceled, done);
      return;
    }
    const step = (): void => {
      const isFar = fireAtMs - this.#nowMs > this.#options.maximumShortTimerMs;
      const dueMs = isFar ? this.#nowMs + this.#options.longTimerIntervalMs : fireAtMs;
      this.#timerTask(dueMs, isCanceled, () => {
        if (fireAtMs > this.#nowMs) step();
        else done(true);
      });
    };
    step();
  }

  #retry(action: Action, attempt: (settled: Done) => void, done: Done): void {
    const options = action.retryOptions;
    if (options === undefined) {
      this.#problem = `The call of ${action.functionName} has no retry options.`;
      return;
    }
    if (options.retryTimeoutInMilliseconds !== undefined && options.retryTimeoutInMilliseconds !== null) {
      this.#problem = `The call of ${action.functionName} sets retryTimeoutInMilliseconds: once it is exceeded the instance hangs for ever. Bound the retries by maxNumberOfAttempts.`;
      return;
    }
    let attempts = 0;
    const next = (): void => {
      attempts += 1;
      attempt((succeeded) => {
        if (succeeded) {
          done(true);
          return;
        }
        // A timer follows the last failed attempt too.
        this.#timerTask(this.#nowMs + retryDelayMs(options, attempts), false, () => {
          if (attempts >= options.maxNumberOfAttempts) done(false);
          else next();
        });
      });
    };
    next();
  }

  #compound(action: Action, done: Done): void {
    const parts = action.compoundActions ?? [];
    const settle = action.actionType === ActionType.WhenAny ? this.#any(done) : this.#all(parts.length, done);
    for (const part of parts) this.#start(part, settle.part);
    settle.started();
  }

  /** A compound settles only after all its parts have been started, even when an early event settles one of them. */
  #any(done: Done): { readonly part: Done; readonly started: () => void } {
    let settled = false;
    let started = false;
    let reported = false;
    const report = (): void => {
      if (!settled || !started || reported) return;
      reported = true;
      done(true);
    };
    return {
      part: () => {
        if (reported) this.#isLost = true;
        settled = true;
        report();
      },
      started: () => {
        started = true;
        report();
      },
    };
  }

  #all(count: number, done: Done): { readonly part: Done; readonly started: () => void } {
    let left = count;
    let failed = false;
    let started = false;
    let reported = false;
    const report = (): void => {
      const settled = left === 0 || (failed && this.#options.failedAllSettles === 'atOnce');
      if (!settled || !started || reported) return;
      reported = true;
      if (failed) this.#failedAlls -= 1;
      done(!failed);
    };
    return {
      part: (succeeded) => {
        left -= 1;
        if (!succeeded && !failed) {
          failed = true;
          this.#failedAlls += 1;
        }
        report();
      },
      started: () => {
        started = true;
        report();
      },
    };
  }
}

/** Delay after failed attempt number `attempt` (1, 2 …): first × backoff^(attempt − 1), at most the maximum interval. */
function retryDelayMs(options: RetryOptions, attempt: number): number {
  const delayMs = options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** (attempt - 1);
  return Math.min(delayMs, options.maxRetryIntervalInMilliseconds ?? DEFAULT_MAX_RETRY_INTERVAL_MS);
}

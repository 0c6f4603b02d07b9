import { hideCredentials } from './hide-credentials.ts';
import { EventType, type HistoryEvent } from './history-event.ts';
import {
  type Action,
  ActionType,
  type Interpretation,
  type InterpretOptions,
  interpretActions,
  type Task,
} from './interpret-actions.ts';
import type { JsonValue } from './json-value.ts';
import type { OrchestratorAnswer, OrchestratorState } from './orchestrator-answer.ts';

/** Custom status may have 16 KB as UTF-16 text, Microsoft documents. */
const MAX_CUSTOM_STATUS_BYTES = 16 * 1024;

export interface EpisodeLimits extends InterpretOptions {
  /** host.json `maxOrchestrationActions`. */
  readonly maxOrchestrationActions: number;
}

/** What an orchestrator's answer comes to. Inputs and results are JSON text; `null` stands for none. */
export interface EpisodeConclusion {
  readonly newTasks: readonly Task[];
  /** Timers that were cancelled; their numbers stay taken. */
  readonly cancelledTimers: readonly number[];
  /** `undefined` leaves it as it was: a falsy status is never sent. */
  readonly customStatus: JsonValue | undefined;
  /** External events that went to waits which had lost their race, with their place in the history. */
  readonly lostEvents: Interpretation['lostEvents'];
  readonly end:
    | { readonly kind: 'running'; readonly heldBy?: string }
    | { readonly kind: 'completed'; readonly output: JsonValue | undefined }
    | { readonly kind: 'continuedAsNew'; readonly input: JsonValue | undefined }
    /** `loud`: it did not fail by its own error, but because it would hang, diverge, or needs what is missing here. */
    | { readonly kind: 'failed'; readonly error: string; readonly loud: boolean };
}

/**
 * Decides what becomes of an orchestration after one episode. `history` holds all events of this generation up to and
 * with the messages of this episode. What would hang or diverge silently in Azure fails the instance here, with a text
 * that names the task, what was recorded, and what the code asks for now.
 */
export function concludeEpisode(
  answer: OrchestratorAnswer,
  history: readonly HistoryEvent[],
  activityNames: ReadonlySet<string>,
  orchestratorNames: ReadonlySet<string>,
  limits: EpisodeLimits,
): EpisodeConclusion {
  if (answer.kind === 'broken') return failedEpisode(answer.message, false);
  const { state } = answer;
  const actions = state.actions.flat();
  if (actions.length > limits.maxOrchestrationActions) {
    return failedEpisode(
      `It scheduled ${actions.length} actions; maxOrchestrationActions is ${limits.maxOrchestrationActions}.`,
      true,
    );
  }
  const run = interpretActions(actions, history, limits);
  const problem =
    run.problem ??
    nonDeterminism(run.tasks, history) ??
    differingCount(run, actions, history, limits) ??
    (answer.repeated === undefined
      ? undefined
      : `A pending task (${answer.repeated}) was yielded a second time: the extension schedules it again and from there on counts the tasks differently from the SDK. Yield each task once.`) ??
    unknownFunction(run.tasks, activityNames, orchestratorNames) ??
    oversizedStatus(state.customStatus);
  if (problem !== undefined) return failedEpisode(problem, true);
  const recorded = new Set(recordedTasks(history).map((task) => task.id));
  return {
    newTasks: run.tasks.filter((task) => !recorded.has(task.id)),
    cancelledTimers: run.tasks.filter((task) => task.kind === 'timer' && task.isCanceled).map((task) => task.id),
    customStatus: state.customStatus,
    lostEvents: run.lostEvents,
    end: endOf(state, answer.threw, run, actions),
  };
}

function endOf(
  state: OrchestratorState,
  threw: boolean,
  run: Interpretation,
  actions: readonly Action[],
): EpisodeConclusion['end'] {
  // Task.all goes on at its first failure for the SDK, while the extension waits for the rest of it.
  const isEnd = state.isDone || threw;
  if (!run.finished && run.continueAsNew === undefined && run.waitsForRestOfFailedAll) {
    if (!isEnd || run.open.size > 0) {
      return { kind: 'running', heldBy: 'the rest of a Task.all of which one part has failed' };
    }
    return loud(
      `It ended after a failure inside Task.all, while the extension still waits for ${waitedFor(run)} in it and would hang until that comes.`,
    );
  }
  if (state.error !== undefined && state.error !== '') {
    return { kind: 'failed', error: hideCredentials(state.error), loud: false };
  }
  if (threw) {
    return loud(
      'It threw something without a message. In Azure the instance would stay Running for ever: throw Errors that have a text.',
    );
  }
  const liveTimers = run.tasks.filter((task) => task.kind === 'timer' && !task.isCanceled && run.open.has(task.id));
  if (!state.isDone) {
    if (!run.finished && run.continueAsNew === undefined) return { kind: 'running' };
    return loud(
      'Everything that it waits for has settled, yet it made no progress: in Azure it would hang. Its code no longer fits its history, or it waits for something that was never scheduled.',
    );
  }
  const timer = liveTimers[0];
  if (run.continueAsNew !== undefined) {
    if (timer !== undefined) {
      return loud(
        `It continued as new while timer ${timer.id} was recorded and still runs; now nobody waits for it, and in Azure such instances were seen to hang. Cancel every timer before continueAsNew.`,
      );
    }
    return { kind: 'continuedAsNew', input: run.continueAsNew.input };
  }
  if (!run.finished) {
    const last = actions.at(-1)?.actionType === ActionType.ContinueAsNew ? 'continued as new' : 'ended';
    return loud(
      `It ${last} while its list of actions still waits for ${waitedFor(run)}: the SDK and the extension no longer agree about its tasks, and in Azure it would hang.`,
    );
  }
  if (timer !== undefined) return { kind: 'running', heldBy: `timer ${timer.id}, which was not cancelled` };
  return { kind: 'completed', output: state.output };
}

function waitedFor(run: Interpretation): string {
  const tasks = run.tasks.filter((task) => run.open.has(task.id)).map(describe);
  const events = run.awaitedEvents.map((name) => `the event "${name}"`);
  return [...tasks, ...events].join(', ') || 'nothing known';
}

/** Compares what the history recorded with what the code asks for now: kind and name for each number. */
function nonDeterminism(tasks: readonly Task[], history: readonly HistoryEvent[]): string | undefined {
  for (const was of recordedTasks(history)) {
    const now = tasks[was.id];
    const text = now === undefined ? 'nothing' : describe(now);
    const same =
      now !== undefined &&
      now.kind === was.kind &&
      (now.kind === 'timer' || now.name === was.name) &&
      (now.kind !== 'subOrchestration' || now.instanceId === undefined || now.instanceId === was.instanceId);
    if (!same) {
      return `Non-deterministic orchestrator: for task ${was.id} the history recorded ${was.text}, now the code asks for ${text}.`;
    }
  }
  return undefined;
}

function differingCount(
  run: Interpretation,
  actions: readonly Action[],
  history: readonly HistoryEvent[],
  limits: EpisodeLimits,
): string | undefined {
  const hasFailure = history.some(
    ({ EventType: type }) => type === EventType.TaskFailed || type === EventType.SubOrchestrationInstanceFailed,
  );
  if (!hasFailure || limits.failedAllSettles === 'atOnce') return undefined;
  const bySdk = interpretActions(actions, history, { ...limits, failedAllSettles: 'atOnce' });
  for (const [id, task] of run.tasks.entries()) {
    const other = bySdk.tasks[id];
    if (other === undefined || describe(other) === describe(task)) continue;
    return `After a failure inside Task.all the extension counts ${describe(task)} as task ${id}, the SDK ${describe(other)}: each would take the other's result. Let activities return their failures instead of throwing inside Task.all.`;
  }
  return undefined;
}

function unknownFunction(
  tasks: readonly Task[],
  activityNames: ReadonlySet<string>,
  orchestratorNames: ReadonlySet<string>,
): string | undefined {
  for (const task of tasks) {
    if (task.kind === 'activity' && !activityNames.has(task.name.toLowerCase())) {
      return `The function '${task.name}' doesn't exist, is disabled, or is not an activity function.`;
    }
    if (task.kind === 'subOrchestration' && !orchestratorNames.has(task.name.toLowerCase())) {
      return `The function '${task.name}' doesn't exist, is disabled, or is not an orchestrator function.`;
    }
  }
  return undefined;
}

function oversizedStatus(status: JsonValue | undefined): string | undefined {
  if (status === undefined) return undefined;
  const bytes = JSON.stringify(status).length * 2;
  if (bytes <= MAX_CUSTOM_STATUS_BYTES) return undefined;
  return `Its custom status has ${bytes} bytes as UTF-16 text; at most ${MAX_CUSTOM_STATUS_BYTES} are allowed.`;
}

export interface RecordedTask {
  readonly id: number;
  readonly kind: Task['kind'];
  readonly name: string | undefined;
  readonly instanceId: string | undefined;
  readonly text: string;
}

/** The scheduling events of a history. */
export function recordedTasks(history: readonly HistoryEvent[]): readonly RecordedTask[] {
  const recorded: RecordedTask[] = [];
  for (const event of history) {
    const kind = SCHEDULING[event.EventType];
    if (kind === undefined) continue;
    const text = kind === 'timer' ? 'a timer' : `${KIND_TEXT[kind]} ${event.Name}`;
    recorded.push({ id: event.EventId, kind, name: event.Name, instanceId: event.InstanceId, text });
  }
  return recorded;
}

const SCHEDULING: Readonly<Record<number, Task['kind'] | undefined>> = {
  [EventType.TaskScheduled]: 'activity',
  [EventType.SubOrchestrationInstanceCreated]: 'subOrchestration',
  [EventType.TimerCreated]: 'timer',
};

const KIND_TEXT = { activity: 'activity', subOrchestration: 'sub-orchestration', timer: 'timer' } as const;

function describe(task: Task): string {
  return task.kind === 'timer' ? 'a timer' : `${KIND_TEXT[task.kind]} ${task.name}`;
}

function loud(error: string): EpisodeConclusion['end'] {
  return { kind: 'failed', error, loud: true };
}

/** The end of an orchestration that failed; `isLoud` when not by its own error. */
export function failedEpisode(error: string, isLoud: boolean): EpisodeConclusion {
  const end = { kind: 'failed', error: hideCredentials(error), loud: isLoud } as const;
  return { newTasks: [], cancelledTimers: [], customStatus: undefined, lostEvents: [], end };
}

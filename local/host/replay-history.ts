import { concludeEpisode, type EpisodeConclusion, recordedTasks } from './conclude-episode.ts';
import type { FunctionsCore } from './core.ts';
import { EventType, type HistoryEvent } from './history-event.ts';
import { readHostSettings } from './host-settings.ts';
import { indexFunctions } from './indexed-function.ts';
import { DEFAULT_INTERPRET_OPTIONS } from './interpret-actions.ts';
import { invokeFunction } from './invoke-function.ts';
import { readOrchestratorAnswer } from './orchestrator-answer.ts';
import { orchestratorPayload } from './orchestrator-payload.ts';

export interface ReplayRequest {
  readonly core: FunctionsCore;
  /** Name of the orchestrator. */
  readonly name: string;
  /** Events of one generation in wire form, as `GET /_host/history/{instanceId}` gives them. */
  readonly history: readonly HistoryEvent[];
}

export type ReplayReport =
  | { readonly matches: true; readonly episodes: number }
  /** `episode` counts from 1. */
  | { readonly matches: false; readonly episode: number; readonly reason: string };

interface Episode {
  readonly past: readonly HistoryEvent[];
  readonly news: readonly HistoryEvent[];
  readonly scheduled: readonly HistoryEvent[];
  readonly end: HistoryEvent | undefined;
}

const MESSAGES: readonly number[] = [
  EventType.ExecutionStarted,
  EventType.TaskCompleted,
  EventType.TaskFailed,
  EventType.SubOrchestrationInstanceCompleted,
  EventType.SubOrchestrationInstanceFailed,
  EventType.TimerFired,
  EventType.EventRaised,
  EventType.ExecutionSuspended,
  EventType.ExecutionResumed,
];

/**
 * Runs an orchestrator of today against a recorded history, episode by episode, and says whether it still asks for the
 * same tasks in the same order and comes to the same end. Activities are not called.
 */
export async function replayHistory({ core, name, history }: ReplayRequest): Promise<ReplayReport> {
  const { functions } = indexFunctions(core.registrations());
  const target = functions.find(
    (each) => each.triggerType === 'orchestrationtrigger' && each.name.toLowerCase() === name.toLowerCase(),
  );
  const started = history.find((event) => event.EventType === EventType.ExecutionStarted);
  if (target === undefined) return { matches: false, episode: 0, reason: `There is no orchestrator "${name}".` };
  if (started === undefined) return { matches: false, episode: 0, reason: 'The history has no ExecutionStarted.' };
  const namesOf = (type: string): ReadonlySet<string> =>
    new Set(functions.filter((each) => each.triggerType === type).map((each) => each.name.toLowerCase()));
  const limits = { ...DEFAULT_INTERPRET_OPTIONS, ...readHostSettings({}, {}) };
  const episodes = episodesOf(history);
  for (const [index, episode] of episodes.entries()) {
    const payload = orchestratorPayload({ instance: instanceOf(started), past: episode.past, news: episode.news });
    const outcome = await invokeFunction(core, target, { trigger: { string: payload }, durableClient: '{}' }, () => {});
    const conclusion = concludeEpisode(
      readOrchestratorAnswer(outcome),
      [...episode.past, ...episode.news],
      namesOf('activitytrigger'),
      namesOf('orchestrationtrigger'),
      limits,
    );
    const reason = difference(conclusion, episode);
    if (reason !== undefined) return { matches: false, episode: index + 1, reason };
  }
  return { matches: true, episodes: episodes.length };
}

/** Turns of the orchestrator; those in which the host only noted a suspension or a termination are none. */
function episodesOf(history: readonly HistoryEvent[]): readonly Episode[] {
  const episodes: Episode[] = [];
  let from = 0;
  for (const [at, event] of history.entries()) {
    if (event.EventType !== EventType.OrchestratorCompleted) continue;
    const turn = history.slice(from, at);
    const isOf = (type: number) => turn.some((each) => each.EventType === type);
    const isOnlySuspension = turn.length === 2 && isOf(EventType.ExecutionSuspended);
    if (!isOnlySuspension && !isOf(EventType.ExecutionTerminated)) {
      episodes.push({
        past: history.slice(0, from),
        news: turn.filter((each, place) => place === 0 || MESSAGES.includes(each.EventType)),
        scheduled: turn.filter((each) => recordedTasks([each]).length > 0),
        end: turn.find(
          ({ EventType: type }) => type === EventType.ExecutionCompleted || type === EventType.ExecutionFailed,
        ),
      });
    }
    from = at + 1;
  }
  return episodes;
}

function instanceOf(started: HistoryEvent): Parameters<typeof orchestratorPayload>[0]['instance'] {
  const parent = started.ParentInstance as { OrchestrationInstance: { InstanceId: string } } | null | undefined;
  return {
    instanceId: started.OrchestrationInstance?.InstanceId ?? 'replay',
    input: started.Input ?? null,
    parent:
      parent === null || parent === undefined
        ? null
        : { instanceId: parent.OrchestrationInstance.InstanceId, executionId: '', name: '', taskId: 0 },
  };
}

function difference({ end, newTasks }: EpisodeConclusion, { scheduled, end: wasEnd }: Episode): string | undefined {
  const endedBefore = wasEnd?.EventType === EventType.ExecutionFailed ? wasEnd.Reason : undefined;
  if (end.kind === 'failed') {
    return endedBefore === end.error ? undefined : `Now it fails: ${end.error}`;
  }
  if (endedBefore !== undefined) return `Recorded was the failure "${endedBefore}"; now it does not fail.`;
  const recorded = recordedTasks(scheduled);
  for (const [index, task] of newTasks.entries()) {
    const was = recorded[index];
    if (was === undefined) return `Now it schedules task ${task.id}, of which nothing is recorded.`;
    const name = task.kind === 'timer' ? undefined : task.name;
    if (was.id !== task.id || was.kind !== task.kind || was.name !== name) {
      return `For task ${was.id} ${was.text} is recorded, now it asks for ${task.kind} ${name ?? ''}.`;
    }
  }
  const missing = recorded[newTasks.length];
  if (missing !== undefined) return `Task ${missing.id}, ${missing.text}, is recorded, now it is not scheduled.`;
  const output = end.kind === 'completed' ? JSON.stringify(end.output ?? null) : undefined;
  const before = wasEnd === undefined ? undefined : (wasEnd.Result ?? 'null');
  if (output !== before) return `Recorded was the end ${before ?? '(none)'}, now it is ${output ?? `(${end.kind})`}.`;
  return undefined;
}

import type { Action } from './interpret-actions.ts';
import type { InvocationOutcome } from './invoke-function.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';

/** The state that the Durable SDK answers with. */
export interface OrchestratorState {
  /** Also after continueAsNew. */
  readonly isDone: boolean;
  /** Everything since the start of this generation, each time. */
  readonly actions: readonly (readonly Action[])[];
  readonly output?: JsonValue;
  readonly customStatus?: JsonValue;
  readonly error?: string;
}

export type OrchestratorAnswer =
  | { readonly kind: 'state'; readonly state: OrchestratorState; readonly threw: boolean; readonly repeated?: string }
  /** The invocation failed before the SDK could say anything about actions. */
  | { readonly kind: 'broken'; readonly message: string };

const MARKER = '\n\n$OutOfProcData$:';

/** Reads the answer of an orchestrator's invocation; on failure the state hides in the message of the error. */
export function readOrchestratorAnswer(outcome: InvocationOutcome): OrchestratorAnswer {
  if (outcome.error !== undefined) {
    const at = outcome.error.message.indexOf(MARKER);
    if (at < 0) return { kind: 'broken', message: outcome.error.message };
    return readState(outcome.error.message.slice(at + MARKER.length), true);
  }
  const json = outcome.response?.returnValue?.json;
  if (json === undefined) return { kind: 'broken', message: 'It returned no orchestrator state.' };
  const answer = readState(json, false);
  const repeated = repeatedAction(outcome.result);
  return answer.kind === 'state' && repeated !== undefined ? { ...answer, repeated } : answer;
}

function readState(text: string, threw: boolean): OrchestratorAnswer {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value) || !Array.isArray(value.actions)) {
    return { kind: 'broken', message: 'Its answer is no orchestrator state.' };
  }
  return { kind: 'state', state: value as unknown as OrchestratorState, threw };
}

/**
 * The first task that was yielded twice while it was pending. Its action object then stands twice in the answer, the
 * extension schedules it a second time, and from there on both sides number the tasks differently. The wire form cannot
 * tell this from two equal calls, the objects can. A wait for an event takes no number and may be yielded again.
 */
function repeatedAction(state: unknown): string | undefined {
  if (!isJsonObject(state) || !Array.isArray(state.actions)) return undefined;
  const seen = new Set<unknown>();
  const visit = (actions: readonly unknown[]): string | undefined => {
    for (const action of actions) {
      if (Array.isArray(action)) {
        const found = visit(action);
        if (found !== undefined) return found;
        continue;
      }
      if (!isJsonObject(action)) continue;
      if (Array.isArray(action.compoundActions)) {
        const found = visit(action.compoundActions);
        if (found !== undefined) return found;
        continue;
      }
      if (typeof action.externalEventName === 'string') continue;
      if (seen.has(action)) return typeof action.functionName === 'string' ? action.functionName : 'a timer';
      seen.add(action);
    }
    return undefined;
  };
  return visit(state.actions);
}

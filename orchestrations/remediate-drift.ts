import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';
import type { DriftRequest, DriftStep } from '../lib/reactions/drift/drift-step.ts';
import { ACTIVITY } from './names.ts';
import type { PokeRequest } from './poke-reconciler.ts';
import type { ReactionInput } from './reaction-input.ts';

/** Replay reads the entire history at each step, so a generation ends after so many. */
const STEPS_PER_GENERATION = 60;

/** How one orchestration yields a task and gets its typed result back. */
function* call<Result>(task: Task): Generator<Task, Result, unknown> {
  return (yield task) as Result;
}

/**
 * Looks after what resource events say of one baseline.
 * 1. Look: wait until a burst is over, then ask for one comparison of what was named. 2. Poke the reconciler, which
 * compares and writes. 3. Look again until its run is over, and go round again for what came meanwhile.
 * There is one for each baseline at a time. It holds nothing itself: what it has recorded is in the baseline's row, so
 * that it may be started again at any point. It never writes to Azure.
 */
export function createRemediateDrift(retry: RetryOptions) {
  return function* remediateDrift(context: OrchestrationContext): Generator<Task, void, unknown> {
    const input = context.df.getInput<ReactionInput | '' | null>();
    // An input that is left out arrives as an empty text.
    if (!input) throw new Error('The remediation of drift was started without an input.');
    const { baseline, instanceId } = input;
    for (let steps = 0; steps < STEPS_PER_GENERATION; steps++) {
      const nowIso = context.df.currentUtcDateTime.toISOString();
      const request: DriftRequest = { baseline, instanceId, nowIso };
      const step = yield* call<DriftStep>(context.df.callActivityWithRetry(ACTIVITY.lookAtDrift, retry, request));
      if (step.next === 'end') return;
      if (step.next === 'poke') {
        const poke: PokeRequest = { baseline, instanceId: step.instanceId };
        yield context.df.callActivityWithRetry(ACTIVITY.pokeReconciler, retry, poke);
      }
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + step.seconds * 1_000));
    }
    // What was asked for is in state: the first look of the next generation finds it.
    context.df.continueAsNew(input);
  };
}

import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';
import type { ReliefRequest, ReliefStep } from '../lib/reactions/snat/relief-step.ts';
import { ACTIVITY } from './names.ts';
import type { PokeRequest } from './poke-reconciler.ts';
import type { ReactionInput } from './reaction-input.ts';

/** Replay reads the entire history at each step, so a generation ends after so many. */
const STEPS_PER_GENERATION = 60;
/** Until the first look at an operation that has just been recorded. */
const FIRST_LOOK_SECONDS = 30;

/** How one orchestration yields a task and gets its typed result back. */
function* call<Result>(task: Task): Generator<Task, Result, unknown> {
  return (yield task) as Result;
}

/**
 * Relieves one firewall whose SNAT ports run out, and takes addresses back that are no longer needed.
 * 1. Decide: read the live metrics; record what is to change as an adjustment, or say why nothing is. 2. Poke the
 * reconciler, which writes. 3. Follow its operation to the end. 4. Verify by effect: has the metric moved? 5. Again
 * when more is to be done or new signals came.
 * There is one for each firewall at a time. It holds nothing itself: what it has recorded is in the baseline's row, so
 * that it may be started again at any point.
 */
export function createRelieveSnatExhaustion(retry: RetryOptions) {
  return function* relieveSnatExhaustion(context: OrchestrationContext): Generator<Task, void, unknown> {
    const input = context.df.getInput<ReactionInput | '' | null>();
    // An input that is left out arrives as an empty text.
    if (!input) throw new Error('The relief was started without an input.');
    const { baseline, target, instanceId } = input;
    let step: ReliefStep = { next: 'decide', seconds: 0 };
    for (let steps = 0; steps < STEPS_PER_GENERATION; steps++) {
      if ('seconds' in step && step.seconds > 0)
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + step.seconds * 1_000));
      const request: ReliefRequest = {
        baseline,
        target,
        instanceId,
        nowIso: context.df.currentUtcDateTime.toISOString(),
      };
      switch (step.next) {
        case 'end':
          return;
        case 'poke': {
          const poke: PokeRequest = { baseline, instanceId: step.instanceId };
          yield context.df.callActivityWithRetry(ACTIVITY.pokeReconciler, retry, poke);
          step = { next: 'follow', seconds: FIRST_LOOK_SECONDS };
          break;
        }
        case 'decide':
        case 'follow':
        case 'verify':
          step = yield* call<ReliefStep>(context.df.callActivityWithRetry(ACTIVITY[step.next], retry, request));
      }
    }
    // What was decided is in state: the first step of the next generation finds it.
    context.df.continueAsNew(input);
  };
}

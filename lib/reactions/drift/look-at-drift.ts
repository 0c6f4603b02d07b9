import type { Dependencies } from '../../dependencies.ts';
import { runOf } from '../../reconcile/run-of.ts';
import { type BaselineHead, driftWatchOf } from '../../state/baseline-head.ts';
import { type DriftFacts, decideDriftLook } from './decide-drift-look.ts';
import { readDriftIsOff } from './drift-mode.ts';
import type { DriftRequest, DriftStep } from './drift-step.ts';

/** One look at what events have said of a baseline. What it decides is recorded before it answers. May run twice. */
export async function lookAtDrift(
  dependencies: Pick<Dependencies, 'baselines' | 'runs'>,
  request: DriftRequest,
): Promise<DriftStep> {
  const stored = await dependencies.baselines.read(request.baseline);
  if (stored === null) return { next: 'end' };
  const facts = await factsOf(dependencies, stored.head);
  const changed = await dependencies.baselines.change<DriftStep>(request.baseline, (head) => {
    const { head: next, step } = decideDriftLook(head, facts, request);
    return { head: next, result: step };
  });
  return changed.result;
}

/** The spec is read only where something is about to be asked for. */
async function factsOf(
  dependencies: Pick<Dependencies, 'baselines' | 'runs'>,
  head: BaselineHead,
): Promise<DriftFacts> {
  const { pending, asked } = driftWatchOf(head);
  const isOff = pending !== null && head.specVersion > 0 && (await readDriftIsOff(dependencies, head));
  const run = asked === null ? null : await runOf(dependencies, asked.operationId);
  return {
    isOff,
    asked: asked === null || run === null ? null : { operationId: asked.operationId, state: run.state },
  };
}

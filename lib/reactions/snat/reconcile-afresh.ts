import type { Dependencies } from '../../dependencies.ts';
import { type AdvanceRequest, advance } from '../../reconcile/advance.ts';
import { type StartOutcome, type StartRequest, startWrite } from '../../reconcile/start-write.ts';
import type { Decision } from '../../state/run.ts';
import { refreshReliefs } from './recheck-relief.ts';

/** A turn of the reconciler, with no recorded step of a relief whose figures say something else by now. */
export async function advanceAfresh(dependencies: Dependencies, request: AdvanceRequest): Promise<Decision> {
  // What cannot be told yet keeps nothing else of the baseline waiting: the firewall's own start asks again.
  await refreshReliefs(dependencies, request);
  return advance(dependencies, request);
}

/** A start, after the same look: a turn's answer may be carried out long after it was given. */
export async function startAfresh(dependencies: Dependencies, request: StartRequest): Promise<StartOutcome> {
  const problem = await refreshReliefs(dependencies, request);
  if (problem === undefined) return startWrite(dependencies, request);
  const { id, attempt } = request;
  return { id, attempt, outcome: 'refused', refusal: { disposition: 'wait', problem } };
}

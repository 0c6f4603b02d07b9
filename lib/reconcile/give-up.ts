import type { Dependencies } from '../dependencies.ts';
import type { Problem } from '../problem.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { isFinalState } from '../state/run.ts';
import { runFailedAtOnce } from './new-run.ts';
import type { Watched } from './watch.ts';

/**
 * Ends the operations at which reconcilers kept dying, so that whoever follows them learns of it. What the live one
 * has in flight stays in its document for the next operation. May run twice.
 */
export async function giveUp(
  dependencies: Pick<Dependencies, 'runs' | 'journal'>,
  head: BaselineHead,
  { operationId, requests }: NonNullable<Watched['result']['givenUp']>,
  nowIso: string,
): Promise<void> {
  const problem: Problem = {
    code: 'GivenUp',
    actor: 'us',
    message: 'The reconciler died again and again at this work.',
    remedy: 'Report this with the logs of the app; reconcile the baseline when the cause is gone.',
  };
  const live = operationId === null ? null : await dependencies.runs.read(operationId);
  if (live !== null && !isFinalState(live.run.state)) {
    // The turn that wrote it may have died before it could tell.
    await dependencies.journal.append(live.run.outbox);
    const over = { ...live.run, state: 'failed', problems: [...live.run.problems, problem], endedAt: nowIso } as const;
    await dependencies.runs.write(over, live.etag);
  }
  for (const request of requests) {
    if (request.operationId === operationId || (await dependencies.runs.read(request.operationId)) !== null) continue;
    await dependencies.runs.write(runFailedAtOnce(head, request, problem, nowIso), undefined);
  }
}

import type { LiveOperationBody } from '../api/baseline.ts';
import type { Dependencies } from '../dependencies.ts';
import { type BaselineHead, liveOperationIds, steppedBackIds } from '../state/baseline-head.ts';
import { waitsOf } from './operation-body.ts';

/** The operations of a baseline that have begun and not ended, the current one first, with what they wait for: also beside it. */
export async function readLiveOperations(
  { runs }: Pick<Dependencies, 'runs'>,
  head: BaselineHead,
): Promise<readonly LiveOperationBody[]> {
  const ids = new Set([...liveOperationIds(head), ...steppedBackIds(head)]);
  const read = await Promise.all([...ids].map((id) => runs.read(id)));
  return read.flatMap((stored) => {
    if (stored === null) return [];
    const { run } = stored;
    return [{ id: run.operationId, trigger: run.trigger, state: run.state, waitingFor: waitsOf(run) }];
  });
}

import type { Dependencies } from '../dependencies.ts';
import { isFinalState, type RunDocument } from './run.ts';
import type { TakenRequests } from './take-requests.ts';

/**
 * Ends or joins the operations whose work this run does from now on. Only once the run itself is written: it carries
 * what they have in flight. May run twice.
 */
export async function settleOthers(
  dependencies: Dependencies,
  taken: TakenRequests,
  run: RunDocument,
  nowIso: string,
): Promise<void> {
  await supersede(dependencies, taken.superseded, run, nowIso);
  for (const joined of taken.joined)
    await join(dependencies, joined.operationId, run, joined.requestedBy, joined.trigger, nowIso, run.stamp);
}

/** Ends operations that a newer one has overtaken. Told in the journal first: an end without a line would stay so. */
async function supersede(
  dependencies: Dependencies,
  ids: readonly string[],
  by: RunDocument,
  nowIso: string,
): Promise<void> {
  for (const id of ids) {
    const stored = await dependencies.runs.read(id);
    if (stored !== null && isFinalState(stored.run.state)) continue;
    const before: RunDocument = stored?.run ?? {
      ...by,
      operationId: id,
      rows: {},
      planKey: '',
      planHash: '',
      refused: [],
      problems: [],
      stamp: '',
    };
    await dependencies.journal.append([
      {
        at: nowIso,
        baseline: by.baseline,
        operationId: id,
        trigger: before.trigger,
        resource: '',
        decision: 'superseded',
        reason: `The operation ${by.operationId} with a newer desired state took over.`,
      },
    ]);
    const over: RunDocument = { ...before, state: 'stopped', supersededBy: by.operationId, endedAt: nowIso };
    await dependencies.runs.write(over, stored?.etag);
  }
}

/** Records that an operation's work is done by another one. */
async function join(
  dependencies: Dependencies,
  id: string,
  by: RunDocument,
  requestedBy: string,
  trigger: RunDocument['trigger'],
  nowIso: string,
  stamp: string,
): Promise<void> {
  if (id === by.operationId) return;
  const stored = await dependencies.runs.read(id);
  if (stored !== null) return;
  await dependencies.runs.write(
    { ...by, operationId: id, trigger, requestedBy, rows: {}, joinedTo: by.operationId, createdAt: nowIso, stamp },
    undefined,
  );
}

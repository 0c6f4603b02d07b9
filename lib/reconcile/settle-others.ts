import type { Dependencies } from '../dependencies.ts';
import { type BaselineHead, type ReconcileRequest, requestKey } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import { journalOfJoin } from './journal-lines.ts';
import type { TakenRequests } from './take-requests.ts';
import { NOTHING_TO_TELL } from './tell-turn.ts';

/**
 * Ends or joins the operations whose work this run does from now on. Only once the run itself is written: it carries
 * what they have in flight. May run twice, also at another time: it is told once.
 */
export async function settleOthers(
  dependencies: Pick<Dependencies, 'runs' | 'journal'>,
  taken: Pick<TakenRequests, 'superseded' | 'joined'>,
  run: RunDocument,
  nowIso: string,
): Promise<void> {
  await supersede(dependencies, taken.superseded, run, nowIso);
  for (const joined of taken.joined) await join(dependencies, joined, run, nowIso);
}

/**
 * What the last turn of the current run took up for it and its baseline has not been told of yet. That turn may have
 * died, or met a storage that did not answer, before it could settle them. Pure.
 */
export function joinedBy({ requests }: Pick<BaselineHead, 'requests'>, run: RunDocument): readonly ReconcileRequest[] {
  const consumed = new Set(run.consumed);
  return requests.filter((request) => consumed.has(requestKey(request)) && request.operationId !== run.setAside);
}

/** Ends operations that a newer one has overtaken. Told in the journal first: an end without a line would stay so. */
async function supersede(
  dependencies: Pick<Dependencies, 'runs' | 'journal'>,
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
      spent: [],
      ...NOTHING_TO_TELL,
      stamp: '',
    };
    await dependencies.journal.append([
      {
        // Not the time of this turn: one that dies after it has told would have the next one tell it again.
        at: by.createdAt,
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
  dependencies: Pick<Dependencies, 'runs' | 'journal'>,
  { operationId, trigger, requestedBy, at }: ReconcileRequest,
  by: RunDocument,
  nowIso: string,
): Promise<void> {
  const stored = operationId === by.operationId ? null : await dependencies.runs.read(operationId);
  // One that a reconciler had begun, and died before it could start anything, has a document that goes on.
  const isOver = stored !== null && (isFinalState(stored.run.state) || stored.run.joinedTo !== undefined);
  if (operationId === by.operationId || isOver) return;
  // Nobody asked for a look for drift: what it finds is told by the run, and that there was one each hour is no news.
  if (trigger !== 'drift')
    await dependencies.journal.append([journalOfJoin(by, { operationId, trigger, requestedBy, at })]);
  await dependencies.runs.write(
    {
      ...by,
      operationId,
      trigger,
      requestedBy,
      rows: {},
      spent: [],
      ...NOTHING_TO_TELL,
      joinedTo: by.operationId,
      createdAt: nowIso,
    },
    stored?.etag,
  );
}

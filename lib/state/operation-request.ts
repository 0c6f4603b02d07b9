import {
  type BaselineHead,
  type ReconcileRequest,
  withJournal,
  withNextOperation,
  withRequest,
} from './baseline-head.ts';
import type { JournalEntry } from './journal.ts';

/** What a trigger asks for, and what the journal says of it. */
export interface OperationWanted extends Omit<ReconcileRequest, 'operationId'> {
  readonly decision: string;
  readonly reason: string;
  readonly before?: JournalEntry['before'];
  readonly after?: JournalEntry['after'];
}

/** The operation that was asked for. `start`: the reconciler that the caller has to start. */
export interface OperationRequested {
  readonly operationId: string;
  readonly start?: string;
}

/** Takes an operation id for a request, tells it in the journal, records it and names a reconciler for it. Pure. */
export function requestOperation(
  head: BaselineHead,
  { decision, reason, before, after, ...request }: OperationWanted,
): { readonly head: BaselineHead; readonly result: OperationRequested } {
  const { head: numbered, operationId } = withNextOperation(head);
  const journaled = withJournal(numbered, {
    at: request.at,
    baseline: head.name,
    operationId,
    trigger: request.trigger,
    resource: '',
    decision,
    reason,
    by: request.requestedBy,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
  const { head: requested, start } = withRequest(journaled, { ...request, operationId });
  return { head: requested, result: { operationId, ...(start === undefined ? {} : { start }) } };
}

import type { Dependencies } from '../../dependencies.ts';
import { problemsOf } from '../../reconcile/operation-body.ts';
import { runOf } from '../../reconcile/run-of.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import type { RunDocument } from '../../state/run.ts';
import type { ReliefAction } from '../../state/snat-relief.ts';
import { progressWith, rowOf } from './change-under-way.ts';

/** Of a run's reasons, so that a journal line stays readable. */
const MOST_REASONS_TOLD = 4;

/** Whether a change waits for outsiders, so that there is nothing to look at before they have moved. */
export async function waitsForOutsiders(
  dependencies: Pick<Dependencies, 'runs'>,
  head: BaselineHead,
  target: string,
  action: ReliefAction,
): Promise<boolean> {
  const run = await runOf(dependencies, action.operationId);
  if (run === null) return (await waitingAhead(dependencies, head, action)) !== null;
  return progressWith(run, target) === 'waits';
}

/** The operation that waits for outsiders and that a change is queued behind; null: it is not. */
export async function waitingAhead(
  { runs }: Pick<Dependencies, 'runs'>,
  { requests, queuedBehind: operationId }: BaselineHead,
  action: ReliefAction,
): Promise<RunDocument | null> {
  if (operationId === null || !requests.some((one) => one.operationId === action.operationId)) return null;
  const ahead = (await runs.read(operationId))?.run ?? null;
  return ahead?.state === 'waiting' ? ahead : null;
}

/** Why nobody is at work on the operation of a change. */
export function whyNotBegun({ currentOperationId }: BaselineHead, { operationId }: ReliefAction): string {
  return currentOperationId === null || currentOperationId === operationId
    ? `Nobody has taken up the operation ${operationId}.`
    : `The operation ${operationId} is queued behind ${currentOperationId}, which has not ended.`;
}

/** What a run waits for, each reason once; `target`: only of that resource. */
export function waitsOf(run: RunDocument, target?: string): string {
  const row = target === undefined ? undefined : rowOf(run, target);
  const rows = row === undefined ? Object.values(run.rows) : [row];
  const told = rows.flatMap(({ waiting }) =>
    waiting === undefined
      ? []
      : [waiting.untilIso === null ? waiting.why : `${waiting.why.replace(/\.$/, '')} (until ${waiting.untilIso})`],
  );
  return reasonsText(told);
}

/** An operation and what it waits for, each reason once; `target`: only of that resource. */
export function waitingText(run: RunDocument, target?: string): string {
  const { operationId, requestedBy } = run;
  return `${operationId} of ${requestedBy}, which waits: ${waitsOf(run, target)}`.trimEnd();
}

/** Why a run has not ended, as far as it says so itself. */
export function whyUnended(run: RunDocument): string {
  const problems = problemsOf(run).map(({ message, remedy }) => `${message} ${remedy}`);
  return `The operation ${run.operationId} is still ${run.state}. ${reasonsText(problems)}`.trimEnd();
}

/** Reasons as sentences: what several resources have in common is said once, each ends with a full stop. */
export function reasonsText(reasons: readonly string[]): string {
  const told = new Set(reasons.map((reason) => reason.trim()).filter((reason) => reason !== ''));
  return [...told]
    .slice(0, MOST_REASONS_TOLD)
    .map((reason) => (/[.!?]$/.test(reason) ? reason : `${reason}.`))
    .join(' ');
}

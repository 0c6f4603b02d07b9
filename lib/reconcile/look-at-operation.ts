import { saysAbsent } from '../azure/arm-answer.ts';
import {
  type OperationHandle,
  type OperationOutcome,
  pollOperation,
  readResource,
  type StillRunning,
  unread,
} from '../azure/long-operation.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { compare } from '../plan/compare.ts';
import { staleCopy } from '../plan/copied-values.ts';
import type { DesiredNode } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { ownedBeforeOf } from '../plan/merge.ts';
import { nextLedgerEntry } from '../plan/ownership.ts';
import type { Change } from '../plan/plan.ts';
import { isBeingReplaced } from '../plan/replacement.ts';
import type { RunRow } from '../state/run.ts';
import { failedRow, notHeld, settled, startedAnew, stillRunning, withRefusal } from './rows.ts';
import { refusalOfError } from './start-write.ts';

/** What a look at a running row gave: the row as it is now, and what it means for the ledger. */
export interface Look {
  readonly row: RunRow;
  /** Ledger row to write; `gone`: the resource is no more, row and claim go. Absent: nothing changes. */
  readonly ledger?: LedgerEntry | 'gone';
  /** The resource as it was verified. */
  readonly actual?: JsonObject;
  /** What comes next is for a new plan to say. */
  readonly replan?: true;
}

/**
 * One look at the operation behind a row; at its end the resource is read and compared with what was written.
 * `node` is the desired node of the plan the write was made from; a delete has none.
 */
export async function lookAtOperation(
  dependencies: Dependencies,
  input: {
    readonly baseline: string;
    readonly operationId: string;
    readonly row: RunRow;
    readonly change: Change;
    readonly node: DesiredNode | undefined;
    readonly nowIso: string;
  },
): Promise<Look> {
  const { row, change, node, nowIso } = input;
  const kind = kindOf(change.kind);
  const expect =
    change.action === 'delete' || (await isBeingDeletedToReplace(dependencies, input.baseline, change))
      ? 'absent'
      : 'present';
  try {
    let outcome: OperationOutcome = { state: 'succeeded' };
    const handle = row.handle ?? { by: 'resource', expect };
    if (handle.by !== 'resource') {
      outcome = await pollOperation(dependencies.arm, handle, {
        id: change.id,
        apiVersion: kind.apiVersion,
        expect,
      }).catch((error: unknown) => unansweredLook(error, handle, change.id));
      // Long after its time an operation whose status cannot be read is over when the resource itself says so.
      const isJudgedByResource = outcome.state === 'running' && outcome.isUnread === true && row.overdue === true;
      if (outcome.state === 'running' && !isJudgedByResource) return { row: stillRunning(row, outcome, nowIso) };
      if (outcome.state === 'refused') return { row: withRefusal(row, outcome.refusal, nowIso) };
    }

    const response = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
    if (saysAbsent(response)) {
      // Half of a replacement: the ledger knows that it is to be made anew.
      if (expect === 'absent' && change.action !== 'delete') return { row: startedAnew(row), replan: true };
      if (expect === 'absent') return { row: settled(row, nowIso), ledger: 'gone' };
      return { row: notHeld(row, 'it is not there', nowIso) };
    }
    if (response.status !== 200) {
      // A read that failed says nothing about the write: look again.
      const looked = outcome.state === 'running' && outcome.problem !== undefined ? outcome : undefined;
      return { row: stillRunning(row, looked ?? unread(response, handle, change.id), nowIso) };
    }
    const state = readResource(response, change.id);
    if (state.state === 'running' && (handle.by === 'resource' || outcome.state === 'running'))
      return { row: stillRunning(row, { ...state, handle }, nowIso) };
    if (expect === 'absent' && outcome.state === 'running') return { row: stillRunning(row, outcome, nowIso) };
    if (expect === 'absent') return { row: notHeld(row, 'it is still there', nowIso) };
    if (state.state === 'refused') return { row: withRefusal(row, state.refusal, nowIso) };
    const actual = isJsonObject(response.body) ? response.body : {};
    const entry = await dependencies.ledger.read(input.baseline, change.id);
    const stale = change.diff.some(({ path }) => path === kind.copy?.path) ? staleCopy(kind, actual) : undefined;
    const left = [
      ...compare(node?.body ?? {}, actual, kind.comparison, ownedBeforeOf(entry)).differences,
      ...(stale === undefined ? [] : [stale]),
    ];
    if (left.length > 0)
      return {
        row: notHeld(
          row,
          left
            .slice(0, 3)
            .map((difference) => difference.path)
            .join(', '),
          nowIso,
        ),
        actual,
      };
    const complaint = kind.verify?.(node?.body ?? {}, actual);
    if (complaint !== undefined) return { row: failedRow(row, complaint, nowIso), actual };
    // What was taken out of a resource that is not ours leaves nothing to remember.
    if (node === undefined) return { row: settled(row, nowIso), actual, ledger: 'gone' };
    const confirmed =
      entry === null
        ? null
        : entry.state === 'deleting'
          ? // An earlier run began to delete it and never did; now it is wanted and there.
            nextLedgerEntry(entry, { name: 'abandon', atIso: nowIso })
          : nextLedgerEntry(entry, { name: 'confirm', operationId: input.operationId, atIso: nowIso });
    return { row: settled(row, nowIso), actual, ...(confirmed === null ? {} : { ledger: confirmed }) };
  } catch (error) {
    const unanswered = unansweredLook(error, row.handle ?? { by: 'resource', expect }, change.id);
    return { row: stillRunning(row, unanswered, nowIso) };
  }
}

/** Whether the row is in the first half of a replacement; in the second its ledger row says that it is written. */
async function isBeingDeletedToReplace(
  dependencies: Dependencies,
  baseline: string,
  { id, replaces }: Change,
): Promise<boolean> {
  if (replaces !== true) return false;
  const entry = await dependencies.ledger.read(baseline, id);
  return entry?.state === 'deleting' && isBeingReplaced(entry);
}

/** How soon a look that met no answer is repeated. */
const LOOK_AGAIN_SECONDS = 10;

/** A look that could not be made says nothing of the write: its lanes stay taken, and its problem is told. */
function unansweredLook(error: unknown, handle: OperationHandle, resource: string): StillRunning {
  const { problem } = refusalOfError(error, resource);
  return { state: 'running', handle, retryAfterSeconds: LOOK_AGAIN_SECONDS, isUnread: true, problem };
}

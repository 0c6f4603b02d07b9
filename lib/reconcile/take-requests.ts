import type { BaselineHead, ReconcileRequest, Trigger } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from './run.ts';

/** What becomes of the requests that triggers have recorded. */
export interface TakenRequests {
  /** The operation that goes on or begins; absent: there is nothing to do. */
  readonly primary?: ReconcileRequest;
  /** Whether `primary` is a new operation; else it is the current one. */
  readonly begins: boolean;
  /** Operations whose work the primary does. */
  readonly joined: readonly ReconcileRequest[];
  /** Operations that a newer spec or a teardown has overtaken before or while they ran. */
  readonly superseded: readonly string[];
  /** The current operation has to look at the world anew. */
  readonly replan: boolean;
}

/** Triggers that put another desired state in force: what ran for the one before is over. */
function isNewDesired(trigger: Trigger): boolean {
  return trigger === 'put' || trigger === 'delete';
}

/** Triggers of which a person knows and which therefore are not unattended. */
export function isAttended(trigger: Trigger, requestedBy: string): boolean {
  return requestedBy !== 'hubkeeper' && trigger !== 'timer' && trigger !== 'drift';
}

/**
 * Decides which operation the recorded requests are worked off under. A newer spec overtakes; everything else joins
 * what runs. Pure.
 */
export function takeRequests(head: BaselineHead, current: RunDocument | undefined): TakenRequests {
  const live = current !== undefined && !isFinalState(current.state) ? current : undefined;
  const requests = head.requests;
  const newest = requests.findLast(
    (request) => isNewDesired(request.trigger) && request.operationId !== live?.operationId,
  );
  if (newest !== undefined) {
    const overtaken = requests.filter(
      (request) => isNewDesired(request.trigger) && request.operationId !== newest.operationId,
    );
    const others = requests.filter(
      (request) => !isNewDesired(request.trigger) && request.operationId !== live?.operationId,
    );
    const superseded = new Set(overtaken.map((request) => request.operationId));
    if (live !== undefined) superseded.add(live.operationId);
    return { primary: newest, begins: true, joined: others, superseded: [...superseded], replan: true };
  }
  if (live !== undefined) {
    const joined = requests.filter((request) => request.operationId !== live.operationId);
    return { begins: false, joined, superseded: [], replan: requests.length > 0 };
  }
  const primary = requests.at(-1);
  if (primary === undefined) return { begins: false, joined: [], superseded: [], replan: false };
  return {
    primary,
    begins: true,
    joined: requests.filter((request) => request.operationId !== primary.operationId),
    superseded: [],
    replan: true,
  };
}

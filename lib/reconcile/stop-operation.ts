import {
  type BaselineHead,
  liveOperationIds,
  type ReconcileRequest,
  withGeneration,
  withJournal,
  withResumed,
} from '../state/baseline-head.ts';

export type StoppedOperation =
  /** It runs or waits: it starts nothing more, and what is in flight is followed to its end. */
  | { readonly outcome: 'stopping'; readonly head: BaselineHead; readonly start?: string }
  /** Nobody had taken it up: it never begins. */
  | { readonly outcome: 'withdrawn'; readonly head: BaselineHead }
  /** It is neither live nor recorded. */
  | { readonly outcome: 'notLive' };

/** Stops an operation of a baseline, or takes it off the list before it begins. Pure. */
export function stopOperation(head: BaselineHead, operationId: string, user: string, nowIso: string): StoppedOperation {
  const line = { at: nowIso, baseline: head.name, operationId, trigger: 'stop', resource: '', by: user };
  if (liveOperationIds(head).includes(operationId)) {
    if (head.stops.includes(operationId)) return { outcome: 'stopping', head };
    const stopped = withJournal(withGeneration({ ...head, stops: [...head.stops, operationId] }), {
      ...line,
      decision: 'stop requested',
      reason: 'Nothing more is started; what is in flight is followed to its end.',
    });
    return { outcome: 'stopping', ...withResumed(stopped, operationId, user, nowIso) };
  }
  const request = head.requests.find((one) => one.operationId === operationId && one.trigger !== 'resume');
  if (request === undefined) return { outcome: 'notLive' };
  // A spec that was put stays stored: only its run is called off, and nobody brings it about without being asked.
  const withdrawn = withJournal(
    {
      ...head,
      requests: head.requests.filter((one) => one.operationId !== operationId),
      approvals: head.approvals.filter((one) => one.operationId !== operationId),
      // A teardown that is called off leaves the baseline as it is declared.
      teardown: head.teardown && request.trigger !== 'delete',
      ended: [...(head.ended ?? []), { request, end: 'calledOff', by: user, at: nowIso }],
      ...(isOfSpecInForce(head, request)
        ? { calledOff: { specVersion: head.specVersion, operationId, end: 'stopped', at: nowIso } as const }
        : {}),
    },
    { ...line, decision: 'stopped', reason: 'It was called off before anything was started for it.' },
  );
  return { outcome: 'withdrawn', head: withdrawn };
}

/** Whether a request is the last one to put a spec, and that was not brought about before. */
function isOfSpecInForce(
  { requests, specVersion, appliedSpecVersion }: BaselineHead,
  request: ReconcileRequest,
): boolean {
  if (appliedSpecVersion >= specVersion) return false;
  return request.trigger === 'put' && requests.findLast(({ trigger }) => trigger === 'put') === request;
}

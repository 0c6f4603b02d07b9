import type { HttpResponseInit } from '@azure/functions';
import { approvalRequest } from '../lib/api/approval.ts';
import { baselineName, planHash as planHashSchema } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import {
  type Approval,
  type BaselineHead,
  withGeneration,
  withJournal,
  withResume,
} from '../lib/state/baseline-head.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';

export function registerApprovals(appOf: () => App): void {
  register('listApprovals', appOf, listApprovals);
  register('decideApproval', appOf, decideApproval);
}

async function headsOf(app: App, baseline?: string): Promise<readonly BaselineHead[]> {
  const names = baseline === undefined ? await app.baselines.names() : [baseline];
  return (await Promise.all(names.map((name) => app.baselines.read(name)))).flatMap((stored) =>
    stored === null ? [] : [stored.head],
  );
}

async function listApprovals({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const wanted = request.query.get('baseline');
  const baseline = wanted === null ? undefined : valid(check(baselineName, wanted, 'query.baseline'));
  const open = (await headsOf(app, baseline)).flatMap((head) =>
    head.approvals
      .filter((approval) => approval.decision === undefined && approval.expiresAt > nowIso)
      .map((approval) => ({ head, approval })),
  );
  const approvals = await Promise.all(
    open.map(async ({ head, approval }) => {
      const { plan } = await app.runs.readPlan(approval.operationId, approval.planKey);
      const { planHash, operationId, requestedBy, requestedAt, expiresAt } = approval;
      return { planHash, baseline: head.name, operationId, requestedBy, requestedAt, expiresAt, plan };
    }),
  );
  return answer(200, { approvals });
}

async function decideApproval({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const planHash = parameter<string>(request, 'planHash', planHashSchema);
  const { decision, comment } = valid(check(approvalRequest, await jsonBody(request)));
  const found = (await headsOf(app)).find((head) => head.approvals.some((approval) => approval.planHash === planHash));
  if (found === undefined)
    throw new ApiProblem([errorOf('PlanNotFound', 'No plan with this hash waits for approval.', { path: 'planHash' })]);
  const selfApproval = await allowsSelfApproval(app, found, nowIso);
  const changed = await app.baselines.change<{ readonly start?: string; readonly operationId: string }>(
    found.name,
    (head) => {
      const approval = head.approvals.find((one) => one.planHash === planHash);
      if (approval === undefined)
        throw new ApiProblem([
          errorOf('StalePlan', 'The plan has been replaced by another one since.', { path: 'planHash' }),
        ]);
      checkDecidable(approval, head, caller.user, selfApproval, nowIso);
      const decided: Approval = {
        ...approval,
        decision,
        decidedBy: caller.user,
        decidedAt: nowIso,
        ...(comment === undefined ? {} : { comment }),
      };
      const next = withJournal(
        withGeneration({ ...head, approvals: head.approvals.map((one) => (one === approval ? decided : one)) }),
        {
          at: nowIso,
          baseline: head.name,
          operationId: approval.operationId,
          trigger: 'approval',
          resource: '',
          decision: decision === 'approve' ? 'approved' : 'rejected',
          reason: comment ?? `The plan ${planHash.slice(0, 12)}… was decided.`,
          by: caller.user,
          discriminator: planHash,
        },
      );
      const resumed = withResume(next, 'resume', caller.user, nowIso);
      return {
        head: resumed.head,
        result: { operationId: resumed.operationId, ...(resumed.start === undefined ? {} : { start: resumed.start }) },
      };
    },
  );
  await poke(app, client, context, changed.head, changed.result.start);
  return answer(200, { planHash, decision, baseline: found.name, operationId: changed.result.operationId });
}

function checkDecidable(
  approval: Approval,
  head: BaselineHead,
  user: string,
  selfApproval: boolean,
  nowIso: string,
): void {
  if (approval.decision !== undefined)
    throw new ApiProblem([
      errorOf('Conflict', `${approval.decidedBy ?? 'Somebody'} has decided already: ${approval.decision}.`, {
        path: 'planHash',
      }),
    ]);
  if (approval.expiresAt <= nowIso)
    throw new ApiProblem([
      errorOf('ApprovalExpired', `The request for approval ended at ${approval.expiresAt}.`, { path: 'planHash' }),
    ]);
  if (head.currentOperationId !== approval.operationId)
    throw new ApiProblem([
      errorOf('StalePlan', 'The operation that asked for this approval is over.', { path: 'planHash' }),
    ]);
  if (!selfApproval && user.toLowerCase() === approval.requestedBy.toLowerCase()) {
    throw new ApiProblem([errorOf('SelfApproval', `'${user}' asked for this change and cannot decide on it.`)]);
  }
}

async function allowsSelfApproval(app: App, head: BaselineHead, nowIso: string): Promise<boolean> {
  if (head.specVersion === 0) return false;
  return (await readResolved(app, head, nowIso)).spec.approvals.selfApproval;
}

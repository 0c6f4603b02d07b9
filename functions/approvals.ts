import type { HttpResponseInit } from '@azure/functions';
import { approvalRequest } from '../lib/api/approval.ts';
import { baselineName, planHash as planHashSchema } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { decideApproval, knowsApproval } from '../lib/reconcile/decide-approval.ts';
import { adjustmentsBehind } from '../lib/reconcile/plan-approval.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';

export function registerApprovals(appOf: () => App): void {
  register('listApprovals', appOf, listApprovals);
  register('decideApproval', appOf, decide);
}

async function headsOf(app: App, baseline?: string): Promise<readonly BaselineHead[]> {
  const names = baseline === undefined ? await app.baselines.names() : [baseline];
  return (await Promise.all(names.map((name) => app.baselines.read(name)))).flatMap((stored) =>
    stored === null ? [] : [stored.head],
  );
}

export async function listApprovals({ app, request, context, nowIso }: Call): Promise<HttpResponseInit> {
  const wanted = request.query.get('baseline');
  const baseline = wanted === null ? undefined : valid(check(baselineName, wanted, 'query.baseline'));
  const heads = await headsOf(app, baseline);
  if (baseline !== undefined && heads.length === 0) throw baselineNotFound(baseline);
  const open = heads.flatMap((head) =>
    head.approvals
      .filter((approval) => approval.decision === undefined && approval.expiresAt > nowIso)
      .map((approval) => ({ head, approval })),
  );
  const approvals = await Promise.all(
    open.map(async ({ head, approval }) => {
      const { planHash, operationId, requestedBy, requestedAt, expiresAt } = approval;
      const document = await app.runs.findPlan(operationId, approval.planKey);
      if (document === null) {
        // Nobody can decide on what cannot be seen; the others must not be hidden by it.
        context.error('plan document missing', { baseline: head.name, operationId, planHash });
        return [];
      }
      const { plan } = document;
      const adjustments = adjustmentsBehind(plan, head.adjustments, nowIso);
      return [{ planHash, baseline: head.name, operationId, requestedBy, requestedAt, expiresAt, adjustments, plan }];
    }),
  );
  return answer(200, { approvals: approvals.flat() });
}

async function decide({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const planHash = parameter<string>(request, 'planHash', planHashSchema);
  const { decision, comment } = valid(check(approvalRequest, await jsonBody(request)));
  const known = (await headsOf(app)).filter((head) => knowsApproval(head, planHash));
  const found = known.find((head) => head.approvals.some((one) => one.planHash === planHash)) ?? known[0];
  if (found === undefined)
    throw new ApiProblem([errorOf('PlanNotFound', 'No plan with this hash waits for approval.', { path: 'planHash' })]);
  const selfApproval = await allowsSelfApproval(app, found);
  const changed = await app.baselines.change<{ readonly start?: string; readonly operationId: string }>(
    found.name,
    (head) => {
      const decided = decideApproval(head, {
        planHash,
        decision,
        user: caller.user,
        selfApproval,
        nowIso,
        ...(comment === undefined ? {} : { comment }),
      });
      if ('code' in decided) throw new ApiProblem([errorOf(decided.code, decided.message, { path: 'planHash' })]);
      const { operationId, start } = decided;
      return { head: decided.head, result: { operationId, ...(start === undefined ? {} : { start }) } };
    },
  );
  await poke(app, client, context, changed.head, changed.result.start);
  return answer(200, { planHash, decision, baseline: found.name, operationId: changed.result.operationId });
}

async function allowsSelfApproval(app: App, head: BaselineHead): Promise<boolean> {
  if (head.specVersion === 0) return false;
  return (await readResolved(app, head)).spec.approvals.selfApproval;
}

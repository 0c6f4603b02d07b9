import type { HttpResponseInit } from '@azure/functions';
import { adjustmentRequest } from '../lib/api/adjustment.ts';
import { adjustmentId, baselineName } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { errorOfUntil } from '../lib/api/until.ts';
import { adjustmentScope, adjustmentTarget, validateAdjustment } from '../lib/baseline/adjustments.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import { type Adjustment, withAdjustment, withGeneration } from '../lib/state/baseline-head.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import { requestOperation } from '../lib/state/operation-request.ts';
import { accepted } from './baselines.ts';
import type { App } from './composition.ts';
import { ApiProblem, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';

export function registerAdjustments(appOf: () => App): void {
  register('putAdjustment', appOf, putAdjustment);
  register('deleteAdjustment', appOf, deleteAdjustment);
}

async function putAdjustment({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter<string>(request, 'name', baselineName);
  const id = parameter<string>(request, 'id', adjustmentId);
  const wanted = valid(check(adjustmentRequest, await jsonBody(request)));
  const tooLate = errorOfUntil(wanted.until, Date.parse(nowIso));
  if (tooLate !== null) throw new ApiProblem([tooLate]);
  const stored = await app.baselines.read(name);
  if (stored === null || stored.head.specVersion === 0) throw baselineNotFound(name);
  const { resolved } = await readResolved(app, stored.head);
  const target = adjustmentTarget(wanted.kind, wanted.target, resolved);
  const adjustment: Adjustment = {
    id,
    kind: wanted.kind,
    scope: wanted.scope ?? adjustmentScope(wanted.kind, target, resolved) ?? '',
    target,
    value: wanted.value,
    reason: wanted.reason,
    since: nowIso,
    until: new Date(wanted.until).toISOString(),
    by: caller.user,
  };
  const ledger = await app.ledger.all(name);
  const ledgerIds = ledger.map((entry) => entry.id);
  const problem = validateAdjustment(adjustment, resolved, stored.head.adjustments, ledgerIds);
  if (problem !== undefined)
    throw new ApiProblem([
      { code: problem.code, path: problem.path ?? '', message: problem.message, remedy: problem.remedy },
    ]);
  const changed = await app.baselines.change(name, (head) => {
    const replaced = head.adjustments.find((one) => one.id === id);
    const adjusted = withAdjustment(head, adjustment);
    if (adjusted === null)
      throw new ApiProblem([
        errorOf('Conflict', `The baseline has ${head.adjustments.length} live adjustments; no more are taken.`, {
          remedy: 'End adjustments that are not needed any more, or put the change into the spec.',
        }),
      ]);
    return requestOperation(withGeneration(adjusted), {
      trigger: 'adjustment',
      requestedBy: caller.user,
      at: nowIso,
      // One that moves to another part of the baseline leaves something behind in the first.
      ...(replaced === undefined || replaced.scope === adjustment.scope ? { scope: adjustment.scope } : {}),
      decision: 'adjusted',
      reason: `${adjustment.kind} of ${adjustment.target} is ${JSON.stringify(adjustment.value)} until ${adjustment.until}: ${adjustment.reason}`,
    });
  });
  await poke(app, client, context, changed.head, changed.result.start);
  return accepted(changed.result.operationId, { baseline: name, adjustment });
}

async function deleteAdjustment({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter<string>(request, 'name', baselineName);
  const id = parameter<string>(request, 'id', adjustmentId);
  const changed = await app.baselines.change(name, (head) => {
    const found = head.adjustments.find((adjustment) => adjustment.id === id);
    if (found === undefined)
      throw new ApiProblem([errorOf('AdjustmentNotFound', `The baseline '${name}' has no adjustment '${id}'.`)]);
    const adjustments = head.adjustments.filter((adjustment) => adjustment !== found);
    return requestOperation(withGeneration({ ...head, adjustments }), {
      trigger: 'adjustment',
      requestedBy: caller.user,
      at: nowIso,
      scope: found.scope,
      decision: 'adjustment ended',
      reason: `${found.kind} of ${found.target} was ended by hand.`,
    });
  });
  await poke(app, client, context, changed.head, changed.result.start);
  return accepted(changed.result.operationId, { baseline: name });
}

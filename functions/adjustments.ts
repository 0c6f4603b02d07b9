import type { HttpResponseInit } from '@azure/functions';
import { type AdjustmentEffectBody, adjustmentRequest } from '../lib/api/adjustment.ts';
import { adjustmentId, baselineName } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { errorOfUntil } from '../lib/api/until.ts';
import { adjustmentScope, adjustmentTarget, validateAdjustment } from '../lib/baseline/adjustments.ts';
import {
  type AdjustmentChange,
  type AdjustmentEffect,
  briefText,
  effectOfAdjusting,
} from '../lib/egress/adjustment-effect.ts';
import { readResolved, readStoredSpec } from '../lib/reconcile/read-spec.ts';
import { adjustmentBody } from '../lib/state/adjustment-body.ts';
import { type Adjustment, type BaselineHead, withAdjustment, withGeneration } from '../lib/state/baseline-head.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import { requestOperation } from '../lib/state/operation-request.ts';
import { accepted } from './baselines.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';

export function registerAdjustments(appOf: () => App): void {
  register('putAdjustment', appOf, putAdjustment);
  register('deleteAdjustment', appOf, deleteAdjustment);
}

/** Records an adjustment, and answers what comes of it; with `dryRun` nothing is recorded. */
export async function putAdjustment(call: Call): Promise<HttpResponseInit> {
  const { app, request, caller, client, context, nowIso } = call;
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
  const recorded = (head: BaselineHead) => {
    const after = withAdjustment(head, adjustment);
    if (after !== null) return { after, effect: effectOn({ resolved, ledger, id, nowIso }, head, after) };
    throw new ApiProblem([
      errorOf('Conflict', `The baseline has ${head.adjustments.length} live adjustments; no more are taken.`, {
        remedy: 'End adjustments that are not needed any more, or put the change into the spec.',
      }),
    ]);
  };
  if (isDryRun(call)) {
    const { effect } = recorded(stored.head);
    return answer(200, { baseline: name, adjustment, effect: effectBody(effect) });
  }
  const changed = await app.baselines.change(name, (head) => {
    const replaced = head.adjustments.find((one) => one.id === id);
    const { after, effect } = recorded(head);
    const overriding = effect.overrides.length === 0 ? '' : `, overriding ${briefText(effect.overrides)}`;
    const requested = requestOperation(withGeneration(after), {
      trigger: 'adjustment',
      requestedBy: caller.user,
      at: nowIso,
      // One that moves to another part of the baseline leaves something behind in the first.
      ...(replaced === undefined || replaced.scope === adjustment.scope ? { scope: adjustment.scope } : {}),
      decision: 'adjusted',
      reason: `${adjustment.kind} of ${adjustment.target} is ${JSON.stringify(adjustment.value)} until ${adjustment.until}${overriding}: ${adjustment.reason}`,
    });
    return { head: requested.head, result: { ...requested.result, effect } };
  });
  const { operationId, start, effect } = changed.result;
  await poke(app, client, context, changed.head, start);
  return accepted(operationId, { baseline: name, adjustment, effect: effectBody(effect) });
}

/** Ends an adjustment, and answers what comes of it; with `dryRun` nothing is recorded. */
export async function deleteAdjustment(call: Call): Promise<HttpResponseInit> {
  const { app, request, caller, client, context, nowIso } = call;
  const name = parameter<string>(request, 'name', baselineName);
  const id = parameter<string>(request, 'id', adjustmentId);
  const stored = await app.baselines.read(name);
  if (stored === null) throw baselineNotFound(name);
  const { specVersion, specHash } = stored.head;
  const spec = specVersion === 0 ? null : await readStoredSpec(app, name, specHash);
  const ledger = await app.ledger.all(name);
  const ended = (head: BaselineHead) => {
    const found = head.adjustments.find((adjustment) => adjustment.id === id);
    if (found === undefined)
      throw new ApiProblem([errorOf('AdjustmentNotFound', `The baseline '${name}' has no adjustment '${id}'.`)]);
    const after = { ...head, adjustments: head.adjustments.filter((adjustment) => adjustment !== found) };
    // It can be ended whatever has become of the spec.
    const effect = spec?.ok ? effectOn({ resolved: spec.resolved, ledger, id, nowIso }, head, after) : undefined;
    return { found, after, effect };
  };
  if (isDryRun(call)) {
    const { effect } = ended(stored.head);
    return answer(200, { baseline: name, ...(effect === undefined ? {} : { effect: effectBody(effect) }) });
  }
  const changed = await app.baselines.change(name, (head) => {
    const { found, after, effect } = ended(head);
    const again = effect?.countAgain ?? [];
    const requested = requestOperation(withGeneration(after), {
      trigger: 'adjustment',
      requestedBy: caller.user,
      at: nowIso,
      scope: found.scope,
      decision: 'adjustment ended',
      reason: `${found.kind} of ${found.target} was ended by hand.${again.length === 0 ? '' : ` What counts again: ${briefText(again)}.`}`,
    });
    return { head: requested.head, result: { ...requested.result, effect } };
  });
  const { operationId, start, effect } = changed.result;
  await poke(app, client, context, changed.head, start);
  return accepted(operationId, { baseline: name, ...(effect === undefined ? {} : { effect: effectBody(effect) }) });
}

function isDryRun({ request }: Call): boolean {
  return request.query.get('dryRun') === 'true';
}

function effectOn(
  shared: Pick<AdjustmentChange, 'resolved' | 'ledger' | 'id' | 'nowIso'>,
  before: BaselineHead,
  after: BaselineHead,
): AdjustmentEffect<Adjustment> {
  return effectOfAdjusting({ ...shared, before: before.adjustments, after: after.adjustments });
}

function effectBody({ overrides, countAgain, ...addresses }: AdjustmentEffect<Adjustment>): AdjustmentEffectBody {
  return { overrides: overrides.map(adjustmentBody), countAgain: countAgain.map(adjustmentBody), ...addresses };
}

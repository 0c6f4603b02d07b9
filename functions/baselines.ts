import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { reconcileRequest } from '../lib/api/baseline.ts';
import { baselineName } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { etagOfVersion, versionOfIfMatch } from '../lib/api/version.ts';
import { ObservationPausedError } from '../lib/azure/observe.ts';
import { maxDocumentBytes } from '../lib/baseline/document.ts';
import type { ResolvedBaseline } from '../lib/baseline/resolved.ts';
import { validateSpecDocument } from '../lib/baseline/validate.ts';
import { driftBody, driftCounts } from '../lib/drift/drift-body.ts';
import type { DriftRecord } from '../lib/drift/drift-record.ts';
import { hashOf } from '../lib/plan/hash.ts';
import type { Plan } from '../lib/plan/plan.ts';
import type { Problem } from '../lib/problem.ts';
import { openReactions } from '../lib/reactions/open-reactions.ts';
import { reliefsNotBegun, withForbiddenWithdrawn } from '../lib/reactions/snat/withdraw-forbidden.ts';
import { differenceRulesOf } from '../lib/reconcile/circumstances.ts';
import { guardedPlan } from '../lib/reconcile/guarded-plan.ts';
import { readLiveOperations } from '../lib/reconcile/live-operations.ts';
import { makePlan, putAtOf } from '../lib/reconcile/make-plan.ts';
import { planOfHead, withTaken } from '../lib/reconcile/plan-operation.ts';
import { noSpec } from '../lib/reconcile/read-spec.ts';
import { adjustmentBodies } from '../lib/state/adjustment-body.ts';
import {
  type BaselineHead,
  isTornDown,
  newHead,
  steppedBackIds,
  withGeneration,
  withPlanAsked,
  withSpec,
} from '../lib/state/baseline-head.ts';
import { baselineNotFound, type StoredSpec } from '../lib/state/baseline-store.ts';
import { DriftRecordUnreadableError } from '../lib/state/drift-record-store.ts';
import { requestOperation } from '../lib/state/operation-request.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';
import { checkScope } from './scope.ts';
import { startPlanners } from './start-planners.ts';

/** How long a call waits for a plan before it becomes an operation; the caller's own patience ends at 230 s. */
const PLAN_PATIENCE_MS = 60_000;

const CONTENT_TYPES = ['application/yaml', 'application/json'];

export function registerBaselines(appOf: () => App): void {
  register('listBaselines', appOf, listBaselines);
  register('getBaseline', appOf, getBaseline);
  register('putBaseline', appOf, putBaseline);
  register('deleteBaseline', appOf, deleteBaseline);
  register('planBaseline', appOf, planBaseline);
  register('reconcileBaseline', appOf, reconcileBaseline);
}

export async function listBaselines({ app, nowIso }: Call): Promise<HttpResponseInit> {
  const names = await app.baselines.names();
  const read = await Promise.all(
    names.map(async (name) => {
      const stored = await app.baselines.read(name);
      return stored === null || isTornDown(stored.head) ? [] : [await summaryOf(app, stored.head, nowIso)];
    }),
  );
  return answer(200, {
    baselines: read.flat().map(({ summary }) => summary),
    at: nowIso,
  });
}

export async function getBaseline({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const head = await headOf(app, request);
  const stored = head.specVersion === 0 ? null : await app.baselines.readSpec(head.name, head.specHash);
  const validated =
    stored === null
      ? undefined
      : validateSpecDocument(Buffer.from(stored.text, 'utf8'), stored.contentType, { todayIso: stored.storedAt });
  const resolved = validated?.ok ? validated.resolved : undefined;
  const { summary, record } = await summaryOf(app, head, nowIso, resolved);
  return answer(
    200,
    {
      ...summary,
      ...(record === null ? {} : { drift: driftBody(record, head.approvals, nowIso) }),
      spec: validated?.ok ? validated.spec : {},
      document: stored?.text ?? '',
      contentType: stored?.contentType ?? '',
      history: head.history,
    },
    { etag: etagOfVersion(head.specVersion) },
  );
}

interface KnownDrift {
  readonly record: DriftRecord | null;
  /** Why the record cannot be read. */
  readonly problem?: Problem;
}

/** One record that cannot be read hides no baseline. */
async function knownDrift({ drift }: App, name: string): Promise<KnownDrift> {
  try {
    return { record: await drift.read(name) };
  } catch (error) {
    if (error instanceof DriftRecordUnreadableError) return { record: null, problem: error.problem };
    throw error;
  }
}

interface Summarised extends Pick<KnownDrift, 'record'> {
  readonly summary: Readonly<Record<string, unknown>>;
}

async function summaryOf(
  app: App,
  head: BaselineHead,
  nowIso: string,
  resolved?: ResolvedBaseline,
): Promise<Summarised> {
  const [{ record, problem }, liveOperations] = await Promise.all([
    knownDrift(app, head.name),
    readLiveOperations(app, head),
  ]);
  const summary = {
    name: head.name,
    version: head.specVersion,
    mode: head.mode,
    lastResult: head.lastResult,
    currentOperationId: head.currentOperationId,
    setAsideOperationId: head.setAside ?? null,
    besideOperationIds: steppedBackIds(head),
    liveOperations,
    reactions: openReactions(head, nowIso),
    teardown: head.teardown,
    adjustments: adjustmentBodies(head.adjustments, nowIso, resolved),
    hold: head.hold !== null && head.hold.until > nowIso ? head.hold : null,
    ...(record === null ? {} : { driftCounts: driftCounts(record, nowIso) }),
    ...(problem === undefined ? {} : { driftProblem: problem }),
  };
  return { summary, record };
}

async function headOf(app: App, request: HttpRequest): Promise<BaselineHead> {
  const name = parameter(request, 'name', baselineName);
  const stored = await app.baselines.read(name);
  if (stored === null) throw baselineNotFound(name);
  return stored.head;
}

interface PutSpec {
  readonly name: string;
  readonly stored: StoredSpec;
  readonly validated: Extract<ReturnType<typeof validateSpecDocument>, { ok: true }>;
}

/** Reads and validates the document of a PUT; nothing is stored and nothing outside is asked. */
async function readPut({ request, caller, nowIso }: Call): Promise<PutSpec> {
  const name = parameter(request, 'name', baselineName);
  const contentType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!CONTENT_TYPES.includes(contentType))
    throw new ApiProblem([
      errorOf(
        'UnsupportedMediaType',
        `The document is ${contentType === '' ? 'without a content type' : contentType}.`,
      ),
    ]);
  const declaredBytes = Number(request.headers.get('content-length') ?? 0);
  if (declaredBytes > maxDocumentBytes) throw tooLarge(declaredBytes);
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.byteLength > maxDocumentBytes) throw tooLarge(bytes.byteLength);
  const validated = validateSpecDocument(bytes, contentType, { todayIso: nowIso });
  if (!validated.ok)
    throw new ApiProblem(validated.violations, validated.warnings.length === 0 ? {} : { warnings: validated.warnings });
  if (validated.spec.name !== name) {
    throw new ApiProblem([
      {
        code: 'NameMismatch',
        path: 'name',
        message: `The document is of '${validated.spec.name}' and was put under '${name}'.`,
        remedy: 'Put it under its own name, or change the name in it.',
      },
    ]);
  }
  const text = bytes.toString('utf8');
  return {
    name,
    validated,
    stored: { hash: hashOf({ text, contentType }), storedBy: caller.user, storedAt: nowIso, text, contentType },
  };
}

function tooLarge(bytes: number): ApiProblem {
  return new ApiProblem([
    errorOf('BodyTooLarge', `The document has ${bytes} bytes; at most ${maxDocumentBytes} are taken.`),
  ]);
}

export async function putBaseline(call: Call): Promise<HttpResponseInit> {
  const { app, request, caller, client, context, nowIso } = call;
  const put = await readPut(call);
  const expected = valid(versionOfIfMatch(request.headers.get('if-match')));
  if (request.query.get('dryRun') === 'true') return dryRun(call, put);
  await app.baselines.writeSpec(put.name, put.stored);
  const seen = await app.baselines.read(put.name);
  const notBegun = seen === null ? new Set<string>() : await reliefsNotBegun(app, seen.head);
  const changed = await app.baselines.change(
    put.name,
    (before) => {
      checkVersion(before, expected);
      const { mode, egress } = put.validated.spec;
      const stored = withSpec(before, { hash: put.stored.hash, mode, by: caller.user, at: nowIso });
      const head = withForbiddenWithdrawn(stored, egress.mode, notBegun, caller.user, nowIso);
      return requestOperation(head, {
        trigger: 'put',
        requestedBy: caller.user,
        at: nowIso,
        decision: head.specVersion === before.specVersion ? 'spec unchanged' : 'spec stored',
        reason: `Version ${head.specVersion} of the spec was stored.`,
        before: before.specVersion,
        after: head.specVersion,
      });
    },
    { create: true },
  );
  await poke(app, client, context, changed.head, changed.result.start);
  return accepted(
    changed.result.operationId,
    {
      baseline: put.name,
      version: changed.head.specVersion,
      ...(put.validated.warnings.length === 0 ? {} : { warnings: put.validated.warnings }),
    },
    { etag: etagOfVersion(changed.head.specVersion) },
  );
}

function checkVersion(head: BaselineHead, expected: number | 'any' | null): void {
  if (expected === null || (expected === 'any' && head.specVersion > 0) || expected === head.specVersion) return;
  throw new ApiProblem([
    errorOf('VersionConflict', `The spec is at version ${head.specVersion}, not at ${expected}.`, { path: 'If-Match' }),
  ]);
}

/** Answer to a call whose work goes on as an operation. */
export function accepted(
  operationId: string,
  body: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): HttpResponseInit {
  return answer(202, { operationId, ...body }, { ...headers, location: `/api/operations/${operationId}` });
}

async function dryRun({ app, caller, nowIso }: Call, put: PutSpec): Promise<HttpResponseInit> {
  const stored = (await app.baselines.read(put.name))?.head ?? newHead(put.name);
  const { mode } = put.validated.spec.egress;
  const before = withForbiddenWithdrawn(stored, mode, await reliefsNotBegun(app, stored), caller.user, nowIso);
  const isSame = before.specVersion > 0 && before.specHash === put.stored.hash;
  const specVersion = isSame ? before.specVersion : before.counters.spec + 1;
  const head = { ...before, specVersion };
  const made = await makePlan(app, {
    baseline: put.name,
    resolved: put.validated.resolved,
    specVersion,
    ...putAtOf(head),
    adjustments: head.adjustments,
    nowIso,
    rules: differenceRulesOf(put.validated.spec, head, { attended: true, requestedBy: caller.user, teardown: false }),
  });
  const plan = guardedPlan({
    plan: withTaken(made.plan, made.taken),
    spec: put.validated.spec,
    head,
    pause: await app.baselines.readPause(),
    stoppedBySetting: app.settings.stopped,
    allowedScopes: app.settings.allowedScopes,
    protectedScopes: made.protectedScopes,
    wasAsDeclared: made.wasAsDeclared,
    requestedBy: caller.user,
    teardown: false,
    nowIso,
  });
  return answer(200, { ...plan, baseline: put.name, version: specVersion, warnings: put.validated.warnings });
}

async function deleteBaseline({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter(request, 'name', baselineName);
  const expected = valid(versionOfIfMatch(request.headers.get('if-match')));
  const before = await headOf(app, request);
  checkVersion(before, expected);
  const plan = await planOfHead(app, { ...before, teardown: true }, caller.user, nowIso);
  const changed = await app.baselines.change(name, (current) => {
    checkVersion(current, expected);
    return requestOperation(withGeneration({ ...current, teardown: true }), {
      trigger: 'delete',
      requestedBy: caller.user,
      at: nowIso,
      decision: 'teardown requested',
      reason: 'The baseline is to be torn down once its plan is approved.',
    });
  });
  await poke(app, client, context, changed.head, changed.result.start);
  return accepted(changed.result.operationId, { baseline: name, planHash: plan.hash, plan });
}

async function planBaseline({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const head = await headOf(app, request);
  const planned = await within(planOrPause(app, head, caller.user, nowIso), PLAN_PATIENCE_MS);
  if (planned !== undefined) return answer(200, { ...planned, baseline: head.name, version: head.specVersion });
  const { head: asked, result: operationId } = await app.baselines.change(head.name, (current) => {
    const next = withPlanAsked(current, caller.user, nowIso);
    return { head: next.head, result: next.operationId };
  });
  await startPlanners(app, client, context, asked);
  return accepted(operationId, { baseline: head.name });
}

/** Undefined when there is more to read than Azure admits at once: an operation goes on with it. */
async function planOrPause(app: App, head: BaselineHead, user: string, nowIso: string): Promise<Plan | undefined> {
  try {
    return await planOfHead(app, head, user, nowIso);
  } catch (error) {
    if (error instanceof ObservationPausedError) return undefined;
    throw error;
  }
}

/** The result of work, or `undefined` when it takes longer. */
async function within(work: Promise<Plan | undefined>, patienceMs: number): Promise<Plan | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
    // Work that nobody waits for any more may still fail; the operation that follows tells of it.
    work.catch(() => undefined);
  }
}

async function reconcileBaseline({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const head = await headOf(app, request);
  const { scope, planHash } = valid(check(reconcileRequest, await jsonBody(request)));
  if (head.specVersion === 0) throw noSpec(head);
  if (scope !== undefined) await checkScope(app, head.name, scope, nowIso);
  if (planHash !== undefined) {
    const plan = await planOfHead(app, head, caller.user, nowIso, scope);
    if (plan.hash !== planHash)
      throw new ApiProblem(
        [errorOf('StalePlan', 'The plan with this hash is not the plan of now.', { path: 'planHash' })],
        { plan },
      );
  }
  const changed = await app.baselines.change(head.name, (current) =>
    requestOperation(current, {
      trigger: 'reconcile',
      requestedBy: caller.user,
      at: nowIso,
      decision: 'reconcile requested',
      reason: scope === undefined ? 'The entire baseline.' : `The scope ${scope}.`,
      ...(scope === undefined ? {} : { scope }),
      ...(planHash === undefined ? {} : { planHash }),
    }),
  );
  await poke(app, client, context, changed.head, changed.result.start);
  return accepted(changed.result.operationId, { baseline: head.name });
}

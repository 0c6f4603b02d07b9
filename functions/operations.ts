import type { HttpResponseInit } from '@azure/functions';
import { operationId as operationIdSchema } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { operationsQuery } from '../lib/api/journal.ts';
import type { OperationBody } from '../lib/api/operation.ts';
import { reactionOperation, reactionOperationIds } from '../lib/reactions/reaction-operation.ts';
import { operationBody, queuedBody } from '../lib/reconcile/operation-body.ts';
import { runOfEnded } from '../lib/reconcile/settle-ended.ts';
import { type StoppedOperation, stopOperation } from '../lib/reconcile/stop-operation.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import { isFinalState } from '../lib/state/run.ts';
import { parseOperationId } from '../lib/state/run-store.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';

/** Seconds until it is worth asking again how far an operation is. */
const ASK_AGAIN_SECONDS = '5';
/** Operations of one answer unless the caller says less. */
const DEFAULT_LIMIT = 20;
/** Longest chain of "its work is done by that one" that is followed. */
const LONGEST_CHAIN = 10;

export function registerOperations(appOf: () => App): void {
  register('listOperations', appOf, listOperations);
  register('getOperation', appOf, getOperation);
  register('stopOperation', appOf, stop);
}

/** An operation as it is now; `undefined` when there is none. A joined one shows the progress of the one that does its work. */
export async function readOperation(
  app: Pick<App, 'baselines' | 'runs'>,
  id: string,
  nowIso: string,
): Promise<OperationBody | undefined> {
  const baseline = parseOperationId(id)?.baseline;
  if (baseline === undefined) return undefined;
  const before = await app.runs.read(id);
  const queued = before === null ? await readQueued(app, baseline, id, nowIso) : undefined;
  if (queued !== undefined) return queued;
  // Its request may have been taken up, and its document written, between the two reads.
  const own = before ?? (await app.runs.read(id));
  if (own === null) return undefined;
  let shown = own.run;
  for (let hops = 0; shown.joinedTo !== undefined && hops < LONGEST_CHAIN; hops++) {
    const other = await app.runs.read(shown.joinedTo);
    if (other === null) break;
    shown = other.run;
  }
  const document = shown.planKey === '' ? undefined : await app.runs.readPlan(shown.operationId, shown.planKey);
  const { trigger, requestedBy, createdAt } = own.run;
  const joined = shown === own.run ? {} : { joinedTo: shown.operationId };
  return { ...operationBody(shown, document, nowIso), id, trigger, requestedBy, createdAt, ...joined };
}

/** An operation that has no document yet: it waits its turn, or it ended before anything began. */
async function readQueued(
  app: Pick<App, 'baselines'>,
  baseline: string,
  id: string,
  nowIso: string,
): Promise<OperationBody | undefined> {
  const stored = await app.baselines.read(baseline);
  if (stored === null) return undefined;
  const { head } = stored;
  const ended = head.ended?.find(({ request }) => request.operationId === id);
  if (ended !== undefined) return operationBody(runOfEnded(head, ended), undefined, nowIso);
  const request = head.requests.find((one) => one.operationId === id);
  if (request !== undefined) return queuedBody(id, baseline, request.trigger, request.requestedBy, request.at, nowIso);
  const ofAlert = reactionOperation(head, id, nowIso);
  if (ofAlert !== undefined) return ofAlert;
  const plan = head.plansAsked?.find((one) => one.operationId === id);
  return plan === undefined ? undefined : queuedBody(id, baseline, 'plan', plan.requestedBy, plan.at, nowIso);
}

/** The operation as it is now; a joined one shows the progress of the one that does its work. */
export async function getOperation({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const id = parameter<string>(request, 'id', operationIdSchema);
  const body = await readOperation(app, id, nowIso);
  if (body === undefined) throw await withoutDocument(app, id);
  return answer(200, body, isFinalState(body.state) ? {} : { 'retry-after': ASK_AGAIN_SECONDS });
}

/** Why there is nothing to show of an operation. */
async function withoutDocument({ baselines }: Pick<App, 'baselines'>, id: string): Promise<ApiProblem> {
  const parsed = parseOperationId(id);
  const stored = parsed === null ? null : await baselines.read(parsed.baseline);
  const isTaken = parsed !== null && parsed.number >= 1 && parsed.number <= (stored?.head.counters.operation ?? 0);
  return new ApiProblem([
    isTaken
      ? errorOf('OperationNotKept', `The operation '${id}' is over, and its document is not kept any more.`)
      : errorOf('OperationNotFound', `There is no operation '${id}'.`),
  ]);
}

/** Of one baseline, newest first: those with documents, and those by which alerts go that nothing was written for. */
async function operationIds(
  { baselines, runs }: Pick<App, 'baselines' | 'runs'>,
  name: string,
  isNamed: boolean,
): Promise<readonly string[]> {
  const [stored, ids] = await Promise.all([baselines.read(name), runs.list(name)]);
  if (stored === null && isNamed) throw baselineNotFound(name);
  const ofReactions = stored === null ? [] : reactionOperationIds(stored.head);
  const numberOf = (id: string) => parseOperationId(id)?.number ?? 0;
  return [...new Set([...ids, ...ofReactions])].sort((one, other) => numberOf(other) - numberOf(one));
}

export async function listOperations({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const query = valid(check(operationsQuery, Object.fromEntries(request.query.entries()), 'query'));
  const names = query.baseline === undefined ? await app.baselines.names() : [query.baseline];
  const limit = query.limit ?? DEFAULT_LIMIT;
  const ids = (await Promise.all(names.map((name) => operationIds(app, name, query.baseline !== undefined)))).flat();
  const from = query.continuation === undefined ? 0 : ids.indexOf(query.continuation) + 1;
  const shown = ids.slice(from, from + limit);
  const operations = await Promise.all(shown.map((id) => readOperation(app, id, nowIso)));
  const last = shown.at(-1);
  return answer(200, {
    operations: operations.flatMap((operation) => operation ?? []),
    next: from + limit < ids.length && last !== undefined ? last : null,
  });
}

async function stop({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const id = parameter<string>(request, 'id', operationIdSchema);
  const body = await readOperation(app, id, nowIso);
  const baseline = parseOperationId(id)?.baseline;
  if (body === undefined || baseline === undefined) throw await withoutDocument(app, id);
  if (isFinalState(body.state))
    throw new ApiProblem([errorOf('OperationEnded', `The operation '${id}' has ended: ${body.state}.`)]);
  const joinedTo = body.joinedTo;
  if (joinedTo !== undefined)
    throw new ApiProblem([errorOf('Conflict', `Its work is done by the operation '${joinedTo}'; stop that one.`)]);
  const changed = await app.baselines.change<StoppedOperation>(baseline, (head) => {
    const stopped = stopOperation(head, id, caller.user, nowIso);
    return { head: stopped.outcome === 'notLive' ? null : stopped.head, result: stopped };
  });
  const { result } = changed;
  if (result.outcome === 'notLive') throw new ApiProblem([errorOf('OperationEnded', `The operation '${id}' is over.`)]);
  await poke(app, client, context, changed.head, result.outcome === 'stopping' ? result.start : undefined);
  return answer(202, (await readOperation(app, id, nowIso)) ?? body, { location: `/api/operations/${id}` });
}

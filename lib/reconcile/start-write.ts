import type { ArmRequest, ArmResponse } from '../azure/arm.ts';
import {
  type ArmRefusal,
  ArmRefusalError,
  readListRefusal,
  readRefusal,
  refusalOfUnreachable,
  saysAbsent,
  shortened,
} from '../azure/arm-answer.ts';
import { ArmListError, ArmUnreachableError } from '../azure/arm-errors.ts';
import { type OperationHandle, readStart } from '../azure/long-operation.ts';
import { readResourceBody } from '../azure/read-resource.ts';
import type { Evidence, EvidenceRequest, ResourceKind } from '../baseline/kind.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { compare } from '../plan/compare.ts';
import { staleCopy } from '../plan/copied-values.ts';
import { whyForPeople } from '../plan/failed-state.ts';
import { type DesiredNode, normaliseId } from '../plan/graph.ts';
import { canonicalJson } from '../plan/hash.ts';
import type { PropertyDifference } from '../plan/kind.ts';
import type { DeclaredBody, LedgerEntry } from '../plan/ledger.ts';
import { isOfLeft } from '../plan/left-changes.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../plan/merge.ts';
import { isOurs, nextLedgerEntry } from '../plan/ownership.ts';
import type { Change } from '../plan/plan.ts';
import { conditionOf } from '../plan/provisioning-state.ts';
import { brokenState, isBeingReplaced } from '../plan/replacement.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { StorageError } from '../state/storage.ts';
import { readMembers } from './group-contents.ts';
import { isInsideAny } from './preflight-rules.ts';
import { optOutOf } from './protection.ts';
import { takeSharedLanes } from './shared-lanes.ts';
import { writeIdsOf } from './write-ids.ts';

/** Names one write: everything else is read from state and from Azure. */
export interface StartRequest {
  readonly baseline: string;
  readonly operationId: string;
  readonly planKey: string;
  readonly id: string;
  readonly attempt: number;
  /** The reconciler that asks: another one may have taken over. */
  readonly instanceId: string;
  readonly generation: number;
  readonly pauseGeneration: number;
  readonly nowIso: string;
}

export type StartOutcome =
  /** Azure works on it. `wrote`: this start sent it, else an earlier one did. */
  | {
      readonly id: string;
      readonly attempt: number;
      readonly outcome: 'running';
      readonly wrote: boolean;
      readonly handle: OperationHandle;
      readonly retryAfterSeconds: number;
    }
  /** Over at once, or nothing was left to write. */
  | { readonly id: string; readonly attempt: number; readonly outcome: 'settled'; readonly wrote: boolean }
  /** The world, the spec, a hold or a switch has moved since the plan: nothing was written. */
  | { readonly id: string; readonly attempt: number; readonly outcome: 'stale'; readonly why: string }
  | { readonly id: string; readonly attempt: number; readonly outcome: 'refused'; readonly refusal: ArmRefusal };

type Result = StartOutcome extends infer Outcome
  ? Outcome extends unknown
    ? Omit<Outcome, 'id' | 'attempt'>
    : never
  : never;

/**
 * Starts one write and returns at once. Checks the `before` of the planned fields against a fresh GET, then generation,
 * switches and opt-outs, and writes nothing if any differs; notes the intent in the ledger before the PUT. Run twice it
 * finds its own write again.
 */
export async function startWrite(dependencies: Dependencies, request: StartRequest): Promise<StartOutcome> {
  const result = await startOrSayWhyNot(dependencies, request).catch(
    (error: unknown): Result => ({ outcome: 'refused', refusal: refusalOfFault(error, request.id) }),
  );
  return { ...bounded(result), id: request.id, attempt: request.attempt };
}

/** All outcomes of a turn travel together: whatever text they hold is short. */
function bounded(result: Result): Result {
  switch (result.outcome) {
    case 'running':
    case 'settled':
      return result;
    case 'stale':
      return { ...result, why: shortened(result.why) };
    case 'refused': {
      const { refusal } = result;
      return {
        ...result,
        refusal: { ...refusal, problem: { ...refusal.problem, message: shortened(refusal.problem.message) } },
      };
    }
  }
}

/** One start that throws would end its whole turn: its neighbours' answers would be lost. */
function refusalOfFault(error: unknown, resource: string): ArmRefusal {
  const message = error instanceof Error ? error.message.slice(0, 300) : String(error);
  if (error instanceof StorageError) {
    return {
      disposition: 'wait',
      problem: {
        code: 'StateUnavailable',
        actor: 'azure-temporary',
        message,
        remedy: "Hubkeeper tries again by itself; check the app's storage account if it lasts.",
        resource,
      },
      givenUp: { actor: 'operator', remedy: "Check the app's storage account, then reconcile the baseline." },
    };
  }
  return {
    disposition: 'stop',
    problem: {
      code: 'InternalFault',
      actor: 'us',
      message,
      remedy: 'Report this with the operation id; nothing was written by this step.',
      resource,
    },
  };
}

async function startOrSayWhyNot(dependencies: Dependencies, request: StartRequest): Promise<Result> {
  const {
    plan,
    nodes,
    declared,
    sharedLanes,
    unattended = false,
    notAskedFor = [],
  } = await dependencies.runs.readPlan(request.operationId, request.planKey);
  const key = normaliseId(request.id);
  const change = plan.changes.find((candidate) => normaliseId(candidate.id) === key);
  if (change === undefined) return { outcome: 'stale', why: 'The plan in force has no such change.' };
  const kind = kindOf(change.kind);
  const lanes = change.lanes.filter((lane) => sharedLanes.includes(lane));
  const trace: Trace = { mayBeUnderWay: false };
  // A start that is known to have sent nothing keeps no other baseline waiting, and none of a newer reconciler's.
  const free = async (): Promise<void> => {
    if (trace.mayBeUnderWay) return;
    for (const lane of lanes) await dependencies.lanes.release(lane, request.baseline, change.id, request.nowIso);
  };
  try {
    const taken = await takeSharedLanes(dependencies, lanes, {
      baseline: request.baseline,
      operationId: request.operationId,
      resource: change.id,
      apiVersion: kind.apiVersion,
      action: change.action === 'delete' ? 'delete' : 'put',
      since: request.nowIso,
    });
    if ('refusal' in taken) return { outcome: 'refused', refusal: taken.refusal };
    const partly = plan.refused.some((refusal) => isOfLeft(refusal) && normaliseId(refusal.id) === key);
    const result = await readAndWrite(dependencies, request, change, kind, nodes[key], {
      unattended: unattended || notAskedFor.includes(key),
      partly,
      declared: declared?.[key],
      trace,
    });
    if (result.outcome === 'running') for (const held of taken.held) await dependencies.lanes.note(held, result.handle);
    if (result.outcome === 'stale' || result.outcome === 'refused') await free();
    return result;
  } catch (error) {
    const refusal = refusalOfError(error, change.id);
    await free();
    return { outcome: 'refused', refusal };
  }
}

/** Filled in as a start goes on, so that whoever catches its error knows how far it came. */
interface Trace {
  /** This start, or an earlier run of it, may have sent its write, and no answer says that it did not happen. */
  mayBeUnderWay: boolean;
}

async function readAndWrite(
  dependencies: Dependencies,
  request: StartRequest,
  change: Change,
  kind: ResourceKind,
  node: DesiredNode | undefined,
  known: Pick<Context, 'unattended' | 'partly' | 'declared' | 'trace'>,
): Promise<Result> {
  const response = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
  if (response.status !== 200 && !saysAbsent(response)) {
    return { outcome: 'refused', refusal: readRefusal(response, change.id) };
  }
  const actual = response.status === 200 && isJsonObject(response.body) ? response.body : null;
  // Read after Azure: what another run of this start has made is then in the ledger.
  const entry = await dependencies.ledger.read(request.baseline, change.id);
  const context = { dependencies, request, change, kind, actual, entry, ...known };
  known.trace.mayBeUnderWay = isRepeat(context);
  if (change.action === 'delete') return startDelete(context);
  return isToBeDeletedFirst(context) ? startReplacement(context, node) : startPut(context, node);
}

/**
 * Whether this change is the first half of a replacement, also when it is run again after its delete: the second half is
 * of the plan after it, which puts it in order.
 */
function isToBeDeletedFirst({ change, kind, actual, entry }: Context): boolean {
  if (change.replaces !== true) return false;
  return actual === null ? isBeingReplaced(entry) : brokenState(kind, actual) !== undefined;
}

async function startReplacement(context: Context, node: DesiredNode | undefined): Promise<Result> {
  const { change, kind, actual, entry } = context;
  const { differences } = compare(node?.body ?? {}, actual, kind.comparison, ownedBeforeOf(entry));
  if (actual === null || areAllPlanned(differences, change.diff)) return startDelete(context);
  return { outcome: 'stale', why: 'The resource has changed since the plan was made.' };
}

/**
 * Why this start must not write; undefined: it may. Asked right before the intent is noted, so that whatever was
 * decided while lanes were taken and the resource was read counts.
 */
async function whyNot(context: Context): Promise<Result | undefined> {
  const { dependencies, request, change, actual } = context;
  const { allowedScopes } = dependencies.settings;
  if (allowedScopes.length > 0 && !isInsideAny(change.id, allowedScopes))
    return { outcome: 'refused', refusal: { disposition: 'stop', problem: outsideAllowedScopes(change.id) } };
  const optOut = actual === null ? undefined : optOutOf(change.id, actual);
  if (optOut !== undefined && (optOut.unattendedOnly !== true || context.unattended))
    return { outcome: 'stale', why: `It is to be left alone now: ${optOut.why}.` };
  const moved = await whatMoved(dependencies, request);
  return moved === undefined ? undefined : { outcome: 'stale', why: moved };
}

/** What has been decided since the start was handed out; undefined: nothing. */
async function whatMoved(dependencies: Dependencies, request: StartRequest): Promise<string | undefined> {
  if (dependencies.settings.stopped) return 'The app setting HUBKEEPER_STOPPED is on.';
  const [stored, pause] = await Promise.all([
    dependencies.baselines.read(request.baseline),
    dependencies.baselines.readPause(),
  ]);
  if (stored === null || stored.head.reconciler?.instanceId !== request.instanceId)
    return 'Another reconciler has taken over.';
  if (stored.head.stops.includes(request.operationId)) return 'The operation was asked to stop.';
  if (pause.paused || pause.generation !== request.pauseGeneration) return 'The global stop switch was used.';
  if (stored.head.generation !== request.generation)
    return 'The spec, an adjustment, a hold or an approval has changed.';
  return undefined;
}

interface Context {
  readonly dependencies: Dependencies;
  readonly request: StartRequest;
  readonly change: Change;
  readonly kind: ResourceKind;
  readonly actual: JsonObject | null;
  readonly entry: LedgerEntry | null;
  /** No person asked for it. */
  readonly unattended: boolean;
  /** The plan leaves a part of the resource to another operation. */
  readonly partly: boolean;
  readonly declared: DeclaredBody | undefined;
  readonly trace: Trace;
}

async function startPut(context: Context, node: DesiredNode | undefined): Promise<Result> {
  const { dependencies, request, change, kind, actual, entry, trace } = context;
  const desired: JsonObject = node?.body ?? {};
  const owned = ownedBeforeOf(entry);
  const stale = staleCopy(kind, actual);
  const differences = [
    ...compare(desired, actual, kind.comparison, owned).differences,
    ...(stale === undefined ? [] : [stale]),
  ];
  const isAsWanted = actual !== null && differences.length === 0;
  if (actual !== null && change.action === 'create' && !(isAsWanted && isOfThisOperation(context)))
    return { outcome: 'stale', why: 'There is a resource of this name that this operation has not just made.' };
  // What an earlier run of this start has written is followed, whatever has been decided since.
  const found = isAsWanted ? asWritten(actual, isRepeat(context)) : undefined;
  if (found !== undefined) return found;
  if (actual === null && change.action === 'update' && !isBeingReplaced(entry))
    return { outcome: 'stale', why: 'The resource is not there any more.' };
  if (actual !== null && change.action === 'update' && !areAllPlanned(differences, change.diff)) {
    return { outcome: 'stale', why: 'The resource has changed since the plan was made.' };
  }
  // A write of this operation that has failed is tried again as any other.
  if (context.unattended && actual !== null && !isOfThisOperation(context) && whyForPeople(kind, actual) !== undefined)
    return { outcome: 'stale', why: 'Its last operation has failed since the plan was made.' };
  const body = mergeForWrite(desired, actual, kind.comparison, owned);
  const evidence = await readEvidence(dependencies, kind, body, actual);
  const not = await whyNot(context);
  if (not !== undefined) return not;

  const harm = kind.harmOf?.(body, actual, evidence);
  if (harm !== undefined)
    return { outcome: 'refused', refusal: { disposition: 'stop', problem: { ...harm, resource: change.id } } };
  const ids = writeIdsOf(request);
  const fields = node === undefined ? {} : ownedFieldsOf(node, kind.comparison, { actual, owned });
  const intended = nextLedgerEntry(entry, {
    name: 'intend',
    node: node ?? { id: change.id, kind: change.kind, lanes: change.lanes, scope: change.scope, dependsOn: [] },
    creates: actual === null,
    fields,
    partly: context.partly,
    ...(context.declared === undefined ? {} : { declared: context.declared }),
    operationId: request.operationId,
    // Before the PUT: its event may come before its answer.
    write: ids,
    atIso: request.nowIso,
  });
  if (intended !== null) await dependencies.ledger.write(request.baseline, [intended]);
  if (node !== undefined) {
    // Row first, claim second: a row without a claim is forgotten or claims again, a claim without a row is for ever.
    const holder = await dependencies.ledger.claim(request.baseline, change.id);
    if (holder !== request.baseline) {
      if (intended !== null) await abandon(context, intended);
      return { outcome: 'refused', refusal: { disposition: 'stop', problem: belongsToAnother(change.id, holder) } };
    }
  }

  const etag = typeof actual?.etag === 'string' ? actual.etag : undefined;
  const precondition: Pick<ArmRequest, 'ifMatch' | 'ifNoneMatch'> =
    kind.etag === 'ignored' ? {} : actual === null ? { ifNoneMatch: '*' } : etag === undefined ? {} : { ifMatch: etag };
  const wasUnderWay = trace.mayBeUnderWay;
  trace.mayBeUnderWay = true;
  const response = await dependencies.arm.send({
    method: 'PUT',
    target: change.id,
    apiVersion: kind.apiVersion,
    body,
    ...ids,
    ...(stale === undefined || kind.refreshQuery === undefined ? {} : { query: kind.refreshQuery }),
    ...precondition,
  });
  trace.mayBeUnderWay = wasUnderWay || !isDefinitelyRefused(response);
  if (response.status === 409 || response.status === 412) {
    // The host may run one start twice at the same time: then the write of the other run is why this one was refused.
    const now = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
    if (now.status === 200 && isJsonObject(now.body)) {
      const left = compare(desired, now.body, kind.comparison, owned).differences;
      const besides = left.length === 0 ? asWritten(now.body, true) : undefined;
      if (besides !== undefined) return besides;
    }
  }
  if (isDefinitelyRefused(response) && intended !== null) await abandon(context, intended);
  return resultOf(response, 'PUT', change.id);
}

/** What a kind asks to see right before this write. @throws as `refusalOfError` reads. */
async function readEvidence(
  { arm }: Dependencies,
  kind: ResourceKind,
  body: JsonObject,
  actual: JsonObject | null,
): Promise<Evidence> {
  const wanted = actual === null ? [] : (kind.evidenceFor?.(body, actual) ?? []);
  const read = async ({ kind: name, id, childrenOf }: EvidenceRequest): Promise<readonly JsonObject[]> => {
    const { type, apiVersion } = kindOf(name);
    if (childrenOf === true) return arm.list(`${id}${type.slice(type.lastIndexOf('/'))}`, apiVersion);
    const found = await readResourceBody(arm, { id, apiVersion });
    return found === null ? [] : [found];
  };
  return new Map(await Promise.all(wanted.map(async (one) => [normaliseId(one.id), await read(one)] as const)));
}

/** Azure says that it did not do it; after any other error it may have. */
function isDefinitelyRefused({ status }: ArmResponse): boolean {
  return status >= 400 && status < 500;
}

/** The outcome for a resource that is as it was to be written; undefined: its last operation failed. */
function asWritten(actual: JsonObject, wrote: boolean): Result | undefined {
  const { condition } = conditionOf(actual);
  if (condition === 'underWay')
    return { outcome: 'running', wrote, handle: { by: 'resource', expect: 'present' }, retryAfterSeconds: 10 };
  return condition === 'settled' ? { outcome: 'settled', wrote } : undefined;
}

/**
 * Whether this start has been here before: its mark is in the ledger. That of a PUT has the start's own time, since an
 * earlier attempt has been counted; what an operation has begun to delete is its work, whichever attempt it was.
 */
function isRepeat({ entry, request }: Pick<Context, 'entry' | 'request'>): boolean {
  if (entry === null || entry.operationId !== request.operationId) return false;
  return entry.state === 'deleting' || (entry.state === 'intended' && entry.at === request.nowIso);
}

/** Whether the operation has begun to write the resource and has not been told that this ended. */
function isOfThisOperation({ entry, request }: Context): boolean {
  return entry !== null && entry.state === 'intended' && entry.operationId === request.operationId;
}

async function startDelete(context: Context): Promise<Result> {
  const { dependencies, request, change, kind, actual, entry, trace } = context;
  const wrote = isRepeat(context);
  if (actual === null) return { outcome: 'settled', wrote };
  if (entry === null || !entry.created)
    return { outcome: 'stale', why: 'The ledger does not say that this resource is ours.' };
  if (conditionOf(actual).condition === 'deleting')
    return { outcome: 'running', wrote, handle: UNTIL_ABSENT, retryAfterSeconds: 10 };
  const holder = await dependencies.ledger.holderOf(change.id);
  if (holder !== null && holder !== request.baseline)
    return { outcome: 'stale', why: `The resource belongs to the baseline '${holder}' now.` };
  // Children of ours may still be on it when the plan deletes them in the same run; what is foreign was not there when the plan was made.
  const foreign = await foreignContentOf(dependencies, request.baseline, kind, actual, entry);
  if (foreign.length > 0)
    return {
      outcome: 'stale',
      why: `There is something of others in it or on it now: ${foreign.slice(0, 3).join(', ')}.`,
    };
  const not = await whyNot(context);
  if (not !== undefined) return not;
  const ids = writeIdsOf(request);
  const deleting = nextLedgerEntry(entry, {
    name: 'delete',
    ...(change.replaces === true ? { replaces: true } : {}),
    operationId: request.operationId,
    write: ids,
    atIso: request.nowIso,
  });
  if (deleting !== null) await dependencies.ledger.write(request.baseline, [deleting]);
  const wasUnderWay = trace.mayBeUnderWay;
  trace.mayBeUnderWay = true;
  const response = await dependencies.arm.send({
    method: 'DELETE',
    target: change.id,
    apiVersion: kind.apiVersion,
    ...ids,
  });
  trace.mayBeUnderWay = wasUnderWay || !isDefinitelyRefused(response);
  const result = resultOf(response, 'DELETE', change.id);
  if (response.status === 409) {
    // As with a PUT: the other run of this start may have been faster.
    const now = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
    if (saysAbsent(now)) return { outcome: 'settled', wrote: true };
    if (now.status === 200 && isJsonObject(now.body) && conditionOf(now.body).condition === 'deleting')
      return { outcome: 'running', wrote: true, handle: UNTIL_ABSENT, retryAfterSeconds: 10 };
  }
  // What has to wait may be waiting for that other run, which needs its mark.
  const mayBeUnderWay = result.outcome !== 'refused' || result.refusal.disposition === 'wait';
  if (!mayBeUnderWay) await dependencies.ledger.write(request.baseline, [entry]);
  return result;
}

const UNTIL_ABSENT: OperationHandle = { by: 'resource', expect: 'absent' };

/** What of others is in or on the resource now; children are looked up in the ledger one by one, there are few. */
async function foreignContentOf(
  dependencies: Dependencies,
  baseline: string,
  kind: ResourceKind,
  actual: JsonObject,
  entry: LedgerEntry,
): Promise<readonly string[]> {
  const members = kind.holdsResources === true ? await readMembers(dependencies, entry.id) : [];
  const children = new Set<string>();
  kind.foreignContentOf(actual, (pathOrId) => {
    if (pathOrId.startsWith('/')) children.add(pathOrId);
    return true;
  });
  const ours = new Set<string>();
  for (const child of children) if ((await dependencies.ledger.read(baseline, child)) !== null) ours.add(child);
  return kind.foreignContentOf(actual, (pathOrId) => ours.has(pathOrId) || isOurs(entry, pathOrId), members);
}

/**
 * A refused write did not happen: what only this one intended is not ours. What is there may be of an earlier write of
 * ours that was never confirmed (its operation failed, its answer got lost): then that stays as it was noted.
 */
async function abandon(
  { dependencies, request, change, actual, entry }: Context,
  intended: LedgerEntry,
): Promise<void> {
  // What was deleted to be made anew is to be made still.
  const isNew = actual === null && !isBeingReplaced(entry);
  const before = isNew ? nextLedgerEntry(intended, { name: 'abandon', atIso: request.nowIso }) : entry;
  if (before === null) {
    await dependencies.ledger.release(request.baseline, change.id);
    await dependencies.ledger.remove(request.baseline, change.id);
    return;
  }
  await dependencies.ledger.write(request.baseline, [before]);
}

function resultOf(response: ArmResponse, method: 'PUT' | 'DELETE', id: string): Result {
  const started = readStart(response, method, id);
  switch (started.state) {
    case 'running':
      return { outcome: 'running', wrote: true, handle: started.handle, retryAfterSeconds: started.retryAfterSeconds };
    case 'succeeded':
      return { outcome: 'settled', wrote: true };
    case 'refused':
      return { outcome: 'refused', refusal: started.refusal };
  }
}

/** Each difference that is there now was in the plan, with the same values: approval and budget were about those. */
function areAllPlanned(now: readonly PropertyDifference[], planned: readonly PropertyDifference[]): boolean {
  const texts = new Set(planned.map(textOf));
  return now.every((difference) => texts.has(textOf(difference)));
}

function textOf({ path, before, after }: PropertyDifference): string {
  return canonicalJson({ path, before, after });
}

/** What an exception means for the write: without an answer it may or may not have happened, so it is looked up again. */
export function refusalOfError(error: unknown, resource: string): ArmRefusal {
  if (error instanceof ArmRefusalError) return error.refusal;
  if (error instanceof ArmListError) return readListRefusal(error);
  if (error instanceof ProblemError) return { disposition: 'stop', problem: { resource, ...error.problem } };
  if (error instanceof ArmUnreachableError) {
    return refusalOfUnreachable(error, 'the resource was read or written', resource);
  }
  throw error;
}

function outsideAllowedScopes(resource: string): Problem {
  return {
    code: 'OutsideAllowedScopes',
    actor: 'operator',
    message: 'The resource is outside the scopes in which the app may write.',
    remedy: 'Add its scope to HUBKEEPER_ALLOWED_SCOPES, or take it out of the spec.',
    resource,
  };
}

function belongsToAnother(resource: string, holder: string): Problem {
  return {
    code: 'ClaimedByAnotherBaseline',
    actor: 'caller',
    message: `The resource belongs to the baseline '${holder}'.`,
    remedy: 'Take it out of one of the two specs.',
    resource,
  };
}

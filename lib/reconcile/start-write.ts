import { type ArmRequest, type ArmResponse, ArmUnreachableError } from '../azure/arm.ts';
import { type ArmRefusal, readRefusal } from '../azure/arm-answer.ts';
import { type OperationHandle, readStart } from '../azure/long-operation.ts';
import type { ResourceKind } from '../baseline/kind.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { compare } from '../plan/compare.ts';
import { type DesiredNode, normaliseId } from '../plan/graph.ts';
import { canonicalJson } from '../plan/hash.ts';
import type { PropertyDifference } from '../plan/kind.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../plan/merge.ts';
import { isOurs, nextLedgerEntry } from '../plan/ownership.ts';
import type { Change } from '../plan/plan.ts';
import { conditionOf } from '../plan/provisioning-state.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { StorageError } from '../state/storage.ts';
import { isInsideAny } from './preflight-rules.ts';
import { takeSharedLanes } from './shared-lanes.ts';

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
 * Starts one write and returns at once. Checks generation, switches and the `before` of the planned fields against a
 * fresh GET and writes nothing if any differs; notes the intent in the ledger before the PUT. Run twice it finds its
 * own write again.
 */
export async function startWrite(dependencies: Dependencies, request: StartRequest): Promise<StartOutcome> {
  const result = await startOrSayWhyNot(dependencies, request).catch(
    (error: unknown): Result => ({ outcome: 'refused', refusal: refusalOfFault(error, request.id) }),
  );
  return { ...result, id: request.id, attempt: request.attempt };
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
  const moved = await whatMoved(dependencies, request);
  const entry = await dependencies.ledger.read(request.baseline, request.id);
  if (moved !== undefined && !isRepeat({ entry, request })) return { outcome: 'stale', why: moved };
  const { plan, nodes, sharedLanes } = await dependencies.runs.readPlan(request.operationId, request.planKey);
  const key = normaliseId(request.id);
  const change = plan.changes.find((candidate) => normaliseId(candidate.id) === key);
  if (change === undefined) return { outcome: 'stale', why: 'The plan in force has no such change.' };
  const kind = kindOf(change.kind);
  const lanes = change.lanes.filter((lane) => sharedLanes.includes(lane));
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
    const result = await readAndWrite(dependencies, request, change, kind, nodes[key], entry, moved);
    if (result.outcome === 'running') for (const held of taken.held) await dependencies.lanes.note(held, result.handle);
    if (result.outcome === 'stale' || result.outcome === 'refused') {
      for (const lane of lanes) await dependencies.lanes.release(lane, request.baseline, change.id);
    }
    return result;
  } catch (error) {
    return { outcome: 'refused', refusal: refusalOfError(error, change.id) };
  }
}

async function readAndWrite(
  dependencies: Dependencies,
  request: StartRequest,
  change: Change,
  kind: ResourceKind,
  node: DesiredNode | undefined,
  entry: LedgerEntry | null,
  moved: string | undefined,
): Promise<Result> {
  const response = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
  if (response.status !== 200 && response.status !== 404) {
    return { outcome: 'refused', refusal: readRefusal(response, change.id) };
  }
  const actual = response.status === 200 && isJsonObject(response.body) ? response.body : null;
  const context = { dependencies, request, change, kind, actual, entry, moved };
  return change.action === 'delete' ? startDelete(context) : startPut(context, node);
}

/** Why this start must not write any more; undefined: it may. */
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
  /** Why nothing may be written any more; what an earlier run of this start has written is followed all the same. */
  readonly moved: string | undefined;
}

async function startPut(context: Context, node: DesiredNode | undefined): Promise<Result> {
  const { dependencies, request, change, kind, actual, entry, moved } = context;
  if (!isInsideAny(change.id, dependencies.settings.allowedScopes) && dependencies.settings.allowedScopes.length > 0) {
    return { outcome: 'refused', refusal: { disposition: 'stop', problem: outsideAllowedScopes(change.id) } };
  }
  const desired: JsonObject = node?.body ?? {};
  const owned = ownedBeforeOf(entry);
  const { differences } = compare(desired, actual, kind.comparison, owned);
  const found = actual !== null && differences.length === 0 ? asWritten(actual, isRepeat(context)) : undefined;
  if (found !== undefined) return found;
  if (moved !== undefined) return { outcome: 'stale', why: moved };
  if (actual === null && change.action === 'update')
    return { outcome: 'stale', why: 'The resource is not there any more.' };
  if (actual !== null && change.action === 'create' && entry === null)
    return { outcome: 'stale', why: 'Somebody else has made a resource of this name.' };
  if (actual !== null && change.action === 'update' && !areAllPlanned(differences, change.diff)) {
    return { outcome: 'stale', why: 'The resource has changed since the plan was made.' };
  }
  if (actual === null && entry === null && node !== undefined) {
    const holder = await dependencies.ledger.claim(request.baseline, change.id);
    if (holder !== request.baseline)
      return { outcome: 'refused', refusal: { disposition: 'stop', problem: belongsToAnother(change.id, holder) } };
  }

  const body = mergeForWrite(desired, actual, kind.comparison, owned);
  const harm = kind.harmOf?.(body);
  if (harm !== undefined)
    return { outcome: 'refused', refusal: { disposition: 'stop', problem: { ...harm, resource: change.id } } };
  const fields = node === undefined ? {} : ownedFieldsOf(node, kind.comparison, { actual, owned });
  const intended = nextLedgerEntry(entry, {
    name: 'intend',
    node: node ?? { id: change.id, kind: change.kind, lanes: change.lanes, scope: change.scope, dependsOn: [] },
    creates: actual === null,
    fields,
    operationId: request.operationId,
    atIso: request.nowIso,
  });
  if (intended !== null) await dependencies.ledger.write(request.baseline, [intended]);

  const etag = typeof actual?.etag === 'string' ? actual.etag : undefined;
  const precondition: Pick<ArmRequest, 'ifMatch' | 'ifNoneMatch'> =
    kind.etag === 'ignored' ? {} : actual === null ? { ifNoneMatch: '*' } : etag === undefined ? {} : { ifMatch: etag };
  const response = await dependencies.arm.send({
    method: 'PUT',
    target: change.id,
    apiVersion: kind.apiVersion,
    body,
    clientRequestId: `${request.operationId}:${request.attempt}`,
    ...precondition,
  });
  if (response.status === 409 || response.status === 412) {
    // The host may run one start twice at the same time: then the write of the other run is why this one was refused.
    const now = await dependencies.arm.send({ method: 'GET', target: change.id, apiVersion: kind.apiVersion });
    if (now.status === 200 && isJsonObject(now.body)) {
      const left = compare(desired, now.body, kind.comparison, owned).differences;
      const besides = left.length === 0 ? asWritten(now.body, true) : undefined;
      if (besides !== undefined) return besides;
    }
  }
  if (response.status >= 400 && response.status < 500 && intended !== null) await abandon(context, intended);
  return resultOf(response, 'PUT', change.id);
}

/** The outcome for a resource that is as it was to be written; undefined: its last operation failed. */
function asWritten(actual: JsonObject, wrote: boolean): Result | undefined {
  const { condition } = conditionOf(actual);
  if (condition === 'underWay')
    return { outcome: 'running', wrote, handle: { by: 'resource', expect: 'present' }, retryAfterSeconds: 10 };
  return condition === 'settled' ? { outcome: 'settled', wrote } : undefined;
}

/** Whether this very start has been here before: its mark is in the ledger, with its own time. */
function isRepeat({ entry, request }: Pick<Context, 'entry' | 'request'>): boolean {
  return (
    entry !== null &&
    entry.state !== 'confirmed' &&
    entry.operationId === request.operationId &&
    entry.at === request.nowIso
  );
}

async function startDelete(context: Context): Promise<Result> {
  const { dependencies, request, change, kind, actual, entry, moved } = context;
  const wrote = isRepeat(context);
  if (actual === null) return { outcome: 'settled', wrote };
  if (entry === null || !entry.created)
    return { outcome: 'stale', why: 'The ledger does not say that this resource is ours.' };
  if (conditionOf(actual).condition === 'deleting')
    return { outcome: 'running', wrote, handle: { by: 'resource', expect: 'absent' }, retryAfterSeconds: 10 };
  if (moved !== undefined) return { outcome: 'stale', why: moved };
  // Children of ours may still be on it when the plan deletes them in the same run; what is foreign was not there when the plan was made.
  const foreign = await foreignContentOf(dependencies, request.baseline, kind, actual, entry);
  if (foreign.length > 0)
    return { outcome: 'stale', why: `There is something of others on it now: ${foreign.slice(0, 3).join(', ')}.` };
  const deleting = nextLedgerEntry(entry, { name: 'delete', operationId: request.operationId, atIso: request.nowIso });
  if (deleting !== null) await dependencies.ledger.write(request.baseline, [deleting]);
  const response = await dependencies.arm.send({
    method: 'DELETE',
    target: change.id,
    apiVersion: kind.apiVersion,
    clientRequestId: `${request.operationId}:${request.attempt}`,
  });
  if (response.status >= 400 && response.status < 500) await dependencies.ledger.write(request.baseline, [entry]);
  return resultOf(response, 'DELETE', change.id);
}

/** What of others is in or on the resource; children are looked up in the ledger one by one, there are few. */
async function foreignContentOf(
  dependencies: Dependencies,
  baseline: string,
  kind: ResourceKind,
  actual: JsonObject,
  entry: LedgerEntry,
): Promise<readonly string[]> {
  const children = new Set<string>();
  kind.foreignContentOf(actual, (pathOrId) => {
    if (pathOrId.startsWith('/')) children.add(pathOrId);
    return true;
  });
  const ours = new Set<string>();
  for (const child of children) if ((await dependencies.ledger.read(baseline, child)) !== null) ours.add(child);
  return kind.foreignContentOf(actual, (pathOrId) => ours.has(pathOrId) || isOurs(entry, pathOrId));
}

/**
 * A refused write did not happen: what only this one intended is not ours. What is there may be of an earlier write of
 * ours that was never confirmed (its operation failed, its answer got lost): then that stays as it was noted.
 */
async function abandon(
  { dependencies, request, change, actual, entry }: Context,
  intended: LedgerEntry,
): Promise<void> {
  const before = actual === null ? nextLedgerEntry(intended, { name: 'abandon', atIso: request.nowIso }) : entry;
  if (before === null) {
    await dependencies.ledger.remove(request.baseline, change.id);
    if (actual === null) await dependencies.ledger.release(change.id);
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
  if (error instanceof ProblemError) return { disposition: 'stop', problem: { resource, ...error.problem } };
  if (error instanceof ArmUnreachableError) {
    return {
      disposition: 'wait',
      problem: {
        code: 'AzureUnreachable',
        actor: 'azure-temporary',
        message: `Azure Resource Manager gave no answer (${error.message.slice(0, 200)}).`,
        remedy: 'Hubkeeper tries again by itself; check the network of the app if it lasts.',
        resource,
      },
      givenUp: { actor: 'operator', remedy: 'Check the network of the app, then reconcile the baseline.' },
    };
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

import { isJsonObject, type JsonObject } from '../json.ts';
import type { Problem } from '../problem.ts';
import type { Arm, ArmResponse } from './arm.ts';
import type { ArmRefusal } from './arm-answer.ts';
import { armErrorOf, readRefusal, retryAfterSecondsOf, saysAbsent } from './arm-answer.ts';

/** How a running operation is watched; plain data that survives in state. */
export type OperationHandle =
  | { readonly by: 'asyncOperation'; readonly url: string }
  | { readonly by: 'location'; readonly url: string }
  | { readonly by: 'resource'; readonly expect: 'present' | 'absent' };

/** An operation that Azure works on, as far as is known. */
export interface StillRunning {
  readonly state: 'running';
  readonly handle: OperationHandle;
  readonly retryAfterSeconds: number;
  /** The last look was answered with an error or not at all: it told nothing of the operation. */
  readonly isUnread?: true;
  /** Why the last look told nothing: the operation goes on in Azure, yet a person has to know. */
  readonly problem?: Problem;
}

export type OperationOutcome =
  | StillRunning
  | { readonly state: 'succeeded' }
  | { readonly state: 'refused'; readonly refusal: ArmRefusal };

/** Pause between two looks at an operation when Azure does not say: its network provider answers Retry-After 10. */
const DEFAULT_POLL_SECONDS = 10;
/** Never ask more often than this, whatever Azure says. */
const FLOOR_POLL_SECONDS = 5;
/** Nor more seldom: a long Retry-After would leave a finished operation unnoticed. */
const CEILING_POLL_SECONDS = 60;

/** Longest URL that is followed: it travels with the outcome of a start, and a turn's outcomes have to fit into 64 KB. */
export const LONGEST_OPERATION_URL = 4_096;

function pollSeconds(headers: Readonly<Record<string, string>>): number {
  return Math.min(
    CEILING_POLL_SECONDS,
    Math.max(FLOOR_POLL_SECONDS, retryAfterSecondsOf(headers) ?? DEFAULT_POLL_SECONDS),
  );
}

function provisioningStateOf(body: unknown): string | undefined {
  if (!isJsonObject(body) || !isJsonObject(body.properties)) return undefined;
  const { provisioningState } = body.properties;
  return typeof provisioningState === 'string' ? provisioningState.toLowerCase() : undefined;
}

/** A URL that is to be followed; one that is longer than any Azure is known to give is as good as none. */
function followed(url: string | undefined): string | undefined {
  return url !== undefined && url.length <= LONGEST_OPERATION_URL ? url : undefined;
}

/**
 * Reads the first answer to a PUT, PATCH, POST or DELETE. `Azure-AsyncOperation` wins over `Location`; a PUT with
 * neither is watched on the resource itself. No provisioning state at all means done.
 */
export function readStart(
  response: ArmResponse,
  method: 'PUT' | 'DELETE' | 'POST',
  resource: string,
): OperationOutcome {
  if (response.status >= 400) return { state: 'refused', refusal: readRefusal(response, resource) };
  const retryAfterSeconds = pollSeconds(response.headers);
  const asyncOperation = followed(response.headers['azure-asyncoperation']);
  if (asyncOperation !== undefined)
    return { state: 'running', handle: { by: 'asyncOperation', url: asyncOperation }, retryAfterSeconds };
  if (response.status === 204) return { state: 'succeeded' };
  const location = followed(response.headers.location);
  if (response.status === 202 && location !== undefined)
    return { state: 'running', handle: { by: 'location', url: location }, retryAfterSeconds };
  if (method === 'PUT') return readResource(response, resource);
  return response.status === 202
    ? {
        state: 'running',
        handle: { by: 'resource', expect: method === 'DELETE' ? 'absent' : 'present' },
        retryAfterSeconds,
      }
    : { state: 'succeeded' };
}

/** Reads the state of a resource that a PUT made: terminal states are exactly Succeeded, Failed and Canceled. */
export function readResource(response: ArmResponse, resource: string): OperationOutcome {
  if (response.status >= 400) return { state: 'refused', refusal: readRefusal(response, resource) };
  const state = provisioningStateOf(response.body);
  if (state === undefined || state === 'succeeded') return { state: 'succeeded' };
  if (state === 'failed' || state === 'canceled') return { state: 'refused', refusal: failedRefusal(state, resource) };
  return {
    state: 'running',
    handle: { by: 'resource', expect: 'present' },
    retryAfterSeconds: pollSeconds(response.headers),
  };
}

function failedRefusal(state: string, resource: string): ArmRefusal {
  return {
    disposition: state === 'canceled' ? 'reread' : 'wait',
    problem: {
      code: state === 'canceled' ? 'OperationCanceled' : 'OperationFailed',
      actor: 'azure-temporary',
      message: `The last operation on the resource ended ${state}; Azure no longer says why.`,
      remedy: "Look at the resource's activity log in Azure; Hubkeeper writes it once more.",
      resource,
    },
    failedOperation: true,
    givenUp: {
      actor: 'operator',
      remedy: "Find out in the resource's activity log in Azure why it fails, then reconcile the baseline.",
    },
  };
}

/**
 * One look at a running operation. A status URL that Azure has forgotten (404, 410) falls back to the resource itself.
 * Any other error is an answer to the look and says nothing of the write: only an operation that itself ended Failed or
 * Canceled, or a resource in such a state, is refused.
 * @throws ArmUnreachableError when there is no answer: look again later.
 */
export async function pollOperation(
  arm: Arm,
  handle: OperationHandle,
  resource: { readonly id: string; readonly apiVersion: string; readonly expect: 'present' | 'absent' },
): Promise<OperationOutcome> {
  if (handle.by === 'resource') return pollResource(arm, resource);
  const response = await arm.send({ method: 'GET', target: handle.url });
  if (response.status === 404 || response.status === 410) return pollResource(arm, resource);
  if (response.status >= 400) return unread(response, handle, resource.id);
  if (handle.by === 'location') {
    return response.status === 202
      ? {
          state: 'running',
          handle: { by: 'location', url: response.headers.location ?? handle.url },
          retryAfterSeconds: pollSeconds(response.headers),
        }
      : { state: 'succeeded' };
  }
  const body: JsonObject = isJsonObject(response.body) ? response.body : {};
  const status = String(body.status ?? (response.status === 202 ? 'Running' : 'Succeeded')).toLowerCase();
  if (status === 'succeeded') return { state: 'succeeded' };
  if (status === 'failed' || status === 'canceled') {
    const refusal =
      armErrorOf(response.body).code === '' ? failedRefusal(status, resource.id) : readRefusal(response, resource.id);
    return { state: 'refused', refusal };
  }
  return { state: 'running', handle, retryAfterSeconds: pollSeconds(response.headers) };
}

async function pollResource(
  arm: Arm,
  resource: { readonly id: string; readonly apiVersion: string; readonly expect: 'present' | 'absent' },
): Promise<OperationOutcome> {
  const response = await arm.send({ method: 'GET', target: resource.id, apiVersion: resource.apiVersion });
  if (resource.expect === 'absent') {
    if (saysAbsent(response)) return { state: 'succeeded' };
    const handle = { by: 'resource', expect: 'absent' } as const;
    return response.status >= 400
      ? unread(response, handle, resource.id)
      : { state: 'running', handle, retryAfterSeconds: pollSeconds(response.headers) };
  }
  // Neither operation nor resource: it is over, and whoever verifies the resource finds that it is not there.
  if (saysAbsent(response)) return { state: 'succeeded' };
  return response.status >= 400
    ? unread(response, { by: 'resource', expect: 'present' }, resource.id)
    : readResource(response, resource.id);
}

/** An operation after a look that was answered with an error. What passes by itself is nobody's problem. */
export function unread(response: ArmResponse, handle: OperationHandle, resource: string): StillRunning {
  const { problem } = readRefusal(response, resource);
  return {
    state: 'running',
    handle,
    retryAfterSeconds: pollSeconds(response.headers),
    isUnread: true,
    ...(problem.actor === 'azure-temporary' ? {} : { problem }),
  };
}

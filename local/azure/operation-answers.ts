import type { ArmError } from './arm-error.ts';
import type { ArmRequest } from './arm-request.ts';
import type { Json } from './json.ts';
import type { Operation } from './operation-table.ts';

/** Seconds between polls that Microsoft.Network asks for. */
export const POLL_PACE = { 'Retry-After': '10' } as const;

/** How long Azure answers for an operation that has ended. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Whether Azure knows nothing of an operation any more. */
export function isForgotten({ endedMs }: Pick<Operation, 'endedMs'>, nowMs: number): boolean {
  return endedMs !== undefined && nowMs - endedMs >= REMEMBERED_MS;
}

/** The public URL of an operation's status or result; opaque to clients. */
export function operationUrl(request: ArmRequest, operation: Operation, form: 'status' | 'result'): string {
  const { subscription, namespace, location, id, apiVersion, signature } = operation;
  const path =
    operation.work === 'group-delete'
      ? `/subscriptions/${subscription}/operationresults/${id}`
      : `/subscriptions/${subscription}/providers/${namespace}/locations/${location}/` +
        `${form === 'status' ? 'operations' : 'operationResults'}/${id}`;
  return `${request.baseUrl}${path}?api-version=${apiVersion}&t=${signature}`;
}

/** Without what is only of the HTTP answer. */
export function asPolled(error: ArmError): Json {
  return { code: error.code, message: error.message, details: (error.details ?? []).map((detail) => ({ ...detail })) };
}

/** Where and how often to ask, in the first answer. */
export function pollHeaders(request: ArmRequest, operation: Operation): Readonly<Record<string, string>> {
  const status = { 'Azure-AsyncOperation': operationUrl(request, operation, 'status') };
  const result = { Location: operationUrl(request, operation, 'result') };
  switch (operation.style) {
    case 'body-and-async-operation':
      return { ...status, ...POLL_PACE };
    case 'accepted-with-both':
      return { ...status, ...result, ...POLL_PACE };
    case 'accepted-with-location':
      return { ...result, ...POLL_PACE };
    case 'body-only':
    case 'synchronous':
      return {};
  }
}

import type { ClientRequest } from 'node:http';

/** Services that the app calls and that costs are counted for. */
export type CalledService = 'blob' | 'table' | 'arm';

/** The service that a request of the Functions host goes to; undefined for all others. */
export function calledService(request: ClientRequest): CalledService | undefined {
  const { path } = request;
  if (path.startsWith('/devstoreaccount1')) return request.getHeader('dataserviceversion') ? 'table' : 'blob';
  return path.startsWith('/subscriptions/') ? 'arm' : undefined;
}

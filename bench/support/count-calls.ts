import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';

// Loaded into the Functions host (`NODE_OPTIONS=--import …`): notes every call to storage and to ARM as a line
// `SERVICE METHOD` in the file that HUBKEEPER_CALLS_FILE names.

const file = process.env.HUBKEEPER_CALLS_FILE;

function serviceOf(request: ClientRequest): string | undefined {
  if (request.path.startsWith('/devstoreaccount1')) return request.getHeader('dataserviceversion') ? 'table' : 'blob';
  return request.path.startsWith('/subscriptions/') ? 'arm' : undefined;
}

if (file !== undefined) {
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    const service = serviceOf(request);
    if (service !== undefined) appendFileSync(file, `${service} ${request.method}\n`);
  });
}

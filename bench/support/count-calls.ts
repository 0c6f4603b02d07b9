import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { calledService } from './called-service.ts';

// Loaded into the Functions host (`NODE_OPTIONS=--import …`): notes every call to storage and to ARM as a line
// `SERVICE METHOD` in the file that HUBKEEPER_CALLS_FILE names.

const file = process.env.HUBKEEPER_CALLS_FILE;

if (file !== undefined) {
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    const service = calledService(request);
    if (service !== undefined) appendFileSync(file, `${service} ${request.method}\n`);
  });
}

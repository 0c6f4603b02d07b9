import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Certificate authority to trust over HTTPS. */
  readonly caFile: string;
  readonly timeoutMs?: number;
}

/** One request of a process that does not trust the simulation by its environment. @throws when there is no answer. */
export async function send(request: HttpRequest): Promise<{ readonly status: number; readonly body: string }> {
  const { method, url, headers = {}, body, caFile, timeoutMs } = request;
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
  const options = { method, agent: false as const, headers, ...signal };
  const receive = (response: Parameters<NonNullable<Parameters<typeof httpRequest>[2]>>[0]): void => {
    text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
  };
  const call = url.startsWith('https:')
    ? httpsRequest(url, { ...options, ca: readFileSync(caFile) }, receive)
    : httpRequest(url, options, receive);
  call.once('error', reject);
  call.end(body);
  return promise;
}

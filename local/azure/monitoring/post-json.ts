import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Json } from '../json.ts';

/** Wall time in which an endpoint must answer. */
const ANSWER_WITHIN_MS = 30_000;

/** Posts a body. Answers the status, or in words why there is none. User and password in the URL become basic auth. */
export function postJson(
  url: string,
  body: Json,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | string> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body);
    const start = url.toLowerCase().startsWith('https:') ? httpsRequest : httpRequest;
    const options = {
      method: 'POST',
      agent: false,
      signal,
      timeout: ANSWER_WITHIN_MS,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(text)),
        'user-agent': 'IcMBroadcaster/1.0',
        ...headers,
      },
    };
    const failed = (error: Error): void => resolve('code' in error ? String(error.code) : error.message);
    try {
      const request = start(url, options, (response) => {
        response.resume();
        response.on('error', failed);
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', failed);
      request.end(text);
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

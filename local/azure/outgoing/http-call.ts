import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Json } from '../json.ts';

/** Wall time in which an endpoint must answer. */
const ANSWER_WITHIN_MS = 30_000;
/** What is read of an answer; nobody needs more than a validation code. */
const MOST_CHARACTERS = 64 * 1024;

export interface HttpCall {
  readonly method: 'POST' | 'OPTIONS';
  /** User and password in it become basic auth. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Json;
}

export interface HttpCallAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Calls an endpoint outside of the simulation. Answers in words why there is no answer. */
export function callHttp(call: HttpCall, signal: AbortSignal): Promise<HttpCallAnswer | string> {
  return new Promise((resolve) => {
    const text = call.body === undefined ? '' : JSON.stringify(call.body);
    const start = call.url.toLowerCase().startsWith('https:') ? httpsRequest : httpRequest;
    const options = {
      method: call.method,
      agent: false,
      signal,
      timeout: ANSWER_WITHIN_MS,
      headers: { 'content-length': String(Buffer.byteLength(text)), ...call.headers },
    };
    const failed = (error: Error): void => resolve('code' in error ? String(error.code) : error.message);
    try {
      const request = start(call.url, options, (response) => {
        let answered = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (answered.length < MOST_CHARACTERS) answered += chunk;
        });
        response.on('error', failed);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answered }),
        );
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', failed);
      request.end(text);
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** Posts a body as JSON. Answers the status, or in words why there is none. */
export async function postJson(
  url: string,
  body: Json,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | string> {
  const all = { 'content-type': 'application/json; charset=utf-8', ...headers };
  const answer = await callHttp({ method: 'POST', url, headers: all, body }, signal);
  return typeof answer === 'string' ? answer : answer.status;
}

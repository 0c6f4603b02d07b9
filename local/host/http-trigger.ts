import type { IncomingMessage } from 'node:http';
import type { FunctionRunner } from './function-runner.ts';
import type { HostLog } from './host-log.ts';
import type { Answer } from './http-exchange.ts';
import type { RouteMatch } from './http-routes.ts';
import type { HttpCookie, HttpData } from './typed-data.ts';

export interface HttpTriggerOptions {
  readonly run: FunctionRunner;
  readonly durableClient: () => string;
  readonly log: HostLog;
}

/** Calls an HTTP function with a request, and makes its answer. */
export async function answerHttpTrigger(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  { target, params }: RouteMatch,
  { run, durableClient, log }: HttpTriggerOptions,
): Promise<Answer> {
  const method = request.method ?? 'GET';
  const hasBody = body.length > 0 && method !== 'GET' && method !== 'HEAD';
  const http: HttpData = {
    method,
    url: url.href,
    headers: headersOf(request),
    query: Object.fromEntries([...url.searchParams.keys()].map((key) => [key, url.searchParams.getAll(key).join(',')])),
    params,
    ...(hasBody ? { body: { bytes: body } } : {}),
  };
  const outcome = await run(target, { trigger: { http }, durableClient: durableClient() });
  if (outcome.error !== undefined) {
    const { message, stack } = outcome.error;
    log('error', 'An HTTP function failed', { function: target.name, error: message, stack });
    return { status: 500 };
  }
  const answer = outcome.response?.returnValue?.http;
  if (answer === undefined) return { status: 200 };
  const cookies = (answer.cookies ?? []).map(setCookie);
  const status = Number(answer.statusCode ?? 200);
  const hasNoBody = status === 204 || status === 205 || status === 304;
  return {
    status,
    headers: { ...answer.headers, ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }) },
    ...(hasNoBody || answer.body?.bytes === undefined ? {} : { body: answer.body.bytes }),
  };
}

/** Names in lower case, repeats joined by commas. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}

function setCookie(cookie: HttpCookie): string {
  const parts = [`${cookie.name ?? ''}=${encodeURIComponent(cookie.value ?? '')}`];
  const { domain, path, expires, maxAge } = cookie;
  if (domain?.value !== undefined) parts.push(`Domain=${domain.value}`);
  if (path?.value !== undefined) parts.push(`Path=${path.value}`);
  const seconds = expires?.value?.seconds;
  if (seconds !== undefined) parts.push(`Expires=${new Date(Number(seconds) * 1000).toUTCString()}`);
  if (maxAge?.value !== undefined) parts.push(`Max-Age=${maxAge.value}`);
  if (cookie.secure?.value === true) parts.push('Secure');
  if (cookie.httpOnly?.value === true) parts.push('HttpOnly');
  const sameSite = { lax: 'Lax', strict: 'Strict', explicitNone: 'None', none: undefined }[cookie.sameSite ?? 'none'];
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  return parts.join('; ');
}

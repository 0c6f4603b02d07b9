import type * as z from 'zod';
import { errorList } from '../api/errors.ts';
import { CliError } from './cli-error.ts';
import { commandName } from './command-name.ts';
import type { Endpoint } from './endpoint.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { cliRemedy } from './remedy.ts';
import { plain } from './style.ts';
import type { World } from './world.ts';

/** One call. */
export interface Call<Schema extends z.ZodType> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below `/api`, with every part of it encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly contentType: string; readonly bytes: Uint8Array | string };
  readonly timeoutSeconds?: number;
  /** What the body of an answer must be, by status. Every other status is an error. */
  readonly answers: Readonly<Record<number, Schema>>;
}

export interface Reply<Value> {
  readonly status: number;
  readonly value: Value;
  /** Seconds of Retry-After; absent when the answer has none. */
  readonly retryAfterSeconds?: number;
}

/** A call answers within 60 seconds by design; the rest is the way there and back. */
const TIMEOUT_SECONDS = 90;
/** How often a GET is sent at most, and the pauses between. Nothing else is sent twice. */
const GET_ATTEMPTS = 3;
const PAUSES_MS = [500, 1500];
const LONGEST_PAUSE_MS = 10_000;
const WORTH_REPEATING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Makes a call and checks its answer.
 * @throws CliError in plain words: unreachable, timed out, refused by the app, not the app at all.
 */
export async function call<Schema extends z.ZodType>(
  world: World,
  endpoint: Endpoint,
  request: Call<Schema>,
  signal?: AbortSignal,
): Promise<Reply<z.output<Schema>>> {
  for (let attempt = 1; ; attempt += 1) {
    const last = request.method !== 'GET' || attempt >= GET_ATTEMPTS;
    const answer = await send(world, endpoint, request, signal);
    if (answer instanceof CliError) {
      if (last || signal?.aborted === true) throw answer;
      await pause(world, attempt, undefined, signal);
      continue;
    }
    const retryAfterSeconds = secondsOf(answer.response.headers.get('retry-after'));
    const schema = request.answers[answer.response.status];
    if (schema === undefined) {
      if (last || !WORTH_REPEATING.has(answer.response.status))
        throw refused(world, endpoint, request, answer.response, answer.text);
      await pause(world, attempt, retryAfterSeconds, signal);
      continue;
    }
    const parsed = schema.safeParse(bodyOf(answer.text));
    if (!parsed.success) throw notUnderstood(endpoint, request, answer.response.status);
    return {
      status: answer.response.status,
      value: parsed.data,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
}

async function send(
  world: World,
  endpoint: Endpoint,
  request: Call<z.ZodType>,
  signal: AbortSignal | undefined,
): Promise<{ readonly response: Response; readonly text: string } | CliError> {
  const timeoutSeconds = request.timeoutSeconds ?? TIMEOUT_SECONDS;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await world.fetch(urlOf(endpoint, request), {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...request.headers,
        ...(request.body === undefined ? {} : { 'content-type': request.body.contentType }),
        ...(endpoint.user === undefined ? {} : { 'x-hubkeeper-user': endpoint.user }),
        ...(endpoint.key === undefined ? {} : { 'x-functions-key': endpoint.key }),
      },
      ...(request.body === undefined ? {} : { body: request.body.bytes as RequestInit['body'] }),
      // A redirect would carry the key to another host: fetch drops only the headers that it knows.
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { response, text: await response.text() };
  } catch (error) {
    return timeout.aborted ? timedOut(world, endpoint, request, timeoutSeconds) : unreachable(endpoint, error);
  }
}

async function pause(
  world: World,
  attempt: number,
  retryAfterSeconds: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const usualMs = PAUSES_MS[attempt - 1] ?? LONGEST_PAUSE_MS;
  const pauseMs = retryAfterSeconds === undefined ? usualMs : Math.min(retryAfterSeconds * 1000, LONGEST_PAUSE_MS);
  await world.sleep(pauseMs, signal ?? new AbortController().signal);
}

function urlOf(endpoint: Endpoint, request: Pick<Call<z.ZodType>, 'path' | 'query'>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return `${endpoint.url}/api${request.path}${text === '' ? '' : `?${text}`}`;
}

/** An answer without a body reads as `null`, one that is no JSON as `undefined`. */
function bodyOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // Proxies and platforms answer with pages; no schema takes `undefined`.
    return undefined;
  }
}

function secondsOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
}

function exitCodeOf(status: number): ExitCode {
  return [400, 413, 415, 422].includes(status) ? EXIT.invalid : EXIT.failed;
}

function refused(
  world: World,
  endpoint: Endpoint,
  request: Call<z.ZodType>,
  response: Response,
  text: string,
): CliError {
  const { status } = response;
  const body = bodyOf(text);
  const command = commandName(world.env);
  const listed = errorList.safeParse(body);
  if (listed.success && listed.data.errors.length > 0) {
    const errors = listed.data.errors.map((error) => ({
      ...error,
      remedy: cliRemedy(error.code, error.remedy, command),
    }));
    const isUnnamed = errors.some(({ code }) => code === 'UserMissing');
    return new CliError(isUnnamed ? EXIT.invalid : exitCodeOf(status), errors, { status, body });
  }
  const where = `${request.method} ${endpoint.url}/api${request.path}`;
  if (status >= 300 && status < 400) {
    const target = plain(response.headers.get('location')?.split('?')[0] ?? 'another address');
    return failure(
      'Redirected',
      `${endpoint.url} sends callers on to ${target}.`,
      'Set HUBKEEPER_URL to the address that the app really has.',
      status,
    );
  }
  if (status === 401 || status === 403) {
    const remedy =
      endpoint.key === undefined
        ? 'Put the function key of the app into HUBKEEPER_KEY.'
        : 'Check that HUBKEEPER_KEY holds a key of this app, and that you may do this.';
    return failure('NotAllowed', `The app does not let you in (HTTP ${status}).`, remedy, status);
  }
  if (status === 404) {
    return failure(
      'NotFound',
      `${where} does not exist (HTTP 404).`,
      'Check that HUBKEEPER_URL is the address of Hubkeeper.',
      status,
    );
  }
  return failure(
    'HttpStatus',
    `${where} answered with HTTP ${status}.`,
    `Try again in a minute; ${command} health says what does not work.`,
    status,
  );
}

function notUnderstood(endpoint: Endpoint, request: Call<z.ZodType>, status: number): CliError {
  return failure(
    'UnexpectedAnswer',
    `${request.method} ${endpoint.url}/api${request.path} gave an answer that this version does not understand.`,
    'Check that HUBKEEPER_URL is the address of Hubkeeper, and that command line and app are of the same version.',
    status,
  );
}

function timedOut(world: World, endpoint: Endpoint, request: Call<z.ZodType>, timeoutSeconds: number): CliError {
  const command = commandName(world.env);
  const remedy =
    request.method === 'GET'
      ? `Try again; ${command} health says whether the app works.`
      : `It may have been recorded all the same: look at ${command} operations before you try again.`;
  return failure('TimedOut', `${endpoint.url} did not answer within ${timeoutSeconds} seconds.`, remedy);
}

function unreachable(endpoint: Endpoint, error: unknown): CliError {
  const remedy =
    endpoint.from === 'local state folder'
      ? 'The local environment is not running: start it with npm start.'
      : 'Check HUBKEEPER_URL, the network and the proxy, and that the app is running.';
  return failure('Unreachable', `Nothing answers at ${endpoint.url} (${causeOf(error)}).`, remedy);
}

/** The innermost cause: fetch itself only ever says "fetch failed". */
function causeOf(error: unknown): string {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  if (!(cause instanceof Error)) return plain(String(cause));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  return code ?? plain(cause.message);
}

function failure(code: string, message: string, remedy: string, status?: number): CliError {
  return new CliError(EXIT.failed, [{ code, path: '', message, remedy }], status === undefined ? {} : { status });
}

import { createHash } from 'node:crypto';
import {
  app,
  type HttpMethod,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
} from '@azure/functions';
import * as df from 'durable-functions';
import { type Caller, callerOf } from '../lib/api/caller.ts';
import { API_ERRORS, type ApiError, type Checked, check, errorOf } from '../lib/api/errors.ts';
import { errorsOfQuery } from '../lib/api/query.ts';
import { type Route, routeOf } from '../lib/api/routes.ts';
import { readRefusal } from '../lib/azure/arm-answer.ts';
import { ArmListError, ArmUnreachableError } from '../lib/azure/arm-errors.ts';
import { type Problem, ProblemError } from '../lib/problem.ts';
import { StorageError } from '../lib/state/storage.ts';
import type { App } from './composition.ts';

/** A call as a handler sees it. */
export interface Call {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly app: App;
  readonly client: df.DurableClient;
  readonly context: InvocationContext;
  readonly nowIso: string;
}

/** Ends a call with these errors. */
export class ApiProblem extends Error {
  readonly errors: readonly ApiError[];
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(errors: readonly ApiError[], extra: Readonly<Record<string, unknown>> = {}) {
    super(errors.map((error) => error.code).join(', '));
    this.name = 'ApiProblem';
    this.errors = errors;
    this.status = statusOf(errors[0]?.code);
    this.extra = extra;
  }
}

/** HTTP status of problems that are no API error: the caller's are 4xx, ours and Azure's 5xx. */
const PROBLEM_STATUS: Readonly<Record<string, number>> = {
  BaselineNotFound: 404,
  BaselineBusy: 503,
  PauseBusy: 503,
  NoSpec: 404,
};

function statusOf(code: string | undefined): number {
  return Object.entries(API_ERRORS).find(([name]) => name === code)?.[1].status ?? 400;
}

/** Bodies of calls other than a spec: an adjustment or a hold is a few hundred bytes. */
const MAXIMUM_BODY_BYTES = 16_384;

/**
 * Registers a call of the API's table of routes: path, method and role come from there. The handler answers or throws
 * an `ApiProblem`; whatever else is thrown becomes an error body with its cause for the log, never a bare 500.
 */
export function register(id: string, appOf: () => App, handler: (call: Call) => Promise<HttpResponseInit>): void {
  const route = routeOf(id);
  app.http(id, {
    methods: [route.method as HttpMethod],
    route: route.path.replace(/^\//, ''),
    authLevel: route.role === 'anonymous' ? 'anonymous' : 'function',
    extraInputs: [df.input.durableClient()],
    handler: async (request, context) => {
      try {
        return await handler(await callOf(request, context, appOf(), route));
      } catch (error) {
        return errorAnswer(error, context);
      }
    },
  });
}

async function callOf(request: HttpRequest, context: InvocationContext, application: App, route: Route): Promise<Call> {
  const identified = callerOf(
    { principal: request.headers.get('x-ms-client-principal'), user: request.headers.get('x-hubkeeper-user') },
    route.role,
  );
  if ('error' in identified) throw new ApiProblem([identified.error]);
  const errors = errorsOfQuery(route, request.query);
  if (errors.length > 0) throw new ApiProblem(errors);
  return {
    request,
    context,
    app: application,
    caller: identified.caller,
    client: df.getClient(context),
    nowIso: (await application.time()).toISOString(),
  };
}

/** The value of a check, or the call ends with what is wrong. */
export function valid<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new ApiProblem(checked.errors);
  return checked.value;
}

/** The JSON body of a call; `{}` when there is none. */
export async function jsonBody(request: HttpRequest, maximumBytes = MAXIMUM_BODY_BYTES): Promise<unknown> {
  return jsonOf(request, await bytesOf(request, maximumBytes));
}

/** The same with the SHA-256 of the body as it was sent, in hex. */
export async function hashedJsonBody(
  request: HttpRequest,
  maximumBytes = MAXIMUM_BODY_BYTES,
): Promise<{ readonly value: unknown; readonly sha256: string }> {
  const bytes = await bytesOf(request, maximumBytes);
  return { value: jsonOf(request, bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function bytesOf(request: HttpRequest, maximumBytes: number): Promise<Buffer> {
  const declaredBytes = Number(request.headers.get('content-length') ?? 0);
  if (declaredBytes > maximumBytes) throw bodyTooLarge(declaredBytes, maximumBytes);
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.byteLength > maximumBytes) throw bodyTooLarge(bytes.byteLength, maximumBytes);
  return bytes;
}

function jsonOf(request: HttpRequest, bytes: Buffer): unknown {
  if (bytes.byteLength === 0) return {};
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json')
    throw new ApiProblem([
      errorOf('UnsupportedMediaType', `The body is ${type}.`, { remedy: 'Send application/json.' }),
    ]);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ApiProblem([
      errorOf('MalformedBody', `The body is not JSON (${error instanceof Error ? error.message : String(error)}).`),
    ]);
  }
}

function bodyTooLarge(bytes: number, maximumBytes: number): ApiProblem {
  return new ApiProblem([errorOf('BodyTooLarge', `The body has ${bytes} bytes; at most ${maximumBytes} are taken.`)]);
}

/** A part of the address, checked. */
export function parameter<T>(request: HttpRequest, name: string, schema: Parameters<typeof check<T>>[0]): T {
  return valid(check(schema, request.params[name], name));
}

export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponseInit {
  return { status, jsonBody: body, headers: { ...headers, 'cache-control': 'no-store' } };
}

function errorAnswer(error: unknown, context: InvocationContext): HttpResponseInit {
  if (error instanceof ApiProblem) {
    const headers: Record<string, string> = error.status === 503 ? { 'retry-after': '30' } : {};
    return answer(error.status, { errors: error.errors, ...error.extra }, headers);
  }
  if (error instanceof ProblemError) return problemAnswer(error.problem);
  if (error instanceof ArmListError) return problemAnswer(readRefusal(error.response, error.target).problem);
  if (error instanceof ArmUnreachableError) {
    return answer(
      503,
      { errors: [errorOf('StateUnavailable', 'Azure Resource Manager gave no answer.')] },
      { 'retry-after': '30' },
    );
  }
  if (error instanceof StorageError) {
    context.error('storage account unavailable', { reason: error.message });
    return answer(
      503,
      { errors: [errorOf('StateUnavailable', "The app's storage account gave no answer.")] },
      { 'retry-after': '10' },
    );
  }
  context.error('call failed', { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return answer(500, {
    errors: [errorOf('Internal', `The call failed inside Hubkeeper (invocation ${context.invocationId}).`)],
  });
}

function problemAnswer(problem: Problem): HttpResponseInit {
  const byActor = { caller: 400, operator: 502, 'azure-temporary': 503, 'azure-permanent': 502, us: 500 } as const;
  const status = PROBLEM_STATUS[problem.code] ?? byActor[problem.actor];
  return answer(status, {
    errors: [
      {
        code: problem.code,
        path: problem.path ?? '',
        message: problem.message,
        remedy: problem.remedy,
        ...(problem.resource === undefined ? {} : { resource: problem.resource }),
      },
    ],
  });
}

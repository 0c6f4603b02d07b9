import type { TokenCredential } from '@azure/core-auth';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
} from '@azure/core-rest-pipeline';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { ProblemError } from '../problem.ts';
import { ArmListError, ArmUnreachableError } from './arm-errors.ts';

export { ArmListError, ArmUnreachableError } from './arm-errors.ts';

export type ArmMethod = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE' | 'HEAD';

export interface ArmRequest {
  readonly method: ArmMethod;
  /** Path below the ARM endpoint, beginning with a slash, without query; or an absolute URL that ARM gave us. */
  readonly target: string;
  /** Left out for absolute URLs, which carry their own. */
  readonly apiVersion?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: '*';
  /** Sent as `x-ms-client-request-id`, so that Azure's activity log can be matched with the journal. */
  readonly clientRequestId?: string;
  /** UUID sent as `x-ms-correlation-request-id`: the resource events of the write repeat it. */
  readonly correlationId?: string;
}

export interface ArmResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when the answer has no body. */
  readonly body: Json | undefined;
}

/**
 * Raw access to Azure Resource Manager: what goes out and comes back is the wire JSON, so that properties which no
 * SDK knows survive. Every HTTP status is an answer, not an exception.
 */
export interface Arm {
  /** @throws ArmUnreachableError when there is no answer; ProblemError when no token is to be had or a URL leaves ARM. */
  send(request: ArmRequest): Promise<ArmResponse>;
  /** All pages of a list. @throws ArmListError for any status but 200. */
  list(path: string, apiVersion: string, query?: Readonly<Record<string, string>>): Promise<readonly JsonObject[]>;
}

/** One call's time limit, in wall time. ARM answers long operations at once, so a longer wait means a lost call. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A list of more pages than this is a loop: 1,000 pages hold more resources than a subscription may have. */
const MAXIMUM_PAGES = 1_000;

export interface ArmOptions {
  readonly endpoint: string;
  readonly tokenScope: string;
  readonly credential: TokenCredential;
  readonly httpClient?: HttpClient;
}

export function createArm({ endpoint, tokenScope, credential, httpClient }: ArmOptions): Arm {
  const armHost = new URL(endpoint).host;
  const client = httpClient ?? createDefaultHttpClient();
  const pipeline = createArmPipeline(credential, tokenScope);

  function urlOf({ target, apiVersion, query }: ArmRequest): string {
    const url = new URL(target.startsWith('/') ? `${endpoint}${target}` : target);
    // The pipeline would send our token to whatever host the URL names.
    if (url.host !== armHost && url.host !== `${armHost}:443`) {
      throw new ProblemError({
        code: 'ForeignOperationUrl',
        actor: 'operator',
        message: `Azure answered with a URL on another host (${url.host}) than the configured ${armHost}; it was not followed.`,
        remedy: 'Set HUBKEEPER_ARM_ENDPOINT to the Azure Resource Manager of this cloud.',
      });
    }
    if (apiVersion !== undefined) url.searchParams.set('api-version', apiVersion);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return url.toString();
  }

  async function send(request: ArmRequest): Promise<ArmResponse> {
    const headers = createHttpHeaders({ accept: 'application/json' });
    if (request.body !== undefined) headers.set('content-type', 'application/json');
    if (request.ifMatch !== undefined) headers.set('if-match', request.ifMatch);
    if (request.ifNoneMatch !== undefined) headers.set('if-none-match', request.ifNoneMatch);
    if (request.clientRequestId !== undefined) headers.set('x-ms-client-request-id', request.clientRequestId);
    if (request.correlationId !== undefined) headers.set('x-ms-correlation-request-id', request.correlationId);
    const pipelineRequest = createPipelineRequest({
      url: urlOf(request),
      method: request.method,
      headers,
      timeout: REQUEST_TIMEOUT_MS,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    try {
      const response = await pipeline.sendRequest(client, pipelineRequest);
      return { status: response.status, headers: response.headers.toJSON(), body: parseBody(response.bodyAsText) };
    } catch (error) {
      throw armFailureOf(error, request);
    }
  }

  async function list(
    path: string,
    apiVersion: string,
    query?: Readonly<Record<string, string>>,
  ): Promise<readonly JsonObject[]> {
    const items: JsonObject[] = [];
    let request: ArmRequest | undefined = { method: 'GET', target: path, apiVersion, ...(query ? { query } : {}) };
    for (let page = 0; request !== undefined; page++) {
      const response: ArmResponse = await send(request);
      if (response.status !== 200 || !isJsonObject(response.body)) throw new ArmListError(path, response, page);
      const { value, nextLink } = response.body;
      if (Array.isArray(value)) items.push(...value.filter(isJsonObject));
      request = typeof nextLink === 'string' && nextLink !== '' ? { method: 'GET', target: nextLink } : undefined;
      if (page >= MAXIMUM_PAGES) throw new Error(`The list ${path} does not end.`);
    }
    return items;
  }

  return { send, list };
}

/**
 * The Azure pipeline without retries and redirects of its own. Its default re-sends a PUT after a 500 and sleeps
 * Retry-After inside the activity; a retry here is a durable timer and a fresh GET.
 */
function createArmPipeline(credential: TokenCredential, tokenScope: string): Pipeline {
  const pipeline = createPipelineFromOptions({ userAgentOptions: { userAgentPrefix: 'hubkeeper' } });
  for (const name of ['defaultRetryPolicy', 'redirectPolicy']) {
    if (pipeline.removePolicy({ name }).length !== 1)
      throw new Error(`The Azure pipeline has no policy ${name} any more.`);
  }
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: tokenScope }), { phase: 'Sign' });
  return pipeline;
}

/** The JSON of an answer; text that is none is kept, shortened. */
export function parseBody(text: string | null | undefined): Json | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A proxy's HTML page: kept as text, shortened, so that the report can show it.
    return text.slice(0, 1_000);
  }
}

/** What a call means that met no answer: no token, or ARM out of reach. */
export function armFailureOf(error: unknown, { method, target }: Pick<ArmRequest, 'method' | 'target'>): Error {
  const name = error instanceof Error ? error.name : '';
  if (
    name === 'CredentialUnavailableError' ||
    name === 'AuthenticationError' ||
    name === 'AuthenticationRequiredError'
  ) {
    return new ProblemError({
      code: 'NoManagedIdentity',
      actor: 'operator',
      message: `No token for Azure Resource Manager: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'Give the app a managed identity (and set AZURE_CLIENT_ID for a user-assigned one).',
    });
  }
  return new ArmUnreachableError(method, target, error);
}

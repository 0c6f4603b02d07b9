import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MANAGED_IDENTITY, type TokenIssuer } from './token-issuer.ts';

export interface IdentityEndpointOptions {
  readonly tokens: TokenIssuer;
  /** What callers must send as X-IDENTITY-HEADER. */
  readonly secret: string;
  lifeSeconds(): number;
}

const API_VERSION = '2019-08-01';
/** Path of the endpoint, to go behind the server's address. */
export const IDENTITY_PATH = '/msi/token';

/** App Service's managed identity endpoint, on plain HTTP as there. */
export function createIdentityEndpoint(options: IdentityEndpointOptions): Server {
  return createServer((request, response) => answer(options, request, response));
}

function answer(options: IdentityEndpointOptions, request: IncomingMessage, response: ServerResponse): void {
  const { status, body } = judge(options, request);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

function judge(options: IdentityEndpointOptions, request: IncomingMessage): Answer {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname !== IDENTITY_PATH) return refusal(404, 'Not found.');
  if (request.method !== 'GET') return refusal(405, 'Only GET is supported.');
  if (!sameText(request.headers['x-identity-header'], options.secret)) {
    return refusal(401, 'The X-IDENTITY-HEADER is missing or wrong.');
  }
  if (url.searchParams.get('api-version') !== API_VERSION) {
    return refusal(400, `The api-version must be ${API_VERSION}.`);
  }
  const resource = url.searchParams.get('resource');
  if (resource === null || resource === '') return refusal(400, 'The resource parameter is required.');
  const wanted = ['client_id', 'principal_id', 'mi_res_id'].filter((name) => url.searchParams.has(name));
  if (!wanted.every((name) => isOwn(name, url.searchParams.get(name)))) {
    return refusal(
      400,
      'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    );
  }
  const { token, expiresOnSeconds } = options.tokens.issue(resource, options.lifeSeconds());
  return {
    status: 200,
    body: {
      access_token: token,
      expires_on: String(expiresOnSeconds),
      resource,
      token_type: 'Bearer',
      client_id: MANAGED_IDENTITY.clientId,
    },
  };
}

function refusal(statusCode: number, message: string): Answer {
  return { status: statusCode, body: { statusCode, message } };
}

function isOwn(name: string, value: string | null): boolean {
  if (name === 'client_id') return value === MANAGED_IDENTITY.clientId;
  return name === 'principal_id' && value === MANAGED_IDENTITY.objectId;
}

function sameText(given: string | string[] | undefined, expected: string): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

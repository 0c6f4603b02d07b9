import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request to one of the environment's servers. */
export interface JsonRequest {
  readonly method: string;
  readonly url: string;
  /** A string goes as it is, anything else as JSON; absent: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM of the certificate authority to trust. */
  readonly ca?: string;
  /** Wall time until the request is given up. */
  readonly timeoutSeconds?: number;
}

/** Its answer; a body that is not JSON is a string, an absent one `undefined`. */
export interface JsonResponse<Body = unknown> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
}

/** A broken server must fail a test, not hang it. */
const TIMEOUT_SECONDS = 60;

/** One request on a connection of its own, so that a killed server leaves no dead connection behind. */
export async function httpJson<Body = unknown>(wanted: JsonRequest): Promise<JsonResponse<Body>> {
  const { method, url, body, headers, ca, timeoutSeconds = TIMEOUT_SECONDS } = wanted;
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'application/yaml' : 'application/json';
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.startsWith('https:') ? requestHttps : requestHttp)(
    url,
    {
      method,
      agent: false,
      headers: {
        ...(payload === undefined
          ? {}
          : { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
      },
      ...(ca === undefined ? {} : { ca }),
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    },
    resolve,
  );
  request.once('error', reject);
  request.end(payload);
  const response = await promise;
  const text = await textOf(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body: parse(text) as Body };
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

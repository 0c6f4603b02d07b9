import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import createRouter from 'find-my-way';
import type { ArmAnswer, ArmRequest } from './arm-request.ts';
import { badControl, type Control, type ControlAnswer } from './control.ts';
import { entraAnswer } from './entra-endpoints.ts';
import { responseDelayMs } from './front-door.ts';
import type { Json } from './json.ts';
import type { Recorder } from './recorder.ts';
import type { RequestCounter } from './request-activity.ts';
import { fullUrl } from './request-reading.ts';
import type { Simulation } from './simulation.ts';
import type { TokenIssuer } from './token-issuer.ts';

export interface ArmServerOptions {
  readonly certificate: string;
  readonly key: string;
  readonly simulation: Simulation;
  readonly tokens: TokenIssuer;
  readonly activity: RequestCounter;
  readonly recorder: Recorder;
  readonly controls: readonly Control[];
  /** Services beside ARM on the same address (metrics, logs): answers, or undefined for what is not theirs. */
  readonly dataPlane?: (request: ArmRequest) => ArmAnswer | undefined;
  log(level: 'error' | 'warning', message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** ARM refuses larger requests. */
const LARGEST_BODY_BYTES = 4 * 1024 * 1024;
const CONTROLS = '/_sim';

/** The HTTPS side of simulated Azure: ARM, the keys of its tokens, and the controls under `/_sim/`. */
export function createArmServer(options: ArmServerOptions): Server {
  const route = controlRoutes(options.controls);
  let answered = 0;
  return createServer({ cert: options.certificate, key: options.key }, (request, response) => {
    const entra = entraAnswer(request.method ?? 'GET', request.url ?? '', baseUrlOf(request), options.tokens);
    if (entra !== undefined) {
      send(response, 200, {}, entra);
      return;
    }
    const isControl = (request.url ?? '').startsWith(`${CONTROLS}/`);
    const handling = isControl
      ? control(options, route, request, response)
      : arm(options, request, response, answered++);
    handling.catch((error: unknown) => {
      options.log('error', 'Request failed', { method: request.method, url: request.url, error: describe(error) });
      if (response.headersSent) response.destroy();
      else send(response, 500, {}, { error: { code: 'InternalServerError', message: describe(error) } });
    });
  });
}

type Route = (method: string, path: string) => { control: Control; parameters: Record<string, string> } | undefined;

function controlRoutes(controls: readonly Control[]): Route {
  const router = createRouter();
  for (const one of controls) router.on(one.method, `${CONTROLS}${one.path}`, () => undefined, one);
  return (method, path) => {
    const found = router.find(method as Parameters<typeof router.find>[0], path);
    if (found === null) return undefined;
    const parameters = Object.fromEntries(
      Object.entries(found.params).map(([name, value]) => [name, String(value ?? '')]),
    );
    return { control: found.store as Control, parameters };
  };
}

async function control(
  { simulation }: ArmServerOptions,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const text = await readBody(request);
  const found = route(request.method ?? 'GET', path);
  const body = parse(text ?? '');
  const answer: ControlAnswer =
    found === undefined
      ? {
          status: 404,
          body: { error: { code: 'NotFound', message: `There is no control ${request.method} ${path}.` } },
        }
      : body === undefined
        ? badControl('The body is not valid JSON.')
        : await found.control.handle({ body, parameters: found.parameters });
  simulation.flush();
  send(response, answer.status, {}, answer.body);
}

async function arm(
  options: ArmServerOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
  nth: number,
): Promise<void> {
  const { simulation, activity, recorder } = options;
  activity.enter();
  let left = false;
  const leave = (): void => {
    if (!left) activity.leave();
    left = true;
  };
  try {
    const text = await readBody(incoming);
    if (text === undefined) {
      send(response, 413, {}, { error: { code: 'RequestEntityTooLarge', message: 'The request body is too large.' } });
      return;
    }
    const request: ArmRequest = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      headers: flatHeaders(incoming.headers),
      body: text,
      baseUrl: baseUrlOf(incoming),
    };
    const beside = options.dataPlane?.(request);
    const answer = beside ?? simulation.handle(request);
    const delayMs = responseDelayMs(simulation.settings, nth);
    if (delayMs > 0) await sleep(delayMs);
    if (answer.fault?.kind === 'drop') {
      incoming.socket.destroy();
      return;
    }
    // A recording is of ARM alone.
    if (beside === undefined) recorder.record(exchange(request, answer));
    if (answer.fault?.kind === 'hang') {
      // The clock may go on meanwhile: to everybody else the request is done.
      leave();
      await sleep(answer.fault.seconds * 1000, incoming);
    }
    if (!response.destroyed) send(response, answer.status, answer.headers, answer.body);
  } finally {
    leave();
  }
}

function baseUrlOf(incoming: IncomingMessage): string {
  return `https://${incoming.headers.host ?? '127.0.0.1'}`;
}

function exchange(request: ArmRequest, answer: ArmAnswer): Parameters<Recorder['record']>[0] {
  return {
    method: request.method,
    url: fullUrl(request),
    status: answer.status,
    requestHeaders: request.headers,
    requestBody: request.body === '' ? null : (parse(request.body) ?? request.body),
    responseHeaders: answer.headers,
    responseBody: answer.body ?? null,
  };
}

/** `undefined` when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > LARGEST_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Json | undefined {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function flatHeaders(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Json | undefined,
): void {
  // The date is simulated time.
  response.sendDate = headers.Date === undefined;
  const text = body === undefined ? '' : JSON.stringify(body);
  const type =
    body !== undefined && headers['Content-Type'] === undefined ? { 'Content-Type': 'application/json' } : {};
  const length = status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(text)) };
  response.writeHead(status, { ...headers, ...type, ...length });
  response.end(text);
}

/** Ends early when the client goes away. */
function sleep(milliseconds: number, client?: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    client?.socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call as it arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cut the connection in place of an answer. */
  readonly drop?: boolean;
}

/** Answers by `METHOD /path`; a list is used up one by one and its last member stays. */
export type FakeRoutes = Readonly<
  Record<string, FakeAnswer | readonly FakeAnswer[] | ((received: Received) => FakeAnswer)>
>;

export interface FakeApi {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Gives each call its answer, and remembers how far the lists are used up. */
export function answerer(routes: FakeRoutes): (call: Received) => FakeAnswer {
  const used = new Map<string, number>();
  return (call) => {
    const key = `${call.method} ${call.path}`;
    const route = routes[key];
    if (route === undefined) return { status: 404 };
    if (typeof route === 'function') return route(call);
    if (!isList(route)) return route;
    const index = Math.min(used.get(key) ?? 0, route.length - 1);
    used.set(key, index + 1);
    return route[index] ?? { status: 404 };
  };
}

/** An API on loopback that answers as it is told and remembers every call. What is not told is 404 without a body. */
export async function startFakeApi(routes: FakeRoutes): Promise<FakeApi> {
  const received: Received[] = [];
  const answerTo = answerer(routes);

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const call: Received = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(call);
      const answer = answerTo(call);
      if (answer.drop === true) {
        response.destroy();
        return;
      }
      const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
      response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close', ...answer.headers });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function isList(route: FakeAnswer | readonly FakeAnswer[]): route is readonly FakeAnswer[] {
  return Array.isArray(route);
}

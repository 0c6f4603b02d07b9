import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../../local/azure/json.ts';
import { RequestCounter } from '../../../../local/azure/request-activity.ts';
import { resourceTypes } from '../../../../local/azure/resource-types/all.ts';
import { Simulation } from '../../../../local/azure/simulation.ts';
import { TokenIssuer } from '../../../../local/azure/token-issuer.ts';

export const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000001';
export const OTHER_SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000002';
export const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-hub`;
export const OTHER_GROUP = `${SUBSCRIPTION}/resourceGroups/rg-spoke`;

/** What came back for a request. */
export interface Outcome {
  readonly status: number;
  /** Code of the error, when there is one. */
  readonly code?: string;
  readonly message?: string;
  readonly details: readonly string[];
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

const BASE_URL = 'https://127.0.0.1:7072';

/** One key for all tests of a process: making it takes longer than a test. */
export const tokens = new TokenIssuer(join(mkdtempSync(join(tmpdir(), 'hubkeeper-azure-')), 'key.pem'));

/** Simulated Azure with a clock that the test moves. Every request is somebody's with all rights. */
export class Azure {
  readonly simulation: Simulation;
  /** Calls of action groups that are under way. */
  readonly activity = new RequestCounter();
  #callers = 0;

  constructor(database = ':memory:') {
    const startMs = Date.UTC(2026, 0, 5);
    const { activity } = this;
    this.simulation = new Simulation({ database, resourceTypes, tokens, speed: 0, startMs, activity });
    for (const group of [GROUP, OTHER_GROUP, `${OTHER_SUBSCRIPTION}/resourceGroups/rg-hub`]) {
      this.put(group, { location: 'westeurope' });
    }
  }

  put(id: string, body: JsonObject, query = ''): Outcome {
    return this.request('PUT', id, body, query);
  }

  get(id: string, query = ''): Outcome {
    return this.request('GET', id, undefined, query);
  }

  delete(id: string): Outcome {
    return this.request('DELETE', id);
  }

  post(id: string, body: JsonObject = {}): Outcome {
    return this.request('POST', id, body);
  }

  request(method: string, id: string, body?: JsonObject, query = '', headers: Record<string, string> = {}): Outcome {
    const url = `${id}?api-version=${apiVersionOf(id)}${query === '' ? '' : `&${query}`}`;
    // A bucket of requests is for one principal: a test is no flood.
    this.#callers += 1;
    const text = body === undefined ? '' : JSON.stringify(body);
    const requestHeaders = { 'x-sim-principal': `tester-${this.#callers}`, ...headers };
    const answer = this.simulation.handle({ method, url, headers: requestHeaders, body: text, baseUrl: BASE_URL });
    record({ method, url: `${BASE_URL}${url}`, requestHeaders, requestBody: body ?? null, answer });
    return outcomeOf(answer.status, answer.body, answer.headers);
  }

  /** Lets simulated time pass until nothing is under way. */
  settle(): void {
    const { clock } = this.simulation.clockKeeper;
    for (let due = clock.nextDueMs(); due !== null; due = clock.nextDueMs()) clock.moveTo(due);
  }

  advance(seconds: number): void {
    const { clock } = this.simulation.clockKeeper;
    clock.moveTo(clock.nowMs() + seconds * 1000);
  }

  /** Moves through each due item in order, and waits for the calls of action groups before the next. */
  async pass(seconds: number): Promise<void> {
    const { clock } = this.simulation.clockKeeper;
    const targetMs = clock.nowMs() + seconds * 1000;
    for (;;) {
      await this.activity.idle();
      const due = clock.nextDueMs();
      clock.moveTo(due === null ? targetMs : Math.min(due, targetMs));
      if (due === null || due > targetMs) break;
    }
    await this.activity.idle();
  }

  /** Creates or updates and waits; a refusal or a failed operation fails the test. */
  make(id: string, body: JsonObject, query = ''): JsonObject {
    const answer = this.put(id, body, query);
    if (answer.status >= 300) throw new Error(`PUT ${id}: ${answer.status} ${answer.code} ${answer.message}`);
    const url = answer.headers['azure-asyncoperation'];
    this.settle();
    if (url !== undefined) {
      const { body: operation } = this.poll(url);
      if (operation.status !== 'Succeeded') throw new Error(`PUT ${id}: ${JSON.stringify(operation)}`);
    }
    return this.get(id).body;
  }

  /** Deletes and waits. */
  remove(id: string): void {
    const answer = this.delete(id);
    if (answer.status >= 300) throw new Error(`DELETE ${id}: ${answer.status} ${answer.code} ${answer.message}`);
    this.settle();
  }

  poll(operationUrl: string): Outcome {
    const url = operationUrl.slice(BASE_URL.length);
    const headers = { 'x-sim-principal': 'tester' };
    const answer = this.simulation.handle({ method: 'GET', url, headers, body: '', baseUrl: BASE_URL });
    return outcomeOf(answer.status, answer.body, answer.headers);
  }

  /** The next request that fits is accepted, and its operation fails. */
  failNext(method: string, url: string, code: string): void {
    this.simulation.faults.add({ method, url, times: 1, effect: { kind: 'fail-operation', code } });
  }

  /** As the app itself would send it: with a token, so that faults apply. */
  putAsApp(id: string, body: JsonObject): Outcome {
    const url = `${id}?api-version=${apiVersionOf(id)}`;
    const token = tokens.issue('https://management.azure.com', 3600).token;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = this.simulation.handle({
      method: 'PUT',
      url,
      headers,
      body: JSON.stringify(body),
      baseUrl: BASE_URL,
    });
    return outcomeOf(answer.status, answer.body, answer.headers);
  }

  close(): void {
    this.simulation.close();
  }
}

/** Id of a resource of Microsoft.Network in the hub's group. */
export function hub(path: string): string {
  return `${GROUP}/providers/Microsoft.Network/${path}`;
}

/** Id of a resource of Microsoft.Network in the other group. */
export function spoke(path: string): string {
  return `${OTHER_GROUP}/providers/Microsoft.Network/${path}`;
}

/** Digs into a body; `undefined` where a step is missing. Numbers index arrays. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Readonly<Record<string | number, Json | undefined>>)[step];
  }
  return here;
}

function outcomeOf(status: number, body: Json | undefined, headers: Readonly<Record<string, string>>): Outcome {
  const error = at(body, 'error') ?? (status >= 400 ? body : undefined);
  const code = at(error, 'code');
  const message = at(error, 'message');
  const details = at(error, 'details');
  return {
    status,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    details: Array.isArray(details) ? details.map((detail: Json) => String(at(detail, 'code'))) : [],
    body: typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : {},
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function apiVersionOf(id: string): string {
  const provider = id.slice(id.toLowerCase().lastIndexOf('/providers/') + '/providers/'.length).toLowerCase();
  if (!id.toLowerCase().includes('/providers/')) return '2025-04-01';
  if (provider.startsWith('microsoft.network/privatednszones')) return '2024-06-01';
  if (provider.startsWith('microsoft.network/')) return '2025-09-01';
  if (provider.startsWith('microsoft.operationalinsights/')) return '2025-07-01';
  if (provider.startsWith('microsoft.insights/metricalerts')) return '2026-01-01';
  if (provider.startsWith('microsoft.insights/actiongroups')) return '2024-10-01-preview';
  if (provider.startsWith('microsoft.insights/metric')) return '2024-02-01';
  if (provider.startsWith('microsoft.insights/')) return '2021-05-01-preview';
  return '2020-05-01';
}

/** Keeps the exchanges of a test run as JSON lines where the environment names a file. */
function record(exchange: {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: Json;
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Json;
  };
}): void {
  const file = process.env.HUBKEEPER_TEST_EXCHANGES;
  if (file === undefined) return;
  const { answer, ...request } = exchange;
  const line = {
    ...request,
    status: answer.status,
    responseHeaders: answer.headers,
    responseBody: answer.body ?? null,
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

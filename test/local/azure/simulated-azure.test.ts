import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createSimulatedAzure,
  type SimulatedAzure,
  type SimulatedAzureOptions,
} from '../../../local/azure/simulated-azure.ts';
import { send, type WireAnswer } from './support/https-client.ts';
import { GROUP, START_MS } from './support/simulation-driver.ts';
import { toyTypes } from './support/toy-types.ts';

const BOX = `${GROUP}/providers/Microsoft.Toy/boxes/box`;
const BODY = { location: 'westeurope', properties: {} };

let directory: string;
let azure: SimulatedAzure;

function start(options: Partial<SimulatedAzureOptions> = {}): Promise<SimulatedAzure> {
  return createSimulatedAzure({
    certificates: join(directory, 'certificates'),
    database: join(directory, 'azure.sqlite'),
    resourceTypes: toyTypes,
    startMs: START_MS,
    ...options,
  });
}

function sim(method: string, path: string, body?: unknown): Promise<WireAnswer> {
  return send(method, `${azure.armUrl}/_sim/${path}`, { caFile: azure.certificates.caFile, body });
}

async function token(resource = 'https://management.azure.com'): Promise<WireAnswer> {
  return send('GET', `${azure.identityEndpoint}?api-version=2019-08-01&resource=${resource}`, {
    headers: { 'X-IDENTITY-HEADER': azure.identityHeader },
  });
}

async function arm(method: string, path: string, body?: unknown): Promise<WireAnswer> {
  const { access_token: bearer } = (await token()).body as { access_token: string };
  const version = path.includes('Microsoft.Toy') ? '2025-01-01' : '2021-04-01';
  return send(method, `${azure.armUrl}${path}?api-version=${version}`, {
    caFile: azure.certificates.caFile,
    headers: { authorization: `Bearer ${bearer}` },
    body,
  });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-azure-'));
  azure = await start({ record: join(directory, 'exchanges.jsonl') });
  await arm('PUT', GROUP, { location: 'westeurope' });
});
afterEach(async () => {
  await azure.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the identity endpoint', () => {
  it('hands out tokens for any audience to whoever knows the header', async () => {
    const { status, body } = await token('https://storage.azure.com');
    const answer = body as Record<string, string>;
    expect(status).toBe(200);
    const claims = JSON.parse(Buffer.from(answer.access_token?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: 'https://storage.azure.com', exp: Number(answer.expires_on) });
    expect(claims.iss).toBe(`https://sts.windows.net/${claims.tid}/`);
  });

  it('refuses everybody else', async () => {
    const url = `${azure.identityEndpoint}?api-version=2019-08-01&resource=x`;
    expect((await send('GET', url)).status).toBe(401);
    const headers = { 'X-IDENTITY-HEADER': azure.identityHeader };
    expect((await send('GET', azure.identityEndpoint, { headers })).status).toBe(400);
    expect((await send('GET', `${url}&client_id=stranger`, { headers })).status).toBe(400);
  });

  it('gives tokens as short a life as the controls say', async () => {
    await sim('PUT', 'tokens', { lifeSeconds: 0.001 });
    const { status, body } = await arm('GET', GROUP);
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: { code: 'ExpiredAuthenticationToken' } });
  });
});

describe('the controls', () => {
  it('show state and counts', async () => {
    expect((await sim('GET', 'state')).body).toMatchObject({ resources: [{ id: GROUP }] });
    expect((await sim('GET', 'stats')).body).toMatchObject({
      resources: { [GROUP]: { creates: 1, writes: 1, deletes: 0, rejected: {} } },
      operations: [],
      peakParallel: 0,
      principals: { 'managed-identity': { writes: 1 } },
    });
  });

  it('merge traffic', async () => {
    await sim('PUT', 'traffic', { firewalls: { a: { snatPortsInUse: { TCP: 1 } } } });
    const merged = await sim('PUT', 'traffic', { firewalls: { a: { snatPortsInUse: { UDP: 2 } } } });
    expect(merged.body).toEqual({ firewalls: { a: { snatPortsInUse: { TCP: 1, UDP: 2 } } } });
  });

  it('make subscriptions known', async () => {
    const id = '99999999-9999-9999-9999-999999999999';
    expect((await arm('GET', `/subscriptions/${id}`)).status).toBe(404);
    await sim('PUT', 'subscriptions', { [id]: { displayName: 'Spoke' } });
    expect((await arm('GET', `/subscriptions/${id}`)).body).toMatchObject({ displayName: 'Spoke' });
  });

  it.each([
    ['PUT', 'subscriptions', { spoke: {} }],
    ['PUT', 'principals', { bob: {} }],
    ['PUT', 'tokens', {}],
    ['PUT', 'latency', { spread: 2 }],
    ['PUT', 'traffic', []],
    ['POST', 'faults', { times: 1 }],
    ['POST', 'clock', {}],
    ['PUT', 'clock/participants/host', { url: 'nowhere' }],
  ])('refuse what they do not understand: %s %s %j', async (method, path, body) => {
    const answer = await sim(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: 'InvalidControl' } });
  });
});

describe('faults', () => {
  it('answer in the place of Azure', async () => {
    const fault = JSON.parse(
      '{"match": {"method": "GET", "url": "resourceGroups/rg"}, "times": 1, "then": {"status": 429, "code": "TooManyRequests", "retryAfterSeconds": 7}}',
    );
    await sim('POST', 'faults', fault);
    const answer = await arm('GET', GROUP);
    expect(answer).toMatchObject({ status: 429, body: { error: { code: 'TooManyRequests' } } });
    expect(answer.headers['retry-after']).toBe('7');
    expect((await arm('GET', GROUP)).status).toBe(200);
  });

  it('cut the connection after the work is done, or before', async () => {
    await sim('POST', 'faults', JSON.parse('{"match": {"method": "PUT"}, "times": 1, "then": {"drop": true}}'));
    await expect(arm('PUT', BOX, BODY)).rejects.toThrow();
    expect((await arm('GET', BOX)).status).toBe(200);
    await sim('POST', 'faults', JSON.parse('{"match": {"method": "PUT"}, "times": 1, "then": {"drop": "before"}}'));
    const other = BOX.replace('/box', '/other');
    await expect(arm('PUT', other, BODY)).rejects.toThrow();
    expect((await arm('GET', other)).status).toBe(404);
  });

  it('hold an answer back for wall time while the clock goes on', async () => {
    await sim('POST', 'faults', JSON.parse('{"match": {"method": "PUT"}, "times": 1, "then": {"hangSeconds": 600}}'));
    const ends: string[] = [];
    const late = arm('PUT', BOX, BODY).then(
      () => ends.push('answered'),
      () => ends.push('cut'),
    );
    const exists = async (): Promise<boolean> => JSON.stringify((await sim('GET', 'state')).body).includes(BOX);
    while (!(await exists()));
    await sim('POST', 'clock', { advanceSeconds: 60 });
    expect((await arm('GET', BOX)).body).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    await azure.close();
    await late;
    expect(ends).toEqual(['cut']);
    azure = await start();
  });

  it('can be taken back', async () => {
    await sim('POST', 'faults', JSON.parse('{"times": 9, "then": {"status": 500}}'));
    expect((await arm('GET', GROUP)).status).toBe(500);
    await sim('DELETE', 'faults');
    expect((await arm('GET', GROUP)).status).toBe(200);
  });
});

describe('the clock', () => {
  it('steps to the end of an operation and tells what time it is', async () => {
    await arm('PUT', BOX, BODY);
    const answer = await sim('POST', 'clock', { advanceSeconds: 3600 });
    expect(answer.body).toEqual({ simulatedMs: START_MS + 3_600_000, now: '2026-01-05T09:00:00.000Z', steps: 2 });
    expect((await arm('GET', BOX)).body).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    expect((await arm('GET', BOX)).headers.date).toBe('Mon, 05 Jan 2026 09:00:00 GMT');
    expect((await sim('GET', 'clock')).body).toMatchObject({ now: '2026-01-05T09:00:00.000Z', speed: 0 });
  });

  it('moves only when its participants are at rest, and wakes them when they want', async () => {
    const wakeMs = START_MS + 60_000;
    const told: number[] = [];
    const host = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { nowMs } = JSON.parse(Buffer.concat(chunks).toString()) as { nowMs: number };
        const workDone = nowMs === wakeMs && !told.includes(wakeMs);
        told.push(nowMs);
        const work = workDone ? arm('PUT', BOX, BODY) : Promise.resolve();
        void work.then(() => response.end(JSON.stringify({ nextDueMs: nowMs < wakeMs ? wakeMs : null, workDone })));
      });
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const address = host.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await sim('PUT', 'clock/participants/host', { url: `http://127.0.0.1:${port}/` });
    const answer = await sim('POST', 'clock', { advanceSeconds: 300 });
    expect(answer.body).toMatchObject({ simulatedMs: START_MS + 300_000, steps: 3 });
    expect(new Set(told)).toEqual(new Set([START_MS, wakeMs, wakeMs + 60_000, START_MS + 300_000]));
    expect((await arm('GET', BOX)).body).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    await sim('DELETE', 'clock/participants/host');
    await new Promise((resolve) => host.close(resolve));
  });
});

describe('the recording', () => {
  it('has every exchange with ARM, no control, and no token', async () => {
    await sim('GET', 'state');
    await arm('PUT', BOX, BODY);
    const text = readFileSync(join(directory, 'exchanges.jsonl'), 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { method: 'PUT', url: `${azure.armUrl}${GROUP}?api-version=2021-04-01`, status: 201 },
      { method: 'PUT', status: 201, requestBody: BODY, requestHeaders: { authorization: 'REDACTED' } },
    ]);
    expect(text).not.toContain('eyJ');
  });
});

describe('a restart', () => {
  it('answers at the same addresses, trusts the same tokens and remembers', async () => {
    const { access_token: bearer } = (await token()).body as { access_token: string };
    const { armUrl, identityEndpoint, identityHeader } = azure;
    const before = (await sim('GET', 'state')).body;
    await azure.close();
    azure = await start();
    expect(azure).toMatchObject({ armUrl, identityEndpoint, identityHeader });
    expect((await sim('GET', 'state')).body).toEqual(before);
    const answer = await send('GET', `${armUrl}${GROUP}?api-version=2021-04-01`, {
      caFile: azure.certificates.caFile,
      headers: { authorization: `Bearer ${bearer}` },
    });
    expect(answer.status).toBe(200);
  });
});

describe('a second simulation on the same state', () => {
  it('does not start', async () => {
    await expect(start()).rejects.toThrow('database is locked');
  }, 30_000);
});

describe('data planes beside ARM', () => {
  it('answer what is theirs', async () => {
    await azure.close();
    azure = await start({
      dataPlane: () => (request) =>
        request.url.startsWith('/v1/') ? { status: 200, headers: {}, body: { tables: [] } } : undefined,
      controls: () => [{ method: 'GET', path: '/more', handle: () => ({ status: 200, body: { more: true } }) }],
    });
    const { caFile } = azure.certificates;
    expect((await send('GET', `${azure.armUrl}/v1/query`, { caFile })).body).toEqual({ tables: [] });
    expect((await sim('GET', 'more')).body).toEqual({ more: true });
    expect((await arm('GET', GROUP)).status).toBe(200);
  });
});

describe('a running clock', () => {
  it('is stopped for the way of an advance, with everybody who shares it, and runs on from there', async () => {
    await azure.close();
    azure = await start({ speed: 1 });
    const told: { readonly simulatedMs: number; readonly speed: number }[] = [];
    const host = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        told.push((JSON.parse(Buffer.concat(chunks).toString()) as { setting: (typeof told)[number] }).setting);
        response.end(JSON.stringify({ nextDueMs: null, workDone: false }));
      });
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const address = host.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await sim('PUT', 'clock/participants/host', { url: `http://127.0.0.1:${port}/` });
    await arm('PUT', BOX, BODY);
    const beforeMs = azure.simulation.clockKeeper.clock.nowMs();
    const { body } = await sim('POST', 'clock', { advanceSeconds: 86_400 });
    const { simulatedMs } = body as { simulatedMs: number };
    expect(simulatedMs).toBeGreaterThanOrEqual(beforeMs + 86_400_000);
    expect(told.slice(0, -1).every(({ speed }) => speed === 0)).toBe(true);
    expect(told.at(-1)).toMatchObject({ speed: 1 });
    expect(azure.simulation.clockKeeper.clock.setting().speed).toBe(1);
    expect(azure.simulation.clockKeeper.clock.nowMs()).toBeGreaterThanOrEqual(simulatedMs);
    expect((await arm('GET', BOX)).body).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    await new Promise((resolve) => host.close(resolve));
  });
});

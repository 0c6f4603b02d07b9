import { app } from '@azure/functions';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeHostKeys } from '../../../local/host/host-keys.ts';
import { type Fixture, startFixture } from './support/host-fixture.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

function registerRoutes(): void {
  app.http('things', {
    route: 'things/{id:int}',
    handler: (request) => ({ jsonBody: { by: 'number', id: request.params.id } }),
  });
  app.http('thingByName', {
    route: 'things/{name}',
    handler: (request) => ({ jsonBody: { by: 'name', name: request.params.name } }),
  });
  app.http('fixedThing', { route: 'things/fixed', handler: () => ({ jsonBody: { by: 'literal' } }) });
  app.http('files', {
    route: 'files/{*path}',
    handler: (request) => ({ jsonBody: { path: request.params.path ?? null } }),
  });
  app.http('optional', {
    route: 'optional/{a}/{b?}',
    handler: (request) => ({ jsonBody: { a: request.params.a, b: request.params.b ?? null } }),
  });
  app.http('Echo', {
    methods: ['GET', 'POST', 'PUT'],
    handler: async (request) => ({
      status: 201,
      headers: { 'x-seen': request.headers.get('x-mine') ?? 'none' },
      cookies: [{ name: 'c', value: 'a b', httpOnly: true, sameSite: 'Strict' as const, maxAge: 60, path: '/' }],
      jsonBody: {
        url: request.url,
        method: request.method,
        query: Object.fromEntries(request.query),
        body: await request.text(),
      },
    }),
  });
  app.http('nothing', { handler: () => undefined as never });
  app.http('empty', { handler: () => ({ status: 204, body: 'lost' }) });
  app.http('broken', {
    handler: () => {
      throw new Error('secret detail');
    },
  });
  app.http('number', { handler: () => 7 as never });
  app.http('bytes', { methods: ['POST'], handler: async (request) => ({ body: await request.arrayBuffer() }) });
}

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(`${fixture.host.functionsUrl}${path}`, init);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

describe('routes', () => {
  it.each<[string, unknown]>([
    ['/api/things/12', { by: 'number', id: '12' }],
    ['/api/things/twelve', { by: 'name', name: 'twelve' }],
    ['/api/things/a%20b%2Fc', { by: 'name', name: 'a b/c' }],
    ['/API/Things/Fixed', { by: 'literal' }],
    ['/api/files/a/b/c.txt', { path: 'a/b/c.txt' }],
    ['/api/files', { path: null }],
    ['/api/optional/1', { a: '1', b: null }],
    ['/api/optional/1/2', { a: '1', b: '2' }],
    ['/api/OPTIONAL/MixedCase/Kept', { a: 'MixedCase', b: 'Kept' }],
  ])('%s', async (path, expected) => {
    fixture = await startFixture({}, registerRoutes);

    const { status, body } = await get(path);

    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: expected });
  });

  it.each([
    ['GET', '/api/nowhere'],
    ['GET', '/things/12'],
    ['GET', '/api/optional'],
    ['DELETE', '/api/echo'],
    ['GET', '/runtime/webhooks/nothing'],
    ['GET', '/api/things/%E0%A4%A'],
  ])('%s %s is not found', async (method, path) => {
    fixture = await startFixture({}, registerRoutes);

    const { status } = await get(path, { method });

    expect(status).toBe(404);
  });

  it('begin with the prefix of host.json', async () => {
    fixture = await startFixture({ hostJson: { extensions: { http: { routePrefix: '' } } } }, registerRoutes);

    expect((await get('/things/fixed')).status).toBe(200);
    expect((await get('/api/things/fixed')).status).toBe(404);
  });

  it('that are taken, reserved or not understood refuse the function, not the app', async () => {
    fixture = await startFixture({}, () => {
      registerRoutes();
      app.http('again', { route: 'things/{other}', handler: () => ({}) });
      app.http('reserved', { route: 'admin/things', handler: () => ({}) });
      app.http('odd', { route: 'odd/{a}-{b}', handler: () => ({}) });
    });

    expect(fixture.host.refused.map((each) => each.name).sort()).toEqual(['again', 'odd', 'reserved']);
    expect((await get('/api/things/x')).body).toContain('"by":"name"');
  });
});

describe('requests and answers', () => {
  it('carry method, absolute URL, query, headers, body, status and cookies', async () => {
    fixture = await startFixture({}, registerRoutes);

    const { status, body, headers } = await get('/api/echo?a=1&b=x%20y&a=2', {
      method: 'PUT',
      headers: { 'X-Mine': 'here' },
      body: 'the body',
    });

    expect(status).toBe(201);
    expect(headers.get('x-seen')).toBe('here');
    expect(headers.get('set-cookie')).toBe('c=a%20b; Path=/; Max-Age=60; HttpOnly; SameSite=Strict');
    expect(JSON.parse(body)).toEqual({
      url: `${fixture.host.functionsUrl}/api/echo?a=1&b=x%20y&a=2`,
      method: 'PUT',
      query: { a: '1,2', b: 'x y' },
      body: 'the body',
    });
  });

  it('keep bytes', async () => {
    fixture = await startFixture({}, registerRoutes);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);

    const response = await fetch(`${fixture.host.functionsUrl}/api/bytes`, { method: 'POST', body: bytes });

    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  it.each([
    ['/api/nothing', 200],
    ['/api/empty', 204],
    ['/api/broken', 500],
    ['/api/number', 500],
  ])('%s is answered with %i and no body', async (path, expected) => {
    fixture = await startFixture({}, registerRoutes);

    const { status, body } = await get(path);

    expect({ status, body }).toEqual({ status: expected, body: '' });
  });

  it('that take longer than functionTimeout are answered with 500', async () => {
    fixture = await startFixture({ hostJson: { functionTimeout: '00:00:01' } }, () => {
      app.http('slow', { handler: () => new Promise<never>(() => undefined) });
    });

    expect((await get('/api/slow')).status).toBe(500);
  });
});

describe('settling', () => {
  it('waits for requests that are still being answered', async () => {
    let finish: () => void = () => undefined;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const order: string[] = [];
    fixture = await startFixture({}, () => {
      app.http('gate', {
        handler: async () => {
          begin();
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
          order.push('answered');
          return { body: 'open' };
        },
      });
    });

    const answer = get('/api/gate');
    await begun;
    const settled = fixture.host.settle().then(({ workDone }) => order.push(`settled after ${workDone}`));
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await settled;

    expect(order).toEqual(['answered', 'settled after 1']);
    expect((await answer).body).toBe('open');
  });
});

describe('keys', () => {
  const keys = makeHostKeys();

  function registerLevels(): void {
    app.http('open', { authLevel: 'anonymous', handler: () => ({ body: 'in' }) });
    app.http('closed', { authLevel: 'function', handler: () => ({ body: 'in' }) });
    app.http('inner', { authLevel: 'admin', handler: () => ({ body: 'in' }) });
  }

  it('are not asked for by default', async () => {
    fixture = await startFixture({ keys }, registerLevels);

    expect((await get('/api/closed')).status).toBe(200);
    expect((await get('/api/inner')).status).toBe(200);
    expect((await get('/admin/functions')).status).toBe(200);
  });

  it.each<[string, string | undefined, number]>([
    ['open', undefined, 200],
    ['closed', undefined, 401],
    ['closed', 'wrong', 401],
    ['closed', keys.functionKey, 200],
    ['closed', keys.masterKey, 200],
    ['inner', keys.functionKey, 401],
    ['inner', keys.masterKey, 200],
  ])('when required: %s with the key %s is answered with %i', async (name, key, expected) => {
    fixture = await startFixture({ keys, requireKeys: true }, registerLevels);

    const byHeader = await get(`/api/${name}`, key === undefined ? {} : { headers: { 'x-functions-key': key } });
    const byQuery = await get(`/api/${name}${key === undefined ? '' : `?code=${key}`}`);

    expect(byHeader.status).toBe(expected);
    expect(byQuery.status).toBe(expected);
  });

  it('guard the webhooks and the admin endpoints with keys of their own', async () => {
    fixture = await startFixture({ keys, requireKeys: true });
    const durable = '/runtime/webhooks/durabletask/instances/';
    const grid = '/runtime/webhooks/EventGrid?functionName=none';

    expect((await get(`${durable}?code=${keys.functionKey}`)).status).toBe(401);
    expect((await get(`${durable}?code=${keys.durableTaskKey}`)).status).toBe(200);
    expect((await get(`${grid}&code=${keys.durableTaskKey}`)).status).toBe(401);
    expect((await get(`${grid}&code=${keys.eventGridKey}`)).status).toBe(404);
    expect((await get('/admin/host/status')).status).toBe(401);
    expect((await get(`/admin/host/status?code=${keys.masterKey}`)).status).toBe(200);
  });

  it('are not needed by a durable client inside the app', async () => {
    fixture = await startFixture({ keys, requireKeys: true });

    const { status } = await get('/api/orchestrators/chain/from-inside', { method: 'POST', body: '{"steps":1}' });
    await fixture.host.settle();

    expect(status).toBe(202);
    expect(fixture.host.history('from-inside')?.status).toBe('Completed');
  });
});

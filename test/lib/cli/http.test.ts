import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { CliError } from '../../../lib/cli/cli-error.ts';
import type { Endpoint } from '../../../lib/cli/endpoint.ts';
import { type Call, call } from '../../../lib/cli/http.ts';
import type { FakeRoutes } from './fake-api.ts';
import { createFakeWorld } from './fake-world.ts';

const endpoint: Endpoint = { url: 'https://app.example', key: 'secret-key', user: 'duty', from: 'environment' };
const answers = { 200: z.object({ ok: z.boolean() }) };
const get: Call<(typeof answers)[200]> = { method: 'GET', path: '/thing', answers };
const put: Call<(typeof answers)[200]> = {
  method: 'PUT',
  path: '/thing',
  answers,
  body: { contentType: 'application/json', bytes: '{}' },
};
const good = { status: 200, body: { ok: true } };

async function failureOf(routes: FakeRoutes, request: typeof get, from: Endpoint = endpoint) {
  const world = createFakeWorld({ routes });
  const error = await call(world, from, request).catch((thrown: unknown) => thrown);
  if (!(error instanceof CliError)) throw new Error('It did not fail.');
  return { error, world };
}

describe('call', () => {
  it('carries key and user in headers and never in the address', async () => {
    const world = createFakeWorld({ routes: { 'GET /api/thing': good } });

    const reply = await call(world, endpoint, { ...get, query: { since: '2026-03-01T09:00:00Z', none: undefined } });

    expect(reply).toEqual({ status: 200, value: { ok: true } });
    expect(world.received).toEqual([expect.objectContaining({ query: { since: '2026-03-01T09:00:00Z' } })]);
    expect(world.received[0]?.headers).toMatchObject({ 'x-functions-key': 'secret-key', 'x-hubkeeper-user': 'duty' });
  });

  it.each([{ status: 502 }, { status: 503 }, { status: 429 }, { status: 200, drop: true }])(
    'repeats a GET after %j',
    async (bad) => {
      const world = createFakeWorld({ routes: { 'GET /api/thing': [bad, bad, good] } });

      await expect(call(world, endpoint, get)).resolves.toMatchObject({ value: { ok: true } });
      expect(world.sleepsMs).toEqual([500, 1500]);
    },
  );

  it('waits as long as the app says, within reason', async () => {
    const world = createFakeWorld({
      routes: {
        'GET /api/thing': [
          { status: 429, headers: { 'retry-after': '3' } },
          { status: 429, headers: { 'retry-after': '9999' } },
          good,
        ],
      },
    });

    await call(world, endpoint, get);

    expect(world.sleepsMs).toEqual([3000, 10_000]);
  });

  it('gives a GET up after the third time', async () => {
    const { world } = await failureOf({ 'GET /api/thing': { status: 503 } }, get);

    expect(world.received).toHaveLength(3);
  });

  it.each([{ status: 503 }, { status: 200, drop: true }])('never sends a write twice: %j', async (bad) => {
    const { world } = await failureOf({ 'PUT /api/thing': [bad, good] }, put);

    expect(world.received).toHaveLength(1);
  });

  it.each([400, 404, 409, 500])('does not repeat a GET that is refused with %d', async (status) => {
    const { world } = await failureOf({ 'GET /api/thing': { status } }, get);

    expect(world.received).toHaveLength(1);
  });

  it.each([
    [400, 2],
    [413, 2],
    [415, 2],
    [403, 1],
    [404, 1],
    [409, 1],
    [410, 1],
    [412, 1],
    [500, 1],
  ])("an error list with status %d keeps the app's words and ends with %d", async (status, exitCode) => {
    const errors = [{ code: 'X', path: 'a', message: 'It is so.', remedy: 'Do that.' }];
    const { error } = await failureOf({ 'GET /api/thing': { status, body: { errors, plan: 1 } } }, get);

    expect(error).toMatchObject({ exitCode, errors, status, body: { plan: 1 } });
  });

  it.each([
    [{ status: 200, body: '<html>' }, 'UnexpectedAnswer'],
    [{ status: 200, body: { ok: 'yes' } }, 'UnexpectedAnswer'],
    [{ status: 200 }, 'UnexpectedAnswer'],
    [{ status: 401 }, 'NotAllowed'],
    [{ status: 404, body: '<html>' }, 'NotFound'],
    [{ status: 418 }, 'HttpStatus'],
    [{ status: 301, headers: { location: 'https://else.example/?code=secret-key' } }, 'Redirected'],
  ])('%j is %s in plain words', async (answer, code) => {
    const { error } = await failureOf({ 'GET /api/thing': answer }, get);

    expect(error.exitCode).toBe(1);
    expect(error.errors).toEqual([
      expect.objectContaining({ code, message: expect.stringMatching(/\.$/), remedy: expect.stringMatching(/\.$/) }),
    ]);
    expect(JSON.stringify(error.errors)).not.toContain('secret-key');
  });

  it('says how to start the local environment when that is what does not answer', async () => {
    const dead = { 'GET /api/thing': { status: 200, drop: true } };
    const local = await failureOf(dead, get, { url: 'http://127.0.0.1:7071', from: 'local state folder' });
    const remote = await failureOf(dead, get);

    expect(local.error.errors[0]).toMatchObject({ code: 'Unreachable', remedy: expect.stringContaining('npm start') });
    expect(remote.error.errors[0]).toMatchObject({
      message: 'Nothing answers at https://app.example (ECONNREFUSED).',
      remedy: expect.stringContaining('HUBKEEPER_URL'),
    });
  });

  it('tells of a write that timed out that it may have been recorded', async () => {
    const world = {
      ...createFakeWorld(),
      fetch: (_input: unknown, init?: RequestInit) =>
        new Promise<Response>((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        }),
    };

    const error = await call(world, endpoint, { ...put, timeoutSeconds: 0.001 }).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      errors: [{ code: 'TimedOut', remedy: expect.stringContaining('hubkeeper operations') }],
    });
  });
});

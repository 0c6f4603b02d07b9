import { describe, expect, it } from '@jest/globals';
import { CliError } from '../../../lib/cli/cli-error.ts';
import { type EndpointOptions, findEndpoint } from '../../../lib/cli/endpoint.ts';
import { createFakeWorld, type FakeWorldOptions } from './fake-world.ts';

const READY = '/here/.hubkeeper/ready.json';
const ready = (more: object = {}) => ({
  [READY]: JSON.stringify({ functions: 'http://127.0.0.1:7071', arm: 'https://127.0.0.1:7072', pid: 1, ...more }),
});

async function refusal(world: FakeWorldOptions, options: EndpointOptions = {}): Promise<CliError> {
  const error = await findEndpoint(createFakeWorld(world), options).catch((thrown: unknown) => thrown);
  if (!(error instanceof CliError)) throw new Error('It was not refused.');
  return error;
}

describe('findEndpoint', () => {
  it.each([
    ['https://app.example', 'https://app.example'],
    ['https://app.example/', 'https://app.example'],
    ['https://app.example/api/', 'https://app.example'],
    ['https://gateway.example/hubkeeper/', 'https://gateway.example/hubkeeper'],
    [' http://localhost:7071 ', 'http://localhost:7071'],
  ])('HUBKEEPER_URL %j is %s', async (address, url) => {
    const world = createFakeWorld({ env: { HUBKEEPER_URL: address } });

    expect(await findEndpoint(world, {})).toEqual({ url, from: 'environment' });
  });

  it('takes key and user from the environment; --user wins', async () => {
    const world = createFakeWorld({ env: { HUBKEEPER_KEY: 'k', HUBKEEPER_USER: 'duty' } });

    expect(await findEndpoint(world, {})).toMatchObject({ key: 'k', user: 'duty' });
    expect(await findEndpoint(world, { user: 'other' })).toMatchObject({ user: 'other' });
  });

  it('without HUBKEEPER_URL reads the ready file, and calls as the account of the machine', async () => {
    const world = createFakeWorld({ env: { HUBKEEPER_URL: '', USER: 'pat' }, files: ready({ functionKey: 'local' }) });

    expect(await findEndpoint(world, {})).toEqual({
      url: 'http://127.0.0.1:7071',
      from: 'local state folder',
      key: 'local',
      user: 'pat',
    });
  });

  it('takes the account of the system where no variable names it, and asks for a name where there is none', async () => {
    const files = ready({ functionKey: 'local' });
    const env = { HUBKEEPER_URL: '' };

    expect(await findEndpoint(createFakeWorld({ env, files, accountName: 'kim' }), {})).toMatchObject({ user: 'kim' });
    await expect(findEndpoint(createFakeWorld({ env, files, accountName: null }), {})).rejects.toMatchObject({
      exitCode: 2,
      errors: [{ remedy: 'Name yourself with --user NAME, or set HUBKEEPER_USER.' }],
    });
  });

  it('names nobody to an app that is not local', async () => {
    const world = createFakeWorld({ env: { USER: 'pat' } });

    expect(await findEndpoint(world, {})).not.toHaveProperty('user');
  });

  it('--state names another folder, even beside HUBKEEPER_URL', async () => {
    const world = createFakeWorld({
      files: { '/else/ready.json': JSON.stringify({ functions: 'http://127.0.0.1:9' }) },
    });

    expect(await findEndpoint(world, { state: '/else' })).toMatchObject({ url: 'http://127.0.0.1:9' });
  });

  it.each([
    'not a url',
    'ftp://app.example',
    'https://user:secret@app.example',
    'https://app.example?code=secret',
    'https://app.example#secret',
  ])('refuses %s without repeating what may be secret', async (address) => {
    const error = await refusal({ env: { HUBKEEPER_URL: address } });

    expect(error.exitCode).toBe(2);
    expect(JSON.stringify(error.errors)).not.toContain('secret');
  });

  it('refuses to send a key in the clear, except to the machine itself', async () => {
    const error = await refusal({ env: { HUBKEEPER_URL: 'http://app.example', HUBKEEPER_KEY: 'secret' } });

    expect(error.errors[0]?.message).toContain('in the clear');
    expect(JSON.stringify(error.errors)).not.toContain('secret');
    await expect(
      findEndpoint(createFakeWorld({ env: { HUBKEEPER_URL: 'http://[::1]:7071', HUBKEEPER_KEY: 'k' } }), {}),
    ).resolves.toMatchObject({ key: 'k' });
  });

  it.each([
    ['no file', {}],
    ['no JSON', { [READY]: '{' }],
    ['another file', { [READY]: '{"pid":1}' }],
  ])('says what to do with %s', async (_name, files) => {
    const error = await refusal({ env: { HUBKEEPER_URL: undefined }, files });

    expect(error.exitCode).toBe(2);
    expect(error.errors[0]?.remedy).toContain('npm start');
  });

  it.each(['a\r\nx-evil: 1', 'é', ''.padEnd(101, 'a')])('refuses the user %j', async (user) => {
    expect((await refusal({}, { user })).exitCode).toBe(2);
  });
});

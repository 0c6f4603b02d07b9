import { describe, expect, it } from '@jest/globals';
import type { Arm, ArmResponse } from '../../../lib/azure/arm.ts';
import { pollOperation, readStart } from '../../../lib/azure/long-operation.ts';

const ID = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
const RESOURCE = { id: ID, apiVersion: '2025-09-01', expect: 'present' } as const;
const URL =
  'https://management.azure.com/subscriptions/s/providers/Microsoft.Network/locations/l/operations/o?api-version=1';

function answer(status: number, body?: object, headers: Readonly<Record<string, string>> = {}): ArmResponse {
  return { status, headers, body: body === undefined ? undefined : JSON.parse(JSON.stringify(body)) };
}

/** Answers by the target that is asked for. */
function arm(answers: Readonly<Record<string, ArmResponse>>): Arm {
  return {
    send: async ({ target }) =>
      answers[target] ?? answer(404, { error: { code: 'ResourceNotFound', message: 'not there' } }),
    list: async () => [],
  };
}

describe('the first answer to a write', () => {
  it('is followed by Azure-AsyncOperation before Location', () => {
    const started = readStart(
      answer(201, {}, { 'azure-asyncoperation': URL, location: 'https://elsewhere', 'retry-after': '10' }),
      'PUT',
      ID,
    );

    expect(started).toEqual({ state: 'running', handle: { by: 'asyncOperation', url: URL }, retryAfterSeconds: 10 });
  });

  it('is followed by Location for a delete, else by the resource', () => {
    expect(readStart(answer(202, undefined, { location: URL }), 'DELETE', ID)).toMatchObject({
      handle: { by: 'location', url: URL },
    });
    expect(readStart(answer(202), 'DELETE', ID)).toMatchObject({ handle: { by: 'resource', expect: 'absent' } });
    expect(readStart(answer(204), 'DELETE', ID)).toEqual({ state: 'succeeded' });
  });

  it.each([
    ['Updating', 'running'],
    ['Accepted', 'running'],
    ['Succeeded', 'succeeded'],
    ['succeeded', 'succeeded'],
    ['Failed', 'refused'],
    ['Canceled', 'refused'],
  ])('of a PUT without a URL is read from the state %s of the resource: %s', (provisioningState, state) => {
    expect(readStart(answer(200, { properties: { provisioningState } }), 'PUT', ID).state).toBe(state);
  });

  it('of a PUT that tells no state at all means done', () => {
    expect(readStart(answer(200, { id: ID }), 'PUT', ID)).toEqual({ state: 'succeeded' });
  });

  it('never asks more often than every 5 seconds or more seldom than every minute', () => {
    const seconds = (retryAfter: string) => {
      const started = readStart(answer(202, undefined, { location: URL, 'retry-after': retryAfter }), 'DELETE', ID);
      return started.state === 'running' ? started.retryAfterSeconds : Number.NaN;
    };

    expect([seconds('0'), seconds('30'), seconds('600')]).toEqual([5, 30, 60]);
  });
});

describe('a look at a running operation', () => {
  const handle = { by: 'asyncOperation', url: URL } as const;

  it.each([
    ['InProgress', 'running'],
    ['Something new', 'running'],
    ['Succeeded', 'succeeded'],
    ['Failed', 'refused'],
    ['Canceled', 'refused'],
  ])('with status %s gives %s', async (status, state) => {
    const outcome = await pollOperation(
      arm({ [URL]: answer(200, { status, error: { code: 'X', message: 'why' } }) }),
      handle,
      RESOURCE,
    );

    expect(outcome.state).toBe(state);
  });

  it('that fails without saying why is still a refusal that may be tried again', async () => {
    const outcome = await pollOperation(arm({ [URL]: answer(200, { status: 'Failed' }) }), handle, RESOURCE);

    expect(outcome).toMatchObject({
      state: 'refused',
      refusal: { disposition: 'wait', problem: { code: 'OperationFailed' } },
    });
  });

  it('whose URL Azure has forgotten falls back to the resource', async () => {
    const done = await pollOperation(
      arm({ [ID]: answer(200, { properties: { provisioningState: 'Succeeded' } }) }),
      handle,
      RESOURCE,
    );
    const gone = await pollOperation(arm({}), { by: 'location', url: URL }, { ...RESOURCE, expect: 'absent' });

    expect(done).toEqual({ state: 'succeeded' });
    expect(gone).toEqual({ state: 'succeeded' });
  });

  it.each([
    [429, 'Busy', false],
    [500, 'Busy', false],
    [503, 'Busy', false],
    [409, 'Conflict', false],
    [401, 'InvalidAuthenticationToken', true],
    [400, 'BadRequest', true],
    [403, 'AuthorizationFailed', true],
  ])('that is answered %d %s says nothing about the operation', async (status, code, isTold) => {
    const response = answer(status, { error: { code, message: 'x' } });
    for (const looked of [
      await pollOperation(arm({ [URL]: response }), handle, RESOURCE),
      await pollOperation(arm({ [ID]: response }), { by: 'location', url: URL }, { ...RESOURCE, expect: 'present' }),
      await pollOperation(arm({ [ID]: response }), { by: 'location', url: URL }, { ...RESOURCE, expect: 'absent' }),
    ]) {
      expect(looked).toMatchObject({ state: 'running', isUnread: true });
      expect('problem' in looked).toBe(isTold);
    }
  });

  it('that is gone (410) falls back to the resource', async () => {
    const failed = answer(200, { properties: { provisioningState: 'Failed' } });

    expect(await pollOperation(arm({ [URL]: answer(410), [ID]: failed }), handle, RESOURCE)).toMatchObject({
      state: 'refused',
      refusal: { failedOperation: true },
    });
  });

  it('by Location ends with the first answer that is not 202', async () => {
    const location = { by: 'location', url: URL } as const;

    expect(
      await pollOperation(arm({ [URL]: answer(202, undefined, { location: `${URL}&next=1` }) }), location, RESOURCE),
    ).toMatchObject({ handle: { url: `${URL}&next=1` } });
    expect(await pollOperation(arm({ [URL]: answer(204) }), location, RESOURCE)).toEqual({ state: 'succeeded' });
  });
});

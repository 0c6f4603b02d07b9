import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type FaultEffect, namesIn, Stage } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'faults' });
});

afterAll(() => environment?.stop());

afterEach(async () => {
  await environment.sim('DELETE', 'faults');
  await environment.sim('PUT', 'principals', { 'managed-identity': { roles: [{ role: 'Contributor' }] } });
});

describe('what passes by itself', () => {
  it.each<{
    readonly what: string;
    readonly method: string;
    readonly url: string;
    readonly effect: FaultEffect;
    readonly times?: number;
  }>([
    {
      what: '429 on lists',
      method: 'GET',
      url: '/virtualNetworks\\?',
      effect: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 90 },
    },
    {
      what: '429 on the reading before a write',
      method: 'GET',
      url: '/virtualNetworks/vnet-spoke-a\\?',
      effect: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 17 },
    },
    {
      what: '429 on writes',
      method: 'PUT',
      url: '/virtualNetworks/vnet-spoke-a\\?',
      effect: { status: 429, code: 'SubscriptionRequestsThrottled', retryAfterSeconds: 75 },
    },
    {
      what: '429 on polls',
      method: 'GET',
      url: '/operations/',
      effect: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 33 },
    },
    {
      what: '429 in preflight',
      method: 'GET',
      url: '/providers/Microsoft.Network\\?',
      effect: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 5 },
    },
    {
      what: '429 on quotas',
      method: 'GET',
      url: '/usages\\?',
      effect: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 5 },
    },
    { what: '500 on PUT', method: 'PUT', url: '/virtualNetworks/', effect: { status: 500 } },
    {
      what: '503 on PUT',
      method: 'PUT',
      url: '/resourceGroups/rg-a\\?',
      effect: { status: 503, code: 'ServiceUnavailable' },
    },
    { what: '500 on polls', method: 'GET', url: '/operations/', effect: { status: 500 } },
    {
      what: 'a PUT whose answer is lost',
      method: 'PUT',
      url: '/virtualNetworks/vnet-spoke-a\\?',
      effect: { drop: 'after' },
      times: 1,
    },
    {
      what: 'PUTs of groups whose answers are lost',
      method: 'PUT',
      url: '/resourceGroups/rg-[ab]\\?',
      effect: { drop: 'after' },
    },
    { what: 'a PUT that never arrives', method: 'PUT', url: '/networkSecurityGroups/', effect: { drop: 'before' } },
    { what: 'a dropped list', method: 'GET', url: '/virtualNetworks\\?', effect: { drop: true } },
    { what: 'a dropped reading of quotas', method: 'GET', url: '/usages\\?', effect: { drop: true } },
    { what: 'a dropped GET', method: 'GET', url: '/virtualNetworks/', effect: { drop: true } },
    { what: 'a dropped poll', method: 'GET', url: '/operations/', effect: { drop: true } },
    {
      what: 'an operation that Azure has forgotten',
      method: 'GET',
      url: '/operations/',
      effect: { status: 404, code: 'NotFound' },
    },
    {
      what: 'an operation that fails once',
      method: 'PUT',
      url: '/virtualNetworks/vnet-spoke-a\\?',
      effect: { failOperation: 'InternalServerError' },
    },
    {
      what: 'a peering that fails once',
      method: 'PUT',
      url: '/virtualNetworkPeerings/',
      effect: { failOperation: 'InternalServerError' },
    },
    {
      what: 'a token that has expired',
      method: 'PUT',
      url: '/virtualNetworks/',
      effect: { status: 401, code: 'ExpiredAuthenticationToken' },
    },
    {
      what: 'an expired token while planning',
      method: 'GET',
      url: '/virtualNetworks\\?',
      effect: { status: 401, code: 'ExpiredAuthenticationToken' },
    },
  ])('$what', async ({ method, url, effect, times = 2 }) => {
    const stage = await Stage.open(environment);
    await stage.fault(method, url, effect, times);

    const operation = await stage.provision(stage.spec());

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await stage.faultsLeft()).toBe(0);
    expect(await stage.madeTwice()).toEqual([]);
    const states = [...(await stage.world()).values()].map(
      ({ properties }) => properties.provisioningState ?? 'Succeeded',
    );
    expect(new Set(states)).toEqual(new Set(['Succeeded']));
    expect(await stage.provision(stage.spec())).toMatchObject({ state: 'succeeded', nodes: [] });
  });

  it('a call that hangs: it is given up and looked up again', async () => {
    const stage = await Stage.open(environment);
    await stage.fault('PUT', '/virtualNetworks/vnet-spoke-a\\?', { hangSeconds: 31 });

    const operation = await stage.provision(stage.spec());

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await stage.madeTwice()).toEqual([]);
  });

  it('refusals after a failed operation: what that left behind is still ours', async () => {
    const stage = await Stage.open(environment);
    const network = '/virtualNetworks/vnet-spoke-a\\?';
    await stage.fault('PUT', network, { failOperation: 'InternalServerError' });
    await stage.fault('PUT', network, { status: 403, code: 'AuthorizationFailed' }, 2);

    const operation = await stage.provision(stage.spec());

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await stage.madeTwice()).toEqual([]);
  });

  it('a stop between a failed operation and a refusal: the next run finds its own', async () => {
    const stage = await Stage.open(environment);
    const network = '/virtualNetworks/vnet-spoke-a\\?';
    await stage.fault('PUT', network, { failOperation: 'InternalServerError' });
    await stage.fault('PUT', network, { status: 403, code: 'RequestDisallowedByPolicy' });
    expect(await stage.provision(stage.spec())).toMatchObject({ state: 'partial' });

    const operation = await stage.provision(stage.spec());

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await stage.madeTwice()).toEqual([]);
  });
});

describe('what does not pass', () => {
  const branchOfA = [
    'virtualNetworkPeerings/hub-to-spoke-a',
    'virtualNetworkPeerings/spoke-a-to-hub',
    'virtualNetworkLinks/to-spoke-a',
  ].sort();
  const branchOfB = [
    'virtualNetworkPeerings/hub-to-spoke-b',
    'virtualNetworkPeerings/spoke-b-to-hub',
    'virtualNetworkLinks/to-spoke-b',
    'virtualNetworks/vnet-spoke-b',
  ];

  it.each<{ readonly what: string; readonly effect: FaultEffect; readonly code: string; readonly actor: string }>([
    {
      what: 'an operation that always fails',
      effect: { failOperation: 'InternalServerError' },
      code: 'InternalServerError',
      actor: 'azure-temporary',
    },
    {
      what: '500 for ever',
      effect: { status: 500, code: 'InternalServerError' },
      code: 'InternalServerError',
      actor: 'azure-temporary',
    },
    {
      what: 'a bad request',
      effect: { status: 400, code: 'InvalidRequestFormat' },
      code: 'InvalidRequestFormat',
      actor: 'azure-permanent',
    },
    {
      what: 'a missing role',
      effect: { status: 403, code: 'AuthorizationFailed' },
      code: 'AuthorizationFailed',
      actor: 'operator',
    },
    {
      what: 'a policy',
      effect: { status: 403, code: 'RequestDisallowedByPolicy' },
      code: 'RequestDisallowedByPolicy',
      actor: 'operator',
    },
    {
      what: 'a quota',
      effect: { status: 400, code: 'VirtualNetworkCountLimitReached' },
      code: 'VirtualNetworkCountLimitReached',
      actor: 'operator',
    },
    {
      what: 'a token that Azure does not take',
      effect: { status: 401, code: 'InvalidAuthenticationToken' },
      code: 'InvalidAuthenticationToken',
      actor: 'operator',
    },
    {
      what: 'somebody who never lets go',
      effect: { status: 409, code: 'AnotherOperationInProgress' },
      code: 'AnotherOperationInProgress',
      actor: 'operator',
    },
  ])('$what stops its branch; the others finish', async ({ effect, code, actor }) => {
    const stage = await Stage.open(environment);
    await stage.fault('PUT', '/virtualNetworks/vnet-spoke-a\\?', effect, 1_000);

    const operation = await stage.provision(stage.spec());

    expect(operation.state).toBe('partial');
    expect(operation.errors).toEqual([
      expect.objectContaining({ code, actor, resource: stage.id('rg-a', 'virtualNetworks/vnet-spoke-a') }),
    ]);
    expect(operation.errors[0]?.remedy).not.toMatch(/tries again by itself/);
    expect(namesIn(operation, 'failed')).toEqual(['virtualNetworks/vnet-spoke-a']);
    expect(namesIn(operation, 'skipped')).toEqual(branchOfA);
    expect(namesIn(operation, 'succeeded')).toEqual(expect.arrayContaining(branchOfB));

    await environment.sim('DELETE', 'faults');
    const repaired = await stage.provision(stage.spec());
    expect({ state: repaired.state, errors: repaired.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await stage.madeTwice()).toEqual([]);
  });
});

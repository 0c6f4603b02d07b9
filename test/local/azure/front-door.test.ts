import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TENANT_ID } from '../../../local/azure/token-issuer.ts';
import { driverWithGroup, GROUP, type SimulationDriver, SUBSCRIPTION } from './support/simulation-driver.ts';

const BOX = `${GROUP}/providers/Microsoft.Toy/boxes/box`;
const BODY = { location: 'westeurope', properties: { colour: 'red' } };

let azure: SimulationDriver;
beforeEach(() => {
  azure = driverWithGroup();
});
afterEach(() => azure.dispose());

describe('who may come in', () => {
  it('asks for a token and says where to get one', () => {
    const answer = azure.call('GET', BOX, undefined, { authorization: '' });
    expect(answer).toMatchObject({ status: 401, code: 'AuthenticationFailed' });
    expect(answer.headers['WWW-Authenticate']).toContain(
      `Bearer authorization_uri="https://login.microsoftonline.com/${TENANT_ID}"`,
    );
  });

  it.each([
    ['InvalidAuthenticationToken', 'for another audience', () => azure.tokens.issue('https://vault.azure.net', 60)],
    ['ExpiredAuthenticationToken', 'that has expired', () => azure.tokens.issue('https://management.azure.com/', -1)],
  ])('answers %s to a token %s', (code, _, issue) => {
    const headers = { authorization: `Bearer ${issue().token}` };
    expect(azure.call('GET', BOX, undefined, headers)).toMatchObject({ status: 401, code });
  });

  it('refuses a token whose claims were changed', () => {
    const [header, payload, signature] = azure.token().split('.');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, oid: 'somebody' })).toString('base64url');
    const headers = { authorization: `Bearer ${header}.${forged}.${signature}` };
    expect(azure.call('GET', BOX, undefined, headers).code).toBe('InvalidAuthenticationToken');
  });

  it('lets somebody else in by name and counts their writes apart', () => {
    expect(azure.callAs('alice', 'PUT', BOX, BODY).status).toBe(201);
    expect(azure.simulation.stats()).toMatchObject({
      principals: { 'managed-identity': { writes: 1 }, alice: { writes: 1 } },
    });
  });

  it('holds people to the roles that the controls give them', () => {
    azure.simulation.settings.set('principals', { bob: { roles: [{ role: 'Reader', scope: GROUP }] } });
    expect(azure.callAs('bob', 'GET', BOX).code).toBe('ResourceNotFound');
    expect(azure.callAs('bob', 'PUT', BOX, BODY)).toMatchObject({
      status: 403,
      code: 'AuthorizationFailed',
      message: expect.stringContaining("perform action 'Microsoft.Toy/boxes/write' over scope") as unknown as string,
    });
    expect(azure.callAs('bob', 'GET', `${SUBSCRIPTION}/resourceGroups`).code).toBe('AuthorizationFailed');
  });
});

describe('the checks, in their order', () => {
  it.each([
    [400, 'InvalidSubscriptionId', 'GET', '/subscriptions/mine/resourceGroups/rg'],
    [404, 'SubscriptionNotFound', 'GET', '/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/rg'],
    [400, 'MissingApiVersionParameter', 'GET', `${BOX}?api-version=`],
    [400, 'NoRegisteredProviderFound', 'GET', `${BOX}?api-version=2019-01-01`],
    [400, 'InvalidApiVersionParameter', 'GET', `${GROUP}?api-version=2010-01-01`],
    [404, 'InvalidResourceType', 'GET', `${GROUP}/providers/Microsoft.Toy/trains/t`],
    [404, 'InvalidResourceNamespace', 'GET', `${GROUP}/providers/Microsoft.Nothing/trains/t`],
    [405, 'HttpMethodNotSupported', 'POST', BOX],
    [404, 'ResourceGroupNotFound', 'GET', BOX.replace('/rg/', '/other/')],
    [404, 'ResourceGroupNotFound', 'DELETE', BOX.replace('/rg/', '/other/')],
    [404, 'ResourceGroupNotFound', 'GET', `${SUBSCRIPTION}/resourceGroups/other`],
    [404, 'ResourceNotFound', 'GET', BOX],
    [404, 'ParentResourceNotFound', 'GET', `${BOX}/parts/p`],
    [404, 'ParentResourceNotFound', 'PUT', `${BOX}/parts/p`],
    [404, 'ResourceNotFound', 'PUT', `${BOX}/providers/Microsoft.Toy/notes/n`],
    [204, undefined, 'DELETE', BOX],
    [204, undefined, 'DELETE', `${BOX}/parts/p`],
  ])('%i %s: %s %s', (status, code, method, url) => {
    const answer = azure.call(method, url, method === 'PUT' ? {} : undefined);
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code });
  });

  it('words a missing resource as Azure does', () => {
    expect(azure.call('GET', BOX).message).toBe(
      "The Resource 'Microsoft.Toy/boxes/box' under resource group 'rg' was not found. For more details please go to " +
        'https://aka.ms/ARMResourceNotFoundFix',
    );
  });

  it('asks for the namespace to be registered before anything is written', () => {
    azure.call('POST', `${SUBSCRIPTION}/providers/Microsoft.Toy/unregister`);
    expect(azure.call('PUT', BOX, BODY)).toMatchObject({ status: 409, code: 'MissingSubscriptionRegistration' });
    expect(azure.call('GET', `${SUBSCRIPTION}/providers/microsoft.toy`).body).toMatchObject({
      namespace: 'Microsoft.Toy',
      registrationState: 'NotRegistered',
    });
    azure.call('POST', `${SUBSCRIPTION}/providers/Microsoft.Toy/register`);
    expect(azure.call('PUT', BOX, BODY).status).toBe(201);
  });

  it('writes nothing to a disabled subscription', () => {
    azure.simulation.settings.set('subscriptions', { '00000000-0000-0000-0000-000000000001': { state: 'Disabled' } });
    expect(azure.call('PUT', BOX, BODY).code).toBe('ReadOnlyDisabledSubscription');
    expect(azure.call('GET', SUBSCRIPTION).body).toMatchObject({ state: 'Disabled' });
  });
});

describe('locks', () => {
  const LOCK = `${GROUP}/providers/Microsoft.Authorization/locks/keep`;

  it('refuse deletes below and above them, and writes when they are read-only', () => {
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    azure.callAs('owner', 'PUT', LOCK, { properties: { level: 'CanNotDelete' } });
    expect(azure.call('DELETE', BOX)).toMatchObject({
      status: 409,
      code: 'ScopeLocked',
      message:
        `The scope '${BOX}' cannot perform delete operation because following scope(s) are locked: '${GROUP}'. ` +
        'Please remove the lock and try again.',
    });
    expect(azure.call('DELETE', GROUP).code).toBe('ScopeLocked');
    expect(azure.call('PUT', BOX, BODY).status).toBe(200);
    azure.advance(60);
    azure.callAs('owner', 'PUT', LOCK, { properties: { level: 'ReadOnly' } });
    expect(azure.call('PUT', BOX, BODY).code).toBe('ScopeLocked');
    expect(azure.call('POST', `${BOX}/weigh`).code).toBe('ScopeLocked');
    expect(azure.call('GET', BOX).status).toBe(200);
  });

  it('on a child refuse the deletion of its parent', () => {
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    azure.callAs('owner', 'PUT', `${BOX}/providers/Microsoft.Authorization/locks/l`, {
      properties: { level: 'CanNotDelete' },
    });
    expect(azure.call('DELETE', GROUP).code).toBe('ScopeLocked');
  });

  it('are listed with those around a scope, or only with those at it and above', () => {
    azure.callAs('owner', 'PUT', LOCK, { properties: { level: 'CanNotDelete' } });
    const list = (scope: string, filter = ''): unknown =>
      azure.call('GET', `${scope}/providers/Microsoft.Authorization/locks${filter}`).body.value;
    expect(list(GROUP)).toHaveLength(1);
    expect(list(SUBSCRIPTION)).toHaveLength(1);
    expect(list(SUBSCRIPTION, '?$filter=atScope()')).toHaveLength(0);
  });

  it('are not the app to make: it lacks the right', () => {
    expect(azure.call('PUT', LOCK, { properties: { level: 'ReadOnly' } }).code).toBe('AuthorizationFailed');
  });
});

describe('policy', () => {
  const assign = (definition: string, parameters: Record<string, { value: string[] }>, more = {}) =>
    azure.callAs('owner', 'PUT', `${SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/p`, {
      properties: {
        displayName: 'House rule',
        policyDefinitionId: `/providers/Microsoft.Authorization/policyDefinitions/${definition}`,
        parameters,
        ...more,
      },
    });
  const LOCATIONS = 'e56962a6-4747-49cd-b67b-bf8b01975c4c';
  const TYPES = '6c112d4e-5bc7-47ae-a041-ea2d9dccd749';

  it('denies locations that are not allowed, and tells which assignment does', () => {
    expect(assign(LOCATIONS, { listOfAllowedLocations: { value: ['North Europe'] } }).status).toBe(201);
    const answer = azure.call('PUT', BOX, BODY);
    expect(answer).toMatchObject({ status: 403, code: 'RequestDisallowedByPolicy' });
    expect(answer.body.error).toMatchObject({
      target: 'box',
      additionalInfo: [{ type: 'PolicyViolation', info: { policyAssignmentDisplayName: 'House rule' } }],
    });
    expect(azure.call('PUT', BOX, { ...BODY, location: 'northeurope' }).status).toBe(201);
  });

  it('denies types, but neither where it is not enforced nor in excluded scopes', () => {
    const parameters = { listOfResourceTypesNotAllowed: { value: ['microsoft.toy/BOXES'] } };
    assign(TYPES, parameters);
    expect(azure.call('PUT', BOX, BODY).code).toBe('RequestDisallowedByPolicy');
    assign(TYPES, parameters, { notScopes: [GROUP.toUpperCase()] });
    expect(azure.call('PUT', BOX, BODY).status).toBe(201);
    azure.advance(60);
    assign(TYPES, parameters, { enforcementMode: 'DoNotEnforce' });
    expect(azure.call('PUT', BOX, BODY).status).toBe(200);
  });

  it('knows no other definitions', () => {
    expect(assign('00000000-0000-0000-0000-000000000000', {}).code).toBe('PolicyDefinitionNotFound');
  });
});

describe('roles', () => {
  const ASSIGNMENT = `${GROUP}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-0000000000aa`;
  const definition = (id: string): string => `${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${id}`;
  const CONTRIBUTOR = definition('b24988ac-6180-42a0-ab88-20f7382dd24c');

  it('count only after they have spread', () => {
    azure.simulation.settings.set('principals', { carol: { objectId: 'carol-id', roles: [] } });
    const grant = { properties: { roleDefinitionId: CONTRIBUTOR, principalId: 'carol-id' } };
    expect(azure.callAs('owner', 'PUT', ASSIGNMENT, grant).status).toBe(201);
    expect(azure.callAs('carol', 'PUT', BOX, BODY).code).toBe('AuthorizationFailed');
    azure.advance(121);
    expect(azure.callAs('carol', 'PUT', BOX, BODY).status).toBe(201);
  });

  it('are not given twice', () => {
    const grant = { properties: { roleDefinitionId: CONTRIBUTOR, principalId: 'carol-id' } };
    azure.callAs('owner', 'PUT', ASSIGNMENT, grant);
    const twin = `${ASSIGNMENT.slice(0, -1)}b`;
    expect(azure.callAs('owner', 'PUT', twin, grant)).toMatchObject({ status: 409, code: 'RoleAssignmentExists' });
  });

  it('tell the caller what it may do', () => {
    const { body } = azure.call('GET', `${GROUP}/providers/Microsoft.Authorization/permissions`);
    expect(body).toMatchObject({ value: [{ actions: ['*'] }] });
  });

  it('are needed on what a resource points at, too', () => {
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    azure.simulation.settings.set('principals', {
      dave: { roles: [{ actions: ['Microsoft.Toy/engines/*'] }] },
    });
    const engine = `${GROUP}/providers/Microsoft.Toy/engines/e`;
    expect(azure.callAs('dave', 'PUT', engine, { location: 'westeurope', properties: { box: BOX } })).toMatchObject({
      status: 403,
      code: 'LinkedAuthorizationFailed',
    });
  });
});

describe('throttling', () => {
  it('tells what is left, and when to come again once nothing is', () => {
    expect(azure.call('GET', GROUP).headers['x-ms-ratelimit-remaining-subscription-reads']).toBe('249');
    for (let count = 0; count < 249; count++) azure.call('GET', GROUP);
    const refused = azure.call('GET', GROUP);
    expect(refused).toMatchObject({ status: 429, code: 'SubscriptionRequestsThrottled' });
    expect(refused.headers['Retry-After']).toBe('1');
    expect(azure.callAs('alice', 'GET', GROUP).status).toBe(200);
    azure.advance(1);
    expect(azure.call('GET', GROUP).status).toBe(200);
  });
});

describe('headers', () => {
  it('carry simulated time and ids, and echo the client when it asks', () => {
    const { headers } = azure.call('GET', GROUP, undefined, {
      'x-ms-client-request-id': 'mine',
      'x-ms-return-client-request-id': 'true',
      'x-ms-correlation-request-id': 'ours',
    });
    expect(headers).toMatchObject({
      Date: 'Mon, 05 Jan 2026 08:00:00 GMT',
      'x-ms-correlation-request-id': 'ours',
      'x-ms-client-request-id': 'mine',
      'Content-Type': 'application/json; charset=utf-8',
    });
    expect(headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('lists', () => {
  it('come in pages and end without a link', () => {
    azure.dispose();
    azure = driverWithGroup({ pageSize: 2 });
    for (const name of ['a', 'b', 'c']) azure.call('PUT', `${GROUP}/providers/Microsoft.Toy/boxes/${name}`, BODY);
    const first = azure.call('GET', `${SUBSCRIPTION}/providers/Microsoft.Toy/boxes`).body;
    expect(first.value).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    const second = azure.call('GET', String(first.nextLink)).body;
    expect(second.value).toMatchObject([{ name: 'c' }]);
    expect(second).not.toHaveProperty('nextLink');
  });

  it('hold the children of one parent, and the resources of a group', () => {
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    azure.call('PUT', `${BOX}/parts/p`, {});
    expect(azure.call('GET', `${BOX}/parts`).body.value).toMatchObject([{ name: 'p' }]);
    expect(azure.call('GET', `${GROUP}/resources`).body.value).toEqual([
      { id: BOX, name: 'box', type: 'Microsoft.Toy/boxes', location: 'westeurope' },
    ]);
    expect(azure.call('GET', `${GROUP}/providers/Microsoft.Toy/boxes/none/parts`).code).toBe('ResourceNotFound');
  });
});

describe('what a subscription tells', () => {
  it('shows usage against limits, and refuses what goes beyond', () => {
    for (const name of ['a', 'b', 'c', 'd']) azure.call('PUT', `${GROUP}/providers/Microsoft.Toy/boxes/${name}`, BODY);
    const usages = azure.call('GET', `${SUBSCRIPTION}/providers/Microsoft.Toy/locations/westeurope/usages`);
    expect(usages.body).toMatchObject({
      value: [{ currentValue: 4, limit: 4, name: { value: 'Boxes' }, unit: 'Count' }],
    });
    expect(azure.call('PUT', BOX, BODY)).toMatchObject({ status: 400, code: 'BoxCountLimitReached' });
    expect(azure.call('PUT', BOX, { ...BODY, location: 'northeurope' }).status).toBe(201);
  });

  it('knows features and the built-in roles', () => {
    const feature = `${SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Network/features/AllowX`;
    expect(azure.call('GET', feature).body).toMatchObject({ properties: { state: 'Registered' } });
    const role = '/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7';
    expect(azure.call('GET', role).body).toMatchObject({ properties: { roleName: 'Reader' } });
    expect(azure.call('GET', `${SUBSCRIPTION}${role}`).body).toMatchObject({ properties: { roleName: 'Reader' } });
  });
});

describe('the URL of an operation', () => {
  it('is answered for a day after its end', () => {
    const url = azure.call('PUT', BOX, BODY).headers['Azure-AsyncOperation'] ?? '';
    azure.advance(60);
    expect(azure.call('GET', url)).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
    azure.advance(24 * 3_600 - 60);
    expect(azure.call('GET', url).status).toBe(200);
    azure.advance(60);
    expect(azure.call('GET', url)).toMatchObject({ status: 404, code: 'NotFound' });
    expect(azure.call('GET', BOX).status).toBe(200);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { operationOf, put, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { namesIn, type SmallSpec, Stage } from '../support/stage.ts';

/** A run that cannot end well has to say so before anybody has gone for coffee. */
const SECONDS = 5;

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'preflight' });
});

afterAll(() => environment?.stop());

async function identityMay(roles: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  expect((await environment.sim('PUT', 'principals', { 'managed-identity': { roles } })).status).toBe(200);
}

afterEach(async () => {
  await environment.sim('DELETE', 'faults');
  await identityMay([{ role: 'Contributor' }]);
});

describe('a run that cannot end well', () => {
  it.each<{
    readonly what: string;
    readonly setting?: Readonly<Record<string, unknown>>;
    readonly prepare?: (stage: Stage) => Promise<unknown>;
    readonly change?: (spec: SmallSpec) => void;
    readonly code: string;
    readonly actor: string;
    readonly names: RegExp;
  }>([
    {
      what: 'an unknown subscription',
      change: (spec) => {
        spec.hub.subscriptionId = 'bbbbbbbb-0000-4000-8000-000000000404';
      },
      code: 'SubscriptionNotFound',
      actor: 'caller',
      names: /bbbbbbbb-0000-4000-8000-000000000404/,
    },
    {
      what: 'a spoke in an unknown subscription',
      change: (spec) => {
        spec.spokes = spec.spokes.map((spoke) => ({
          ...spoke,
          subscriptionId: 'bbbbbbbb-0000-4000-8000-000000000405',
        }));
      },
      code: 'SubscriptionNotFound',
      actor: 'caller',
      names: /bbbbbbbb-0000-4000-8000-000000000405/,
    },
    {
      what: 'a disabled subscription',
      setting: { state: 'Disabled' },
      code: 'SubscriptionNotEnabled',
      actor: 'operator',
      names: /Disabled/,
    },
    {
      what: 'a provider that is not registered',
      setting: { unregistered: ['Microsoft.Network'] },
      code: 'ProviderNotRegistered',
      actor: 'operator',
      names: /Microsoft\.Network/,
    },
    {
      what: 'a quota that is too small',
      setting: { quotas: { VirtualNetworks: 2 } },
      code: 'QuotaExceeded',
      actor: 'operator',
      names: /3 more VirtualNetworks.*0 of 2/,
    },
    {
      what: 'a policy that forbids the region',
      prepare: (stage) =>
        stage.colleague(
          'PUT',
          `/subscriptions/${stage.subscriptionId}/providers/Microsoft.Authorization/policyAssignments/regions`,
          {
            properties: {
              policyDefinitionId:
                '/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c',
              parameters: { listOfAllowedLocations: { value: ['northeurope'] } },
            },
          },
          '2025-03-01',
        ),
      code: 'DeniedByPolicy',
      actor: 'operator',
      names: /westeurope/,
    },
    {
      what: 'a name that somebody else took',
      prepare: async (stage) => {
        await stage.colleague('PUT', stage.id('rg-a'), { location: 'westeurope' }, '2025-04-01');
      },
      code: 'NameTaken',
      actor: 'caller',
      names: /exists already/,
    },
    {
      what: 'an identity that may only read in the groups it is given',
      prepare: async (stage) => {
        for (const group of ['rg-hub', 'rg-a', 'rg-b'])
          await stage.colleague('PUT', stage.id(group), { location: 'westeurope' }, '2025-04-01');
        await identityMay([{ role: 'Reader' }]);
      },
      change: (spec) => {
        const groupOf = (name: string) => ({ id: `/subscriptions/${spec.hub.subscriptionId}/resourceGroups/${name}` });
        spec.hub.resourceGroup = groupOf('rg-hub');
        spec.spokes = spec.spokes.map((spoke) => ({ ...spoke, resourceGroup: groupOf(`rg-${spoke.name}`) }));
      },
      code: 'MissingPermission',
      actor: 'operator',
      names: /Microsoft.Network.*\/write.*rg-/,
    },
    {
      what: 'an identity that may nothing',
      prepare: () => identityMay([]),
      code: 'AuthorizationFailed',
      actor: 'operator',
      names: /authorization/,
    },
  ])('$what: fails in seconds, with nothing written', async ({ setting, prepare, change, code, actor, names }) => {
    const stage = await Stage.open(environment, setting);
    await prepare?.(stage);
    const before = (await statistics(environment)).principals['managed-identity']?.writes ?? 0;

    const id = await put(environment, stage.name, stage.spec(change));
    await environment.advance(SECONDS);
    const operation = await untilSettled(environment, id, 0);

    expect(operation).toMatchObject({ state: 'failed', nodes: [] });
    expect(operation.errors.map((error) => [error.code, error.actor])).toContainEqual([code, actor]);
    for (const error of operation.errors.filter((one) => one.code === code)) {
      expect(`${error.message} ${error.resource}`).toMatch(names);
      expect(error.remedy).not.toBe('');
    }
    expect((await statistics(environment)).principals['managed-identity']?.writes ?? 0).toBe(before);
  });
});

describe('what others own', () => {
  it('a resource of another baseline is refused; the rest is made', async () => {
    const first = await Stage.open(environment);
    expect(await first.provision(first.spec())).toMatchObject({ state: 'succeeded' });
    const second = first.beside(`${first.name}-rival`);
    const rival = second.spec((spec) => {
      spec.hub.resourceGroup = { name: 'rg-rival-hub' };
      spec.hub.network.addressPrefixes = ['10.210.0.0/24'];
      spec.hub.privateDnsZones = [];
      spec.spokes = spec.spokes.filter((spoke) => spoke.name === 'a');
      spec.spokes.push({
        ...spec.spokes[0],
        name: 'c',
        resourceGroup: { name: 'rg-c' },
        network: { addressPrefixes: ['10.211.0.0/24'] },
        subnets: [{ name: 'snet-vms', purpose: 'general', addressPrefix: '10.211.0.0/26' }],
      });
    });

    const operation = await second.provision(rival);

    expect(operation.state).toBe('partial');
    const refused = operation.errors.filter((error) => error.code === 'BelongsToAnotherBaseline');
    expect(refused.map((error) => error.resource)).toContain(first.id('rg-a', 'virtualNetworks/vnet-spoke-a'));
    expect(refused.every((error) => error.message.includes(first.name))).toBe(true);
    expect(namesIn(operation, 'succeeded')).toEqual(
      expect.arrayContaining(['virtualNetworks/vnet-spoke-c', 'virtualNetworkPeerings/spoke-c-to-hub']),
    );
    expect(await first.provision(first.spec())).toMatchObject({ state: 'succeeded', nodes: [] });
  });

  it('an adopted network that does not exist stops its branch; the others finish', async () => {
    const stage = await Stage.open(environment);
    const missing = stage.id('rg-a', 'virtualNetworks/vnet-of-somebody');
    const spec = stage.spec((one) => {
      const [a] = one.spokes;
      if (a !== undefined) a.network.id = missing;
    });

    const operation = await stage.provision(spec);

    expect(operation.state).toBe('partial');
    expect(operation.errors).toContainEqual(
      expect.objectContaining({ code: 'AdoptedResourceMissing', resource: missing }),
    );
    expect(namesIn(operation, 'succeeded')).toEqual(expect.arrayContaining(['virtualNetworkPeerings/spoke-b-to-hub']));
  });
});

describe('management locks', () => {
  const lock = (stage: Stage, group: string, level: string) =>
    stage.colleague(
      'PUT',
      `${stage.id(group)}/providers/Microsoft.Authorization/locks/keep`,
      { properties: { level } },
      '2020-05-01',
    );

  it('nothing is written below a ReadOnly lock, and nothing deleted below CanNotDelete; the rest goes on', async () => {
    const stage = await Stage.open(environment);
    expect(await stage.provision(stage.spec())).toMatchObject({ state: 'succeeded' });
    await lock(stage, 'rg-a', 'ReadOnly');
    await lock(stage, 'rg-b', 'CanNotDelete');
    const before = await stage.counts();

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.mode = 'full';
        spec.approvals = { requiredFor: 'none' };
        spec.tags = { owner: 'network' };
        spec.spokes = spec.spokes.filter((spoke) => spoke.name === 'a');
      }),
    );

    expect(operation.state).toBe('partial');
    const protectedIds = operation.errors.filter((error) => error.code === 'Protected').map((error) => error.resource);
    expect(protectedIds).toEqual(
      expect.arrayContaining([
        stage.id('rg-a', 'virtualNetworks/vnet-spoke-a'),
        stage.id('rg-b', 'virtualNetworks/vnet-spoke-b'),
      ]),
    );
    expect(operation.errors.every((error) => error.actor === 'operator')).toBe(true);
    const after = await stage.counts();
    const touched = [...after].filter(
      ([id, { writes, deletes }]) => writes + deletes > (before.get(id)?.writes ?? 0) + (before.get(id)?.deletes ?? 0),
    );
    expect(touched.filter(([id]) => id.includes('/rg-a'))).toEqual([]);
    expect(touched.filter(([id, { deletes }]) => id.includes('/rg-b') && deletes > 0)).toEqual([]);
    expect([...after.values()].map(({ rejected }) => rejected)).not.toContainEqual(
      expect.objectContaining({ ScopeLocked: expect.anything() }),
    );
    expect((await stage.resource(stage.id('rg-hub', 'virtualNetworks/vnet-westeurope-hub'))).tags).toMatchObject({
      owner: 'network',
    });
  });

  it('a lock that comes in the middle of a run stops what is below it', async () => {
    const stage = await Stage.open(environment);
    const id = await put(environment, stage.name, stage.spec());
    await environment.advance(5);
    await lock(stage, 'rg-a', 'ReadOnly');

    const operation = await untilSettled(environment, id);

    expect(operation.state).toBe('partial');
    expect(operation.errors.map((error) => [error.code, error.actor])).toContainEqual(['Protected', 'operator']);
    expect(namesIn(operation, 'succeeded')).toEqual(expect.arrayContaining(['virtualNetworkPeerings/spoke-b-to-hub']));
  });
});

describe('the identity', () => {
  it('a grant that takes a while to be seen is waited for', async () => {
    const stage = await Stage.open(environment);
    await identityMay([
      { actions: ['*'], notActions: ['Microsoft.Network/virtualNetworks/write'] },
      { role: 'Network Contributor', scope: `/subscriptions/${stage.subscriptionId}/resourceGroups/rg-hub` },
    ]);
    const id = await put(environment, stage.name, stage.spec());
    await environment.advance(60);
    await identityMay([{ role: 'Contributor' }]);

    const operation = await untilSettled(environment, id);

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    const refused = [...(await stage.counts()).values()].flatMap(({ rejected }) => Object.keys(rejected));
    expect(new Set(refused)).toEqual(new Set(['AuthorizationFailed']));
  });

  it('a role that is missing is the operator’s, after a bounded wait for a late grant', async () => {
    const stage = await Stage.open(environment);
    await identityMay([{ role: 'Reader' }]);

    const operation = await stage.provision(stage.spec());

    expect(operation.state).toBe('failed');
    expect(namesIn(operation, 'failed')).toEqual([
      'resourceGroups/rg-a',
      'resourceGroups/rg-b',
      'resourceGroups/rg-hub',
    ]);
    for (const error of operation.errors) {
      expect(error).toMatchObject({ code: 'AuthorizationFailed', actor: 'operator' });
      expect(error.remedy).toMatch(/managed identity/);
    }
    expect(await stage.writes()).toBe(0);
  });

  it('renews tokens of a few seconds by itself', async () => {
    const stage = await Stage.open(environment);
    expect((await environment.sim('PUT', 'tokens', { lifeSeconds: 1 })).status).toBe(200);
    try {
      await environment.killHost();

      const operation = await stage.provision(stage.spec());

      expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
      expect(await stage.madeTwice()).toEqual([]);
    } finally {
      await environment.sim('PUT', 'tokens', { lifeSeconds: 86_400 });
    }
  });

  it.each([
    ['InvalidAuthenticationToken', /HUBKEEPER_ARM_TOKEN_SCOPE/],
    ['AuthenticationFailed', /managed identity/],
  ])('%s on a token that has not expired is the operator’s, at once', async (code, remedy) => {
    const stage = await Stage.open(environment);
    await stage.fault('GET', '', { status: 401, code }, 1_000);

    const id = await put(environment, stage.name, stage.spec());
    await environment.advance(SECONDS);
    const operation = await untilSettled(environment, id, 0);

    expect(operation).toMatchObject({ state: 'failed', errors: [{ code, actor: 'operator' }] });
    expect(operation.errors[0]?.remedy).toMatch(remedy);
    expect(await stage.writes()).toBe(0);
  });

  it('a poll that is refused for its token is told of, and after its bound the resource itself is looked at', async () => {
    const stage = await Stage.open(environment);
    await stage.fault('GET', '/operations/', { status: 401, code: 'InvalidAuthenticationToken' }, 10_000);

    const small = stage.spec((spec) => {
      spec.spokes = [];
      spec.hub.privateDnsZones = [];
    });
    const id = await put(environment, stage.name, small);
    const told = await environment.advanceUntil(
      'somebody is told that the operation cannot be followed',
      async () => {
        const operation = await operationOf(environment, id);
        return operation.errors.length > 0 ? operation : undefined;
      },
      3_600,
    );
    const operation = await untilSettled(environment, id, 12 * 3_600);

    expect(told.errors.map((error) => [error.code, error.actor])).toContainEqual([
      'InvalidAuthenticationToken',
      'operator',
    ]);
    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await stage.madeTwice()).toEqual([]);
  });
});

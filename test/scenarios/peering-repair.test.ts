import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isFinal, type OperationBody } from '../../lib/api/operation.ts';
import { operationOf, planOf, put, rejections, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { namesIn, Stage } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'peering-repair' });
});

afterAll(() => environment?.stop());

const TO_SPOKE = 'virtualNetworks/vnet-westeurope-hub/virtualNetworkPeerings/hub-to-spoke-a';
const TO_HUB = 'virtualNetworkPeerings/spoke-a-to-hub';

async function peerings(stage: Stage): Promise<readonly (readonly [string, unknown, unknown])[]> {
  const found = [...(await stage.world())].filter(([id]) => id.includes('/virtualnetworkpeerings/'));
  return found.map(([, { name, properties }]) => [name, properties.peeringState, properties.peeringSyncLevel]);
}

const WHOLE = ['hub-to-spoke-a', 'hub-to-spoke-b', 'spoke-a-to-hub', 'spoke-b-to-hub'].map((name) => [
  name,
  'Connected',
  'FullyInSync',
]);

async function spokeSide(stage: Stage): Promise<string> {
  const found = [...(await stage.world()).values()].find(({ id }) => id.endsWith(TO_HUB));
  if (found === undefined) throw new Error(`There is no ${TO_HUB}.`);
  return found.id;
}

/** A colleague deletes the spoke's side; the hub's side is Disconnected then. */
async function broken(stage: Stage): Promise<void> {
  await stage.provision(stage.spec());
  await stage.colleague('DELETE', await spokeSide(stage));
  await environment.advance(120);
  expect((await stage.resource(stage.id('rg-hub', TO_SPOKE))).properties.peeringState).toBe('Disconnected');
}

/** Puts the spec again and has the plan approved: what somebody deleted is made anew only so. */
async function approved(stage: Stage): Promise<string> {
  const operationId = await put(environment, stage.name, stage.spec());
  const waiting = await untilSettled(environment, operationId);
  expect(waiting.state).toBe('waiting');
  const { body } = await environment.api<{ approvals: readonly { planHash: string; baseline: string }[] }>(
    'GET',
    '/api/approvals',
  );
  const mine = body.approvals.find(({ baseline }) => baseline === stage.name);
  await stage.approve(mine?.planHash ?? '');
  return operationId;
}

/** What was approved waits until its next turn. */
async function ended(operationId: string): Promise<OperationBody> {
  return environment.advanceUntil(
    `operation ${operationId} is over`,
    async () => {
      const operation = await operationOf(environment, operationId);
      return isFinal(operation.state) ? operation : undefined;
    },
    3_600,
    10,
  );
}

describe('a peering of which somebody deleted one side', () => {
  it('is whole again on both sides after an approval, in one run, and nothing else is touched', async () => {
    const stage = await Stage.open(environment);
    await broken(stage);
    const refusedBefore = rejections(await statistics(environment));

    expect(await planOf(environment, stage.name)).toMatchObject({
      changes: [
        { action: 'update', risk: 'disruptive', reason: expect.stringContaining('makes it anew') },
        { action: 'create' },
      ],
      refused: [],
    });
    const operation = await ended(await approved(stage));

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await peerings(stage)).toSorted()).toEqual(WHOLE);
    expect(rejections(await statistics(environment))).toEqual(refusedBefore);
    const counts = await stage.counts();
    const ofSide = (suffix: string) => [...counts].find(([id]) => id.endsWith(suffix.toLowerCase()))?.[1];
    expect(ofSide('hub-to-spoke-a')).toMatchObject({ creates: 2, deletes: 1 });
    expect(ofSide('spoke-a-to-hub')).toMatchObject({ creates: 2, deletes: 1 });
    expect(ofSide('hub-to-spoke-b')).toMatchObject({ creates: 1, deletes: 0 });
    expect(namesIn(operation, 'succeeded')).toEqual(
      expect.arrayContaining(['virtualNetworkPeerings/hub-to-spoke-a', TO_HUB]),
    );
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
  });

  it.each<readonly [string, (state: unknown) => boolean]>([
    ['while it is deleted', (state) => state === 'Deleting'],
    ['between the delete and the creation', (state) => state === undefined],
    ['while it is made anew', (state) => state === 'Updating'],
  ])('is made whole when the host is killed %s', async (_when, isThen) => {
    const stage = await Stage.open(environment);
    await broken(stage);
    const operationId = await approved(stage);
    const side = stage.id('rg-hub', TO_SPOKE).toLowerCase();

    await environment.advanceUntil(
      'the moment of the kill',
      async () => (isThen((await stage.world()).get(side)?.properties.provisioningState) ? true : undefined),
      600,
      1,
    );
    await environment.killHost();
    const operation = await ended(operationId);

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await peerings(stage)).toSorted()).toEqual(WHOLE);
    expect((await stage.counts()).get(side)).toMatchObject({ creates: 2, deletes: 1 });
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
  });

  it('is made whole with the network that somebody deleted together with its side', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const network = (await spokeSide(stage)).split('/virtualNetworkPeerings/')[0] ?? '';
    await stage.colleague('DELETE', network);
    await environment.advance(300);
    const refusedBefore = rejections(await statistics(environment));

    const operation = await ended(await approved(stage));

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await peerings(stage)).toSorted()).toEqual(WHOLE);
    expect(rejections(await statistics(environment))).toEqual(refusedBefore);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
  });

  it('is left alone under a lock that forbids deletes, which is told', async () => {
    const stage = await Stage.open(environment);
    await broken(stage);
    const lock = `${stage.id('rg-hub')}/providers/Microsoft.Authorization/locks/keep`;
    await stage.colleague('PUT', lock, { properties: { level: 'CanNotDelete' } }, '2020-05-01');

    const operation = await stage.provision(stage.spec());

    expect(operation.state).not.toBe('succeeded');
    const { refused } = await planOf(environment, stage.name);
    expect(refused.map(({ id }) => id)).toContain(stage.id('rg-hub', TO_SPOKE));
    expect((await stage.resource(stage.id('rg-hub', TO_SPOKE))).properties.peeringState).toBe('Disconnected');
    await stage.colleague('DELETE', lock, undefined, '2020-05-01');
  });
});

describe('an address space that somebody extended while it is peered', () => {
  it('stays, since it is theirs, and exactly the side that does not know of it is synchronised', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    await stage.colleagueEdits(stage.id('rg-hub', 'virtualNetworks/vnet-westeurope-hub'), ({ properties }) => {
      properties.addressSpace = { addressPrefixes: ['10.200.0.0/24', '10.212.0.0/24'] };
      delete (properties as Record<string, unknown>).virtualNetworkPeerings;
    });
    // One side takes it over by hand.
    const { id, properties } = await stage.resource(await spokeSide(stage));
    await stage.colleague('PUT', id, { properties }, '2025-05-01&syncRemoteAddressSpace=true');
    await environment.advance(120);
    const levels = new Map((await peerings(stage)).map(([name, , level]) => [name, level]));
    expect(levels.get('spoke-a-to-hub')).toBe('FullyInSync');
    expect(levels.get('spoke-b-to-hub')).toBe('RemoteNotInSync');
    expect(levels.get('hub-to-spoke-b')).toBe('LocalNotInSync');
    const before = await stage.counts();

    const operation = await ended(await put(environment, stage.name, stage.spec()));

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await peerings(stage)).toSorted()).toEqual(WHOLE);
    const written = [...(await stage.counts())].filter(([one, { writes }]) => writes > (before.get(one)?.writes ?? 0));
    expect(written.map(([one]) => one.split('/').at(-1))).toEqual(['spoke-b-to-hub']);
    const hub = await stage.resource(stage.id('rg-hub', 'virtualNetworks/vnet-westeurope-hub'));
    expect(hub.properties.addressSpace).toEqual({ addressPrefixes: ['10.200.0.0/24', '10.212.0.0/24'] });
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [] });
  });
});

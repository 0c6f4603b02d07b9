import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isFinal } from '../../lib/api/operation.ts';
import { operationOf } from '../support/baseline-scenario.ts';
import { bringEvents, driftOf, linesOf, loseEvents, scan } from '../support/drift-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type Body, type SmallSpec, Stage, withFirewall } from '../support/stage.ts';

/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;
const NETWORK_VERSION = '2025-05-01';
const ZONE_VERSION = '2024-06-01';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'drift-told' });
}, WITHIN_MS);

afterAll(() => environment?.stop());

async function identityMay(roles: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  expect((await environment.sim('PUT', 'principals', { 'managed-identity': { roles } })).status).toBe(200);
}

afterEach(async () => {
  await identityMay([{ role: 'Contributor' }]);
  await bringEvents({ environment, name: '' });
});

async function opened(change: (spec: SmallSpec) => void): Promise<Stage> {
  const stage = await Stage.open(environment);
  await bringEvents(stage);
  const spec = stage.spec((wanted) => {
    wanted.tags = { team: 'network' };
    change(wanted);
  });
  expect(await stage.provision(spec)).toMatchObject({ state: 'succeeded', errors: [] });
  return stage;
}

/** Somebody's edit of a resource. */
async function edit(
  by: string,
  id: string,
  change: (body: Body) => void,
  apiVersion: string = NETWORK_VERSION,
): Promise<void> {
  const { body } = await environment.armAs<Body>(by, 'GET', `${id}?api-version=${apiVersion}`);
  change(body);
  expect((await environment.armAs(by, 'PUT', `${id}?api-version=${apiVersion}`, body)).status).toBeLessThan(300);
}

const retag = (by: string, id: string, apiVersion?: string) =>
  edit(by, id, (body) => Object.assign(body, { tags: { ...(body.tags as object), team: 'other' } }), apiVersion);

const groupOf = (stage: Stage, name: string) =>
  stage.id(`rg-${name}`, `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-vms`);

describe('a drift that comes while a person’s spec waits', () => {
  it(
    'stays and is told with its author where the spec says so, also when the spec goes on',
    async () => {
      const stage = await opened((spec) => {
        spec.drift = { mode: 'observe', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] };
      });
      const { body: clock } = await environment.sim<{ simulatedMs: number }>('GET', 'clock');
      const until = new Date(clock.simulatedMs + 10 * HOUR_SECONDS * 1_000).toISOString();
      const hold = { owner: 'duty', reason: 'incident', scope: 'spoke:b', until };
      expect((await environment.api('PUT', `/api/baselines/${stage.name}/hold`, hold)).status).toBe(200);
      const next = stage.spec((spec) => {
        spec.tags = { team: 'network' };
        spec.drift = { mode: 'observe', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] };
        spec.spokes[1]?.network.addressPrefixes.push('10.99.0.0/24');
      });
      const { body: put } = await environment.api<{ operationId: string }>(
        'PUT',
        `/api/baselines/${stage.name}`,
        next,
        {
          'x-hubkeeper-user': 'alice',
        },
      );
      await environment.advance(300);
      expect((await operationOf(environment, put.operationId)).state).toBe('waiting');
      await retag('carol', groupOf(stage, 'a'));
      await environment.advance(11 * HOUR_SECONDS);

      expect(isFinal((await operationOf(environment, put.operationId)).state)).toBe(true);
      expect((await stage.resource(stage.id('rg-b', 'virtualNetworks/vnet-spoke-b'))).properties).toMatchObject({
        addressSpace: { addressPrefixes: expect.arrayContaining(['10.99.0.0/24']) },
      });
      expect((await stage.resource(groupOf(stage, 'a'))).tags).toMatchObject({ team: 'other' });
      const found = await linesOf(stage, 'drift found');
      expect(found).toMatchObject([{ resource: groupOf(stage, 'a'), reason: expect.stringContaining('carol') }]);
      expect((await driftOf(stage)).drifts).toMatchObject([
        { state: 'reported', origin: { author: { name: expect.stringContaining('carol') } } },
      ]);
    },
    WITHIN_MS,
  );
});

describe('a scan of a baseline of which one kind may not be written', () => {
  it(
    'puts everything else right and tells what stays',
    async () => {
      const stage = await opened((spec) => {
        spec.drift = { mode: 'act' };
      });
      await loseEvents(stage);
      const zone = stage.id('rg-hub', 'privateDnsZones/privatelink.azurecr.io');
      await identityMay([{ actions: ['*'], notActions: ['Microsoft.Network/privateDnsZones/write'] }]);
      await retag('alice', groupOf(stage, 'a'));
      await retag('alice', zone, ZONE_VERSION);
      const first = await scan(stage);
      const second = await scan(stage);

      expect((await stage.resource(groupOf(stage, 'a'))).tags).toMatchObject({ team: 'network' });
      expect((await driftOf(stage)).drifts).toMatchObject([
        { id: zone, path: 'tags.team', state: 'refused', code: 'MissingPermission' },
      ]);
      expect([first.state, second.state]).toEqual(['partial', 'succeeded']);
    },
    WITHIN_MS,
  );
});

describe('a drift in a long list', () => {
  it(
    'is told by what is missing and what is more, and again when somebody changes it further',
    async () => {
      const ipAddresses = Array.from({ length: 60 }, (_, at) => `192.0.2.${at + 100}`);
      const stage = await opened((spec) => {
        spec.drift = { mode: 'observe' };
        withFirewall(spec);
        Object.assign(spec.hub.firewall ?? {}, { ipGroups: [{ name: 'ipg-office', ipAddresses }] });
      });
      const id = stage.id('rg-hub', 'ipGroups/ipg-office');
      const without = (address: string) => (body: Body) => {
        const { properties } = body;
        properties.ipAddresses = (properties.ipAddresses as string[]).filter((one) => one !== address);
      };
      await edit('alice', id, without('192.0.2.159'));
      await environment.advance(400);
      await edit('bob', id, without('192.0.2.158'));
      await environment.advance(400);

      const [found] = await linesOf(stage, 'drift found');
      const [changed] = await linesOf(stage, 'drift changed');
      const path = 'properties.ipAddresses';
      expect(found?.after).toEqual({ [path]: 'missing: 192.0.2.159 (60 members)' });
      expect(changed?.after).toEqual({ [path]: 'missing: 192.0.2.158, 192.0.2.159 (60 members)' });
      expect([found?.reason, changed?.reason]).toEqual([
        expect.stringContaining('alice'),
        expect.stringContaining('bob'),
      ]);
      expect((await driftOf(stage)).drifts).toMatchObject([
        { before: '58 members', origin: { author: { name: expect.stringContaining('bob') } } },
      ]);
    },
    WITHIN_MS,
  );
});

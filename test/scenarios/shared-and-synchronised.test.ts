import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planOf, put, rejections, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { namesIn, Stage, spoke } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'shared-and-synchronised' });
});

afterAll(() => environment?.stop());

const HUB = 'virtualNetworks/vnet-westeurope-hub';

async function syncLevels(stage: Stage): Promise<readonly unknown[]> {
  const peerings = [...(await stage.world())].filter(([id]) => id.includes('/virtualnetworkpeerings/'));
  return peerings.map(([, { properties }]) => properties.peeringSyncLevel);
}

describe('a network that grows while it is peered', () => {
  it('is known to its peers when the run has ended, and to them alone is written', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const before = await stage.counts();

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.hub.network = { addressPrefixes: ['10.200.0.0/24', '10.210.0.0/24'] };
      }),
    );

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await syncLevels(stage)).toEqual(Array(4).fill('FullyInSync'));
    expect(namesIn(operation, 'succeeded').filter((name) => name.startsWith('virtualNetworkPeerings'))).toEqual([
      'virtualNetworkPeerings/spoke-a-to-hub',
      'virtualNetworkPeerings/spoke-b-to-hub',
    ]);
    const after = await stage.counts();
    const written = [...after].filter(([id, { writes }]) => writes > (before.get(id)?.writes ?? 0));
    expect(written).toHaveLength(3);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
  });

  it('by the hand of somebody else is synchronised by the next reconcile', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    await stage.colleagueEdits(stage.id('rg-hub', HUB), ({ properties }) => {
      properties.addressSpace = { addressPrefixes: ['10.200.0.0/24', '10.211.0.0/24'] };
      delete (properties as Record<string, unknown>).virtualNetworkPeerings;
    });
    expect(await syncLevels(stage)).not.toEqual(Array(4).fill('FullyInSync'));

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.hub.network = { addressPrefixes: ['10.200.0.0/24', '10.211.0.0/24'] };
      }),
    );

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await syncLevels(stage)).toEqual(Array(4).fill('FullyInSync'));
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [] });
  });
});

describe('what is gone', () => {
  it('is forgotten, and another baseline may make it', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const zone = stage.id('rg-hub', 'privateDnsZones/privatelink.azurecr.io');
    for (const link of [...(await stage.world())].filter(([id]) => id.includes('/virtualnetworklinks/')))
      await stage.colleague('DELETE', link[1].id, undefined, '2024-06-01').then(() => environment.advance(120));
    await stage.colleague('DELETE', zone, undefined, '2024-06-01');
    await environment.advance(120);

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.hub.privateDnsZones = [];
      }),
    );
    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });

    const other = stage.beside(`${stage.name}-other`);
    const taken = await other.provision(
      other.spec((spec) => {
        spec.hub.resourceGroup = { id: stage.id('rg-hub') };
        spec.hub.network = { addressPrefixes: ['10.220.0.0/24'], name: 'vnet-other' };
        spec.spokes = [];
      }),
    );
    expect(taken).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await stage.resource(zone)).toMatchObject({ name: 'privatelink.azurecr.io' });
  });
});

describe('the owner of a zone and a baseline that links to it', () => {
  it('keep one another out of it', async () => {
    const owner = await Stage.open(environment);
    const zone = owner.id('rg-hub', 'privateDnsZones/privatelink.azurecr.io');
    await owner.provision(owner.spec());
    const guest = owner.beside(`${owner.name}-guest`);
    const before = rejections(await statistics(environment));
    const ofOwner = owner.spec((spec) => {
      spec.spokes = [...spec.spokes, spoke('c', 242), spoke('d', 243)];
    });
    const ofGuest = guest.spec((spec) => {
      spec.hub.resourceGroup = { name: 'rg-guest' };
      spec.hub.network = { addressPrefixes: ['10.230.0.0/24'] };
      spec.hub.privateDnsZones = [{ id: zone }];
      spec.spokes = [
        { ...spoke('x', 244), resourceGroup: { name: 'rg-guest-x' } },
        { ...spoke('y', 245), resourceGroup: { name: 'rg-guest-y' } },
      ];
    });

    const ids = await Promise.all([put(environment, owner.name, ofOwner), put(environment, guest.name, ofGuest)]);
    const operations = [];
    for (const id of ids) operations.push(await untilSettled(environment, id));

    expect(operations.map(({ state, errors }) => ({ state, errors }))).toEqual([
      { state: 'succeeded', errors: [] },
      { state: 'succeeded', errors: [] },
    ]);
    expect(rejections(await statistics(environment))).toEqual(before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { operationOf, planOf, put, rejections, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';
const SHARED = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-shared`;
const ZONES = ['privatelink.azurecr.io', 'privatelink.vaultcore.azure.net'].map(
  (zone) => `${SHARED}/providers/Microsoft.Network/privateDnsZones/${zone}`,
);
const PLAN = `${SHARED}/providers/Microsoft.Network/ddosProtectionPlans/ddos-shared`;

let environment: TestEnvironment;

/** A small hub with links to zones, and a DDoS plan, that it shares with others. */
function specOf(name: string, second: number): string {
  return `apiVersion: hubkeeper/v1
name: ${name}
observability: { diagnosticSettings: false }
hub:
  subscriptionId: ${SUBSCRIPTION}
  location: westeurope
  resourceGroup: { name: rg-${name} }
  network: { addressPrefixes: [10.${second}.0.0/24] }
  subnets: {}
  ddosProtectionPlan: { id: ${PLAN} }
  privateDnsZones: [${ZONES.map((id) => `{ id: ${id} }`).join(', ')}]
spokes:
  - name: one
    resourceGroup: { name: rg-${name}-one }
    network: { addressPrefixes: [10.${second}.4.0/22] }
    subnets: [{ name: snet-a, purpose: general, addressPrefix: 10.${second}.4.0/24 }]
`;
}

beforeAll(async () => {
  environment = await startEnvironment({ record: 'two-baselines' });
  await environment.armAs('colleague', 'PUT', `${SHARED}?api-version=2025-04-01`, { location: 'westeurope' });
  for (const zone of ZONES)
    await environment.armAs('colleague', 'PUT', `${zone}?api-version=2024-06-01`, { location: 'global' });
  await environment.armAs('colleague', 'PUT', `${PLAN}?api-version=2025-09-01`, { location: 'westeurope' });
  await environment.advance(300);
});

afterAll(async () => {
  await environment?.stop();
});

describe('baselines that share zones and a DDoS plan', () => {
  const names = ['north', 'south', 'east'];

  it('are provisioned at the same time without one write that meets the other', async () => {
    const ids = await Promise.all(names.map((name, at) => put(environment, name, specOf(name, 20 + at))));
    const operations = [];
    for (const id of ids) operations.push(await untilSettled(environment, id));

    expect(operations.map(({ state, errors }) => ({ state, errors }))).toEqual(
      names.map(() => ({ state: 'succeeded', errors: [] })),
    );
    expect(rejections(await statistics(environment))).toEqual({});
    for (const name of names) expect(await planOf(environment, name)).toMatchObject({ changes: [], refused: [] });
  });

  it('go on when the host that held a shared lane was killed', async () => {
    const changed = names.map((name, at) =>
      specOf(name, 20 + at)
        .replace('rg-shared/providers/Microsoft.Network/ddos', 'rg-shared/providers/Microsoft.Network/ddos')
        .replace('hub:\n', 'tags: { step: two }\nhub:\n'),
    );
    const ids = await Promise.all(names.map((name, at) => put(environment, name, changed[at] ?? '')));
    await environment.advanceUntil(
      'writes are in flight',
      async () => (await operationOf(environment, ids[0] ?? '')).nodes.find((node) => node.state === 'running'),
      600,
      10,
    );
    await environment.killHost();
    const operations = [];
    for (const id of ids) operations.push(await untilSettled(environment, id));

    expect(operations.map(({ state, errors }) => ({ state, errors }))).toEqual(
      names.map(() => ({ state: 'succeeded', errors: [] })),
    );
    for (const name of names) expect(await planOf(environment, name)).toMatchObject({ changes: [] });
  });

  it('never claim one resource twice', async () => {
    const thief = specOf('thief', 40).replaceAll('rg-thief', 'rg-north').replace('10.40.0.0/24', '10.20.0.0/24');
    const operation = await untilSettled(environment, await put(environment, 'thief', thief));
    const before = await statistics(environment);

    expect(['failed', 'partial']).toContain(operation.state);
    expect(operation.errors.length).toBeGreaterThan(0);
    expect(operation.errors.every((problem) => problem.remedy !== '')).toBe(true);
    expect(await planOf(environment, 'north')).toMatchObject({ changes: [] });
    expect((await statistics(environment)).principals).toEqual(before.principals);
  });
});

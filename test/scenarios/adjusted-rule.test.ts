import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { journal, planOf, untilSettled } from '../support/baseline-scenario.ts';
import { driftOf } from '../support/drift-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { Stage } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'adjusted-rule' });
});

afterAll(() => environment?.stop());

const RULE = {
  name: 'AllowPartner',
  priority: 200,
  direction: 'Inbound',
  access: 'Allow',
  protocol: 'Tcp',
  sourceAddressPrefixes: ['203.0.113.0/24'],
  destinationPortRanges: ['8443'],
};
const THEIRS = {
  name: 'theirs',
  properties: {
    ...RULE,
    name: undefined,
    priority: 150,
    sourceAddressPrefixes: ['198.51.100.0/24'],
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
  },
};

async function inHours(hours: number): Promise<string> {
  const { body } = await environment.sim<{ simulatedMs: number }>('GET', 'clock');
  return new Date(body.simulatedMs + hours * 3_600_000).toISOString();
}

describe('a security rule for a time', () => {
  it('is set by hand, survives specs and reconciles beside the rules of others, and goes at its end', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const group = await stage.resource(stage.id('rg-a', 'networkSecurityGroups/nsg-vnet-spoke-a-snet-vms'));
    await stage.colleagueEdits(group.id, ({ properties }) => {
      properties.securityRules.push(THEIRS);
    });
    const rules = async () =>
      (await stage.resource(group.id)).properties.securityRules.map(({ name }) => name).toSorted();
    const writesOf = async () => (await stage.counts()).get(group.id.toLowerCase())?.writes ?? 0;
    const before = await writesOf();
    const others = async () =>
      [...(await stage.counts())]
        .filter(([id]) => id !== group.id.toLowerCase())
        .map(([id, { writes }]) => [id, writes]);
    const othersBefore = await others();
    const path = `/api/baselines/${stage.name}/adjustments/partner`;
    const wanted = {
      kind: 'networkSecurityRule',
      target: group.id,
      value: RULE,
      reason: 'test',
      until: await inHours(2),
    };

    const refused = await environment.api('PUT', path, { ...wanted, value: { ...RULE, priority: 3_000 } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'value.priority' }] } });
    const accepted = await environment.api<{ operationId: string }>('PUT', path, wanted);
    expect(accepted).toMatchObject({ status: 202, body: { adjustment: { scope: 'spoke:a' } } });
    expect(await untilSettled(environment, accepted.body.operationId)).toMatchObject({
      state: 'succeeded',
      errors: [],
    });
    expect(await rules()).toEqual(['AllowPartner', 'theirs']);
    expect(await writesOf()).toBe(before + 1);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });

    // A port that somebody else opens in it is put back to what the adjustment says, like all that is declared.
    await stage.colleagueEdits(group.id, ({ properties }) => {
      const rule = properties.securityRules.find(({ name }) => name === 'AllowPartner');
      if (rule !== undefined) Object.assign(rule.properties, { destinationPortRange: '*' });
    });
    const kept = await stage.provision(stage.spec());
    expect(kept).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await stage.resource(group.id)).properties.securityRules).toContainEqual(
      expect.objectContaining({
        name: 'AllowPartner',
        properties: expect.objectContaining({ destinationPortRange: '8443' }),
      }),
    );

    await environment.advance(2.5 * 3_600);
    expect(await rules()).toEqual(['theirs']);
    expect(await others()).toEqual(othersBefore);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    expect((await journal(environment, stage.name)).map(({ decision }) => decision)).toEqual(
      expect.arrayContaining(['adjusted', 'adjustment ended']),
    );
  });

  it.each([
    ['is only told', { mode: 'observe' }],
    ['waits for an approval', { mode: 'act', policies: [{ path: 'properties.dhcpOptions', policy: 'approve' }] }],
  ] as const)('leaves drift that %s, and the operation that waits for it, as they are', async (_, drift) => {
    const stage = await Stage.open(environment);
    await stage.provision(
      stage.spec((spec) => {
        Object.assign(spec, { drift, budgets: { perRun: 0, perDay: 0 } });
      }),
    );
    const network = stage.id('rg-b', 'virtualNetworks/vnet-spoke-b');
    await stage.colleagueEdits(network, ({ properties }) => {
      Object.assign(properties, { dhcpOptions: { dnsServers: ['10.9.9.9'] } });
    });
    await environment.advance(4_000);
    const { drifts } = await driftOf(stage);
    expect(drifts).toMatchObject([{ id: network }]);
    const writesBefore = (await stage.counts()).get(network.toLowerCase());
    const group = stage.id('rg-a', 'networkSecurityGroups/nsg-vnet-spoke-a-snet-vms');
    const path = `/api/baselines/${stage.name}/adjustments/partner`;
    const wanted = { kind: 'networkSecurityRule', target: group, value: RULE, reason: 'r', until: await inHours(2) };

    const asked = await environment.api<{ operationId: string }>('PUT', path, wanted);
    expect(await untilSettled(environment, asked.body.operationId)).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await stage.resource(group)).properties.securityRules.map(({ name }) => name)).toEqual([RULE.name]);
    const ended = await environment.api<{ operationId: string }>('DELETE', path);
    expect(await untilSettled(environment, ended.body.operationId)).toMatchObject({ state: 'succeeded', errors: [] });

    expect((await stage.resource(group)).properties.securityRules).toEqual([]);
    expect((await stage.counts()).get(network.toLowerCase())).toEqual(writesBefore);
    expect((await driftOf(stage)).drifts).toMatchObject(
      drifts.map(({ id, path: property, state, operationId }) => ({ id, path: property, state, operationId })),
    );
  });
});

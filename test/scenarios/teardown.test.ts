import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type SmallSpec, Stage, withFirewall } from '../support/stage.ts';

const HUB = 'virtualNetworks/vnet-westeurope-hub';
const ZONE = 'privateDnsZones/privatelink.azurecr.io';
const DNS_API_VERSION = '2024-06-01';
const GROUPS_API_VERSION = '2025-04-01';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'teardown' });
});

afterAll(() => environment?.stop());

/** What is left in the subscription, below `/subscriptions/ID/resourceGroups/`. */
async function left(stage: Stage): Promise<readonly string[]> {
  return [...(await stage.world()).keys()]
    .filter((id) => !/\/(deletedworkspaces|routes|soa)\//.test(id))
    .map((id) => id.replace(`/subscriptions/${stage.subscriptionId}/resourcegroups/`, ''))
    .map((id) => id.replace('/providers/microsoft.network/', ' '))
    .sort();
}

async function network(stage: Stage, group: string, name: string, prefix: string): Promise<string> {
  const id = stage.id(group, `virtualNetworks/${name}`);
  await stage.colleague('PUT', id, {
    location: 'westeurope',
    properties: { addressSpace: { addressPrefixes: [prefix] } },
  });
  await environment.advance(60);
  return id;
}

describe('teardown', () => {
  it('removes everything of a baseline that nobody else uses', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(withFirewall));

    const operation = await stage.teardown();

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await left(stage)).toEqual([]);
  });

  it('leaves what is foreign and all that it needs, names it, and finishes when it is gone', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(withFirewall));
    await stage.colleague('PUT', stage.id('rg-theirs'), { location: 'westeurope' }, GROUPS_API_VERSION);
    const theirs = await network(stage, 'rg-theirs', 'vnet-theirs', '10.99.0.0/24');
    const hub = stage.id('rg-hub', HUB);
    const subnet = `${stage.id('rg-a', 'virtualNetworks/vnet-spoke-a')}/subnets/snet-theirs`;
    await stage.colleague('PUT', subnet, {
      properties: {
        addressPrefix: '10.240.0.128/26',
        networkSecurityGroup: { id: stage.id('rg-a', 'networkSecurityGroups/nsg-vnet-spoke-a-snet-vms') },
        routeTable: { id: stage.id('rg-a', 'routeTables/route-spoke-a-to-westeurope-hub-fw') },
      },
    });
    const card = stage.id('rg-theirs', 'networkInterfaces/nic-theirs');
    await stage.colleague('PUT', card, {
      location: 'westeurope',
      properties: {
        ipConfigurations: [
          {
            name: 'one',
            properties: { subnet: { id: `${stage.id('rg-b', 'virtualNetworks/vnet-spoke-b')}/subnets/snet-vms` } },
          },
        ],
      },
    });
    const address = stage.id('rg-hub', 'publicIPAddresses/pip-theirs');
    await stage.colleague('PUT', address, {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    });
    const peering = `${hub}/virtualNetworkPeerings/to-theirs`;
    await stage.colleague('PUT', peering, {
      properties: { remoteVirtualNetwork: { id: theirs }, allowVirtualNetworkAccess: true },
    });
    const link = `${stage.id('rg-hub', ZONE)}/virtualNetworkLinks/theirs`;
    await stage.colleague(
      'PUT',
      link,
      { location: 'global', properties: { virtualNetwork: { id: theirs }, registrationEnabled: false } },
      DNS_API_VERSION,
    );
    await environment.advance(300);

    const operation = await stage.teardown();

    expect(operation.state).toBe('partial');
    expect(await left(stage)).toEqual(
      [
        'rg-a',
        'rg-a networksecuritygroups/nsg-vnet-spoke-a-snet-vms',
        'rg-a routetables/route-spoke-a-to-westeurope-hub-fw',
        'rg-a virtualnetworks/vnet-spoke-a',
        'rg-a virtualnetworks/vnet-spoke-a/subnets/snet-theirs',
        'rg-a virtualnetworks/vnet-spoke-a/subnets/snet-vms',
        'rg-b',
        'rg-b networksecuritygroups/nsg-vnet-spoke-b-snet-vms',
        'rg-b routetables/route-spoke-b-to-westeurope-hub-fw',
        'rg-b virtualnetworks/vnet-spoke-b',
        'rg-b virtualnetworks/vnet-spoke-b/subnets/snet-vms',
        'rg-hub',
        'rg-hub privatednszones/privatelink.azurecr.io',
        'rg-hub privatednszones/privatelink.azurecr.io/virtualnetworklinks/theirs',
        'rg-hub publicipaddresses/pip-theirs',
        'rg-hub virtualnetworks/vnet-westeurope-hub',
        'rg-hub virtualnetworks/vnet-westeurope-hub/subnets/azurefirewallsubnet',
        'rg-hub virtualnetworks/vnet-westeurope-hub/virtualnetworkpeerings/to-theirs',
        'rg-theirs',
        'rg-theirs networkinterfaces/nic-theirs',
        'rg-theirs virtualnetworks/vnet-theirs',
      ].sort(),
    );
    const messages = operation.errors.map(({ resource, message }) => `${resource} ${message}`).join('\n');
    for (const named of ['snet-theirs', 'nic-theirs', 'pip-theirs', 'to-theirs', 'virtualNetworkLinks/theirs'])
      expect(messages).toContain(named);
    expect(operation.errors.every(({ actor, remedy }) => actor === 'operator' && remedy !== '')).toBe(true);

    await stage.colleague('DELETE', subnet);
    await stage.colleague('DELETE', card);
    await stage.colleague('DELETE', address);
    await stage.colleague('DELETE', link, undefined, DNS_API_VERSION);
    await environment.advance(60);
    await stage.colleague('DELETE', peering);
    await environment.advance(120);
    const second = await stage.teardown();

    expect({ state: second.state, errors: second.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await left(stage)).toEqual(['rg-theirs', 'rg-theirs virtualnetworks/vnet-theirs']);
  });

  it('leaves what was adopted and takes only our entries out of it', async () => {
    const stage = await Stage.open(environment);
    for (const group of ['rg-a', 'rg-hub'])
      await stage.colleague('PUT', stage.id(group), { location: 'westeurope' }, GROUPS_API_VERSION);
    const existing = await network(stage, 'rg-a', 'vnet-existing', '10.240.0.0/24');
    await stage.colleague('PUT', `${existing}/subnets/snet-theirs`, {
      properties: { addressPrefix: '10.240.0.128/26' },
    });
    const zone = stage.id('rg-hub', ZONE);
    await stage.colleague('PUT', zone, { location: 'global', properties: {} }, DNS_API_VERSION);
    await environment.advance(120);
    const before = await stage.resource(existing);
    const adopting = stage.spec((spec: SmallSpec) => {
      const [a] = spec.spokes;
      if (a !== undefined) {
        a.resourceGroup = { id: stage.id('rg-a') };
        a.network.id = existing;
      }
      spec.hub.resourceGroup = { id: stage.id('rg-hub') };
      spec.hub.privateDnsZones = [{ id: zone }];
      spec.tags = { team: 'network' };
    });
    expect(await stage.provision(adopting)).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await stage.resource(existing)).properties.subnets.map(({ name }) => name)).toEqual([
      'snet-theirs',
      'snet-vms',
    ]);

    const operation = await stage.teardown();

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await left(stage)).toEqual([
      'rg-a',
      'rg-a virtualnetworks/vnet-existing',
      'rg-a virtualnetworks/vnet-existing/subnets/snet-theirs',
      'rg-hub',
      'rg-hub privatednszones/privatelink.azurecr.io',
    ]);
    const after = await stage.resource(existing);
    expect(after.tags).toEqual(before.tags);
    expect(after.properties.subnets.map(({ name }) => name)).toEqual(['snet-theirs']);
    expect(after.properties.addressSpace).toEqual(before.properties.addressSpace);
  });

  it('is given up where it is rejected, and the baseline goes on as it was', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const asked = await environment.api<{ operationId: string; planHash: string }>(
      'DELETE',
      `/api/baselines/${stage.name}`,
    );
    const before = await stage.writes();
    await environment.advance(60);

    const rejected = await environment.api(
      'POST',
      `/api/approvals/${asked.body.planHash}`,
      { decision: 'reject', comment: 'still needed' },
      { 'x-hubkeeper-user': 'approver' },
    );
    await environment.advance(60);

    expect(rejected.status).toBe(200);
    const { body } = await environment.api<{ state: string; errors: { code: string; message: string }[] }>(
      'GET',
      `/api/operations/${asked.body.operationId}`,
    );
    expect(body.state).toBe('partial');
    expect(
      body.errors.every(({ code, message }) => code === 'ApprovalRejected' && message.includes('still needed')),
    ).toBe(true);
    expect(await stage.writes()).toBe(before);
    const { body: baseline } = await environment.api('GET', `/api/baselines/${stage.name}`);
    expect(baseline).toMatchObject({ version: 1, teardown: false });
    expect(await stage.provision(stage.spec())).toMatchObject({ state: 'succeeded', nodes: [] });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import type { ChangeHint } from '../../../lib/state/drift-watch.ts';
import type { RunDocument } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const HUB = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';

const hint = (name: string): ChangeHint => ({
  resource: `${HUB}/providers/Microsoft.Network/virtualNetworks/${name}`,
  action: 'write',
  at: '2026-06-01T08:00:00.000Z',
  author: null,
  correlationId: null,
});

async function provisioned(): Promise<Reconciling> {
  const north = new Reconciling(memoryDependencies(), 'north');
  await north.put(smallSpec('north', [], { drift: { mode: 'act' } }), 'author');
  await north.settle();
  return north;
}

const namesOf = ({ hints }: RunDocument) => hints?.map(({ resource }) => resource.slice(resource.lastIndexOf('/') + 1));

describe('a run that compares certain resources', () => {
  it('compares what all requests name that wait for it', async () => {
    const north = await provisioned();
    const first = await north.record('drift', 'hubkeeper', { hints: [hint('a'), hint('b')] });
    const second = await north.record('drift', 'hubkeeper', { hints: [hint('b'), hint('c')] });
    await north.settle();

    expect(namesOf(await north.run(first))).toEqual(['a', 'b', 'c']);
    expect(await north.run(second)).toMatchObject({ joinedTo: first });
  });

  it('compares everything when one of them names nothing, and answers both', async () => {
    const north = await provisioned();
    const named = await north.record('drift', 'hubkeeper', { hints: [hint('a')] });
    const whole = await north.record('drift', 'hubkeeper');
    await north.settle();

    expect(await north.run(named)).not.toHaveProperty('hints');
    expect(await north.run(whole)).toMatchObject({ joinedTo: named });
  });

  it('is part of a comparison of everything', async () => {
    const north = await provisioned();
    const whole = await north.record('drift', 'hubkeeper');
    const named = await north.record('drift', 'hubkeeper', { hints: [hint('a')] });
    await north.settle();

    expect(await north.run(whole)).not.toHaveProperty('hints');
    expect(await north.run(named)).toMatchObject({ joinedTo: whole });
  });

  it('is a run of its own beside what a person asks for', async () => {
    const north = await provisioned();
    const attended = await north.record('reconcile', 'alice');
    const named = await north.record('drift', 'hubkeeper', { hints: [hint('a')] });
    await north.settle();

    expect(await north.run(attended)).not.toHaveProperty('hints');
    expect(namesOf(await north.run(named))).toEqual(['a']);
  });

  it('has everything compared when more is named than one comparison takes', async () => {
    const north = await provisioned();
    const many = (from: number) => Array.from({ length: 150 }, (_, at) => hint(`n${from + at}`));
    const first = await north.record('drift', 'hubkeeper', { hints: many(0) });
    await north.record('drift', 'hubkeeper', { hints: many(150) });
    await north.settle();

    expect(await north.run(first)).not.toHaveProperty('hints');
  });

  it('reads nothing but what they name while that is as declared', async () => {
    const dependencies = memoryDependencies();
    const { arm } = dependencies;
    const north = new Reconciling(dependencies, 'north');
    await north.put(smallSpec('north', ['a'], { drift: { mode: 'act' } }), 'author');
    await north.settle();
    const { resource: network } = hint('vnet-westeurope-hub');
    const group: ChangeHint = { ...hint(''), resource: HUB };
    const before = arm.requests.length;
    const lists: string[] = [];
    arm.list = async (path) => {
      lists.push(path);
      return [];
    };

    await north.record('drift', 'hubkeeper', { hints: [group, hint('vnet-westeurope-hub')] });
    await north.settle();

    expect(arm.requests.slice(before).map(({ method, target }) => `${method} ${target}`)).toEqual([
      `GET ${HUB}`,
      `GET ${network}`,
    ]);
    expect(lists).toEqual([]);
  });

  it('reads only these as well while a run of everything waits, which goes on waiting', async () => {
    const dependencies = memoryDependencies();
    const { arm } = dependencies;
    const north = new Reconciling(dependencies, 'north');
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    await north.put(smallSpec('north', ['a'], { drift: { mode: 'act', policies } }), 'author');
    await north.settle();
    const workspace = `${HUB}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
    const { id: _, ...body } = arm.body(workspace) ?? {};
    arm.put(workspace, { ...body, properties: { sku: { name: 'PerGB2018' }, retentionInDays: 7 } });
    const whole = await north.record('drift', 'hubkeeper');
    await north.settle();
    const { approvals } = await north.head();
    const before = arm.requests.length;
    const lists: string[] = [];
    arm.list = async (path: string) => {
      lists.push(path);
      return [];
    };

    for (let events = 0; events < 20; events++) {
      north.pass(60);
      await north.record('drift', 'hubkeeper', { hints: [{ ...hint('vnet-westeurope-hub'), at: north.nowIso }] });
      await north.settle();
    }

    const { resource } = hint('vnet-westeurope-hub');
    expect(lists).toEqual([]);
    expect(arm.requests.slice(before).map(({ method, target }) => `${method} ${target}`)).toEqual(
      Array.from({ length: 20 }, () => `GET ${resource}`),
    );
    expect(await north.run(whole)).toMatchObject({ state: 'waiting', plansMade: 1 });
    expect(await north.head()).toMatchObject({ currentOperationId: whole, approvals });
  });

  it('puts right at once what nobody has to approve while another drift waits for an approval', async () => {
    const dependencies = memoryDependencies();
    const { arm } = dependencies;
    const north = new Reconciling(dependencies, 'north');
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    await north.put(smallSpec('north', ['a'], { drift: { mode: 'act', policies }, tags: { owner: 'net' } }), 'author');
    await north.settle();
    const edit = (id: string, change: JsonObject) => {
      const { id: _, ...body } = arm.body(id) ?? {};
      arm.put(id, { ...body, ...change });
    };
    const workspace = `${HUB}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
    const { resource } = hint('vnet-westeurope-hub');
    edit(workspace, { tags: { owner: 'mallory' } });
    const whole = await north.record('drift', 'hubkeeper');
    await north.settle();
    const [asked] = (await north.head()).approvals;

    edit(resource, { tags: { owner: 'mallory' } });
    await north.record('drift', 'hubkeeper', { hints: [hint('vnet-westeurope-hub')] });
    await north.settle();
    expect(arm.body(resource)?.tags).toEqual({ owner: 'net' });
    expect((await north.head()).approvals).toEqual([asked]);

    // An event about what somebody is asked to approve voids that: the operation asks for what is there now.
    edit(workspace, { tags: { owner: 'trudy' } });
    const event = await north.record('drift', 'hubkeeper', { hints: [{ ...hint(''), resource: workspace }] });
    await north.settle();
    expect(await north.run(event)).toMatchObject({ joinedTo: whole });
    const { approvals } = await north.head();
    expect(approvals).toMatchObject([{ operationId: whole }]);
    expect(approvals[0]?.planHash).not.toBe(asked?.planHash);
    expect(arm.body(workspace)).toMatchObject({ tags: { owner: 'trudy' } });
  });
});

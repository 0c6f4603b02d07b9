import { describe, expect, it } from '@jest/globals';
import { findUnmanaged } from '../../../lib/reconcile/find-unmanaged.ts';
import { FakeAzure } from '../../support/fake-azure.ts';
import { GROUP, id, thing } from '../plan/small-kind.ts';

const graph = { baseline: 'b', nodes: [thing('g', { id: GROUP, kind: 'resourceGroup' }), thing('ours')] };

function azureWith(count: number): FakeAzure {
  const arm = new FakeAzure();
  arm.put(id('ours'), { type: 'P/things' });
  for (let n = 0; n < count; n++) arm.put(id(`theirs-${String(n).padStart(4, '0')}`), { type: 'P/things' });
  return arm;
}

describe('what others have in our groups', () => {
  it('is listed, the first 500 of it, and counted', async () => {
    const observed = new Map([[GROUP.toLowerCase(), {}]]);

    const { resources, count } = await findUnmanaged({ arm: azureWith(620) }, graph, new Map(), observed);

    expect(count).toBe(620);
    expect(resources).toHaveLength(500);
    expect(resources[0]).toEqual({ id: id('theirs-0000'), type: 'P/things' });
  });

  it('is found by one list of the subscription where there are many groups', async () => {
    const groups = Array.from({ length: 30 }, (_, n) => `${GROUP}-${n}`);
    const arm = new FakeAzure();
    for (const group of [...groups, `${GROUP}-of-others`])
      arm.put(`${group}/providers/P/things/theirs`, { type: 'P/things' });
    const many = { baseline: 'b', nodes: groups.map((group) => thing(group, { id: group, kind: 'resourceGroup' })) };
    const lists: string[] = [];
    const counted: Pick<FakeAzure, 'list' | 'send'> = {
      send: (request) => arm.send(request),
      list: (path) => {
        lists.push(path);
        return arm.list(path);
      },
    };

    const { count } = await findUnmanaged(
      { arm: counted },
      many,
      new Map(),
      new Map(groups.map((group) => [group.toLowerCase(), {}])),
    );

    expect(count).toBe(30);
    expect(lists).toEqual(['/subscriptions/s/resources']);
  });

  it('is asked for in no group that is not there', async () => {
    const observed = new Map([[GROUP.toLowerCase(), null]]);

    expect(await findUnmanaged({ arm: azureWith(3) }, graph, new Map(), observed)).toEqual({ resources: [], count: 0 });
  });
});

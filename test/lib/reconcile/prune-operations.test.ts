import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { operationsToPrune } from '../../../lib/reconcile/prune-operations.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const ids = (count: number) => Array.from({ length: count }, (_, at) => `base-${count - at}`);

describe('pruning operations', () => {
  it('keeps the latest hundred', () => {
    expect(operationsToPrune(ids(100), [], [])).toEqual([]);
    expect(operationsToPrune(ids(103), [], [])).toEqual(['base-1', 'base-2', 'base-3']);
  });

  it('takes the oldest, a few at a time, and comes to an end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), (count) => {
        let left = ids(count);
        for (let round = 0; operationsToPrune(left, [], []).length > 0; round++) {
          expect(round).toBeLessThan(100);
          const removed = new Set(operationsToPrune(left, [], []));
          left = left.filter((id) => !removed.has(id));
        }
        expect(left).toEqual(ids(count).slice(0, 100));
      }),
    );
  });

  it('never takes a live one, and lets quiet ones push nothing out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 150 }), fc.infiniteStream(fc.nat(9)), (count, kinds) => {
        const drawn = ids(count).map((id) => ({ id, kind: kinds.next().value }));
        const of = (kind: number) => drawn.filter((one) => one.kind === kind).map(({ id }) => id);
        const [live, quiet] = [of(0), of(1)];
        const removed = operationsToPrune(ids(count), live, quiet);

        expect(removed.filter((id) => live.includes(id) || quiet.includes(id))).toEqual([]);
        const others = ids(count).filter((id) => !quiet.includes(id));
        expect(removed.filter((id) => others.indexOf(id) < 100)).toEqual([]);
      }),
    );
  });
});

describe('quiet operations', () => {
  const NAME = 'north';
  const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
  const WORKSPACE =
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub';
  const HUB_NETWORK =
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north/providers/Microsoft.Network/virtualNetworks/vnet-westeurope-hub';
  const hints = [{ resource: WORKSPACE, action: 'write', at: '', author: null, correlationId: null }] as const;

  async function provisioned() {
    const dependencies = memoryDependencies();
    const north = new Reconciling(dependencies, NAME);
    const put = await north.put(
      smallSpec(NAME, [], { tags: { owner: 'net' }, drift: { mode: 'act', policies } }),
      'ann',
    );
    await north.settle();
    return { dependencies, north, put };
  }

  it.each([
    ['of a resource', { hints }],
    ['of everything', {}],
  ])('are the last ten, and those of people stay, however many looks %s there are', async (_, request) => {
    const { dependencies, north, put } = await provisioned();
    for (let looks = 0; looks < 120; looks++) {
      north.pass(20);
      await north.record('drift', 'hubkeeper', request);
      await north.settle();
    }

    const kept = await dependencies.runs.list(NAME);
    expect(kept).toHaveLength(12);
    expect(kept.at(-1)).toBe(put);
    expect(kept[0]).toBe('north-121');
    expect((await north.head()).quietOperations).toHaveLength(11);
  });

  it('go also while an operation waits for somebody, be they part of it or not', async () => {
    const { dependencies, north, put } = await provisioned();
    const { id: _, ...body } = dependencies.arm.body(WORKSPACE) ?? {};
    dependencies.arm.put(WORKSPACE, { ...body, properties: { sku: { name: 'PerGB2018' }, retentionInDays: 7 } });
    const waiting = await north.record('drift', 'hubkeeper');
    await north.settle();
    for (let looks = 0; looks < 60; looks++) {
      north.pass(20);
      await north.record('drift', 'hubkeeper', looks % 2 === 0 ? {} : { hints });
      await north.settle();
    }

    const kept = await dependencies.runs.list(NAME);
    expect(kept.length).toBeLessThanOrEqual(14);
    expect(kept).toEqual(expect.arrayContaining([put, waiting]));
    expect(await north.run(waiting)).toMatchObject({ state: 'waiting' });
  });

  it('are none that have written', async () => {
    const { dependencies, north } = await provisioned();
    dependencies.arm.put(HUB_NETWORK, { ...dependencies.arm.body(HUB_NETWORK), tags: {} });
    const written = await north.record('drift', 'hubkeeper');
    await north.settle();

    expect((await north.run(written)).rows).not.toEqual({});
    expect((await north.head()).quietOperations).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { RunDocument, RunRow } from '../../../lib/state/run.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
const HOUR = 3_600;

/** A baseline whose spoke network is being made for ever, an hour after it was begun. */
async function stuck() {
  const dependencies = memoryDependencies();
  const { arm } = dependencies;
  const reconciling = new Reconciling(dependencies, NAME);
  const id = await reconciling.put(smallSpec(NAME, ['a']), 'first');
  let isStuck = false;
  const network = () =>
    [...arm.requests].findLast(
      ({ method, target }) => method === 'PUT' && /\/virtualNetworks\/[^/]*spoke-a$/i.test(target),
    );
  const hang = () => {
    const request = network();
    if (request === undefined || isStuck) return;
    isStuck = true;
    const properties = { ...(request.body?.properties as object), provisioningState: 'Updating' };
    arm.put(request.target, { ...request.body, properties });
  };
  const startedAtMs = Date.parse(reconciling.nowIso);
  await reconciling.settle((decision) => {
    hang();
    return decision.next === 'wait' && Date.parse(reconciling.nowIso) - startedAtMs > HOUR * 1_000;
  });
  const target = network()?.target ?? '';
  const rows = async (): Promise<Record<string, RunRow>> => {
    const run: RunDocument = await reconciling.run(id);
    return Object.fromEntries(Object.entries(run.rows).map(([key, row]) => [key.toLowerCase(), row]));
  };
  return { dependencies, arm, reconciling, id, target, rows };
}

function finish(arm: FakeAzure, target: string): void {
  const body = arm.body(target) ?? {};
  arm.put(target, { ...body, properties: { ...(body.properties as object), provisioningState: 'Succeeded' } });
}

describe('an operation that takes too long', () => {
  it('is told of, keeps its lane, and gives up what needs it', async () => {
    const { dependencies, arm, target, rows, id, reconciling } = await stuck();
    const row = (await rows())[target.toLowerCase()];

    expect(row).toMatchObject({ state: { name: 'running' }, overdue: true, problem: { code: 'OperationTimedOut' } });
    const peerings = Object.values(await rows()).filter(({ id: one }) => /Peerings/i.test(one));
    expect(peerings.length).toBeGreaterThan(0);
    expect(peerings.map(({ state }) => state.name)).toEqual(peerings.map(() => 'blocked'));
    expect((await reconciling.run(id)).state).toBe('running');
    expect(arm.writes.filter((write) => write === `PUT ${target}`)).toHaveLength(1);
    const { entries } = await dependencies.journal.read({ baseline: NAME });
    expect(entries.filter(({ decision }) => decision === 'overdue').map(({ resource }) => resource)).toEqual([target]);
  });

  it('lets the rest go on when it ends after all', async () => {
    const { arm, target, id, reconciling } = await stuck();
    finish(arm, target);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(arm.writes.filter((write) => write === `PUT ${target}`)).toHaveLength(1);
  });

  it('does not keep a run that is stopped, and is followed by the next one before that writes there', async () => {
    const { arm, target, id, reconciling } = await stuck();
    await reconciling.change((head) => ({ ...head, stops: [...head.stops, id], generation: head.generation + 1 }));
    await reconciling.settle();
    expect(await reconciling.run(id)).toMatchObject({ state: 'stopped' });

    const next = await reconciling.put(smallSpec(NAME, ['a'], { tags: { step: 'two' } }), 'second');
    await reconciling.settle((decision) => decision.next === 'wait');
    expect(arm.writes.filter((write) => write === `PUT ${target}`)).toHaveLength(1);
    finish(arm, target);
    await reconciling.settle();

    expect(await reconciling.run(next)).toMatchObject({ state: 'succeeded' });
    expect(arm.writes.filter((write) => write === `PUT ${target}`)).toHaveLength(2);
  });
});

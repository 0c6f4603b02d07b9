import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const DRIFT = { drift: { mode: 'act' } };

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(async () => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
  await put(['a'], { tags: { owner: 'net' } });
});

/** Ann puts a spec, and all is done that can be. */
async function put(spokes: readonly string[], more: JsonObject): Promise<string> {
  reconciling.pass(60);
  const id = await reconciling.put(smallSpec(NAME, spokes, { ...DRIFT, ...more }), 'ann');
  await reconciling.settle();
  return id;
}

/** Ann puts a spec, and stops what is to bring it about. */
async function putAndStop(spokes: readonly string[], more: JsonObject): Promise<void> {
  reconciling.pass(60);
  const id = await reconciling.put(smallSpec(NAME, spokes, { ...DRIFT, ...more }), 'ann');
  await reconciling.change((head) => {
    const stopped = stopOperation(head, id, 'ann', reconciling.nowIso);
    if (stopped.outcome === 'notLive') throw new Error(`${id} is not live.`);
    return stopped.head;
  });
  await reconciling.settle();
}

/** The next scan. @returns its journal as decision and resource. */
async function scan(): Promise<readonly (readonly [string, string])[]> {
  reconciling.pass(3_600);
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  const { entries } = await dependencies.journal.read({ baseline: NAME, operation: id });
  return entries.map(({ decision, resource }) => [decision, resource] as const);
}

/** Somebody keeps the logs for so many days. */
function retain(days: number): void {
  const { id: _, ...body } = dependencies.arm.body(WORKSPACE) ?? {};
  dependencies.arm.put(WORKSPACE, {
    ...body,
    properties: { ...(body.properties as JsonObject), retentionInDays: days },
  });
}

const appliedVersion = async () => (await reconciling.head()).appliedSpecVersion;

describe.each(['observe', 'create-only'])('a spec of which the mode %s lets nothing be changed', (mode) => {
  it('is not brought about: what it declares otherwise is told as refused, once, and is nobody’s drift', async () => {
    const id = await put(['a'], { mode, tags: { owner: 'ops' } });
    const first = await scan();
    const second = await scan();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(await appliedVersion()).toBe(1);
    expect(first).toContainEqual(['refused', GROUP]);
    expect(first.map(([decision]) => decision)).not.toContain('drift found');
    expect(second).toEqual([['compared', '']]);
  });

  it('leaves to one that is stopped what it has not written', async () => {
    await put(['a'], { mode, tags: { owner: 'ops' } });
    await putAndStop(['a', 'b'], { tags: { owner: 'ops' } });
    const writes = dependencies.arm.writes.length;

    const told = await scan();

    expect(dependencies.arm.writes).toHaveLength(writes);
    expect(dependencies.arm.body(GROUP)).toMatchObject({ tags: { owner: 'net' } });
    expect(told.map(([decision]) => decision)).not.toContain('drift found');
  });

  it('hides no drift of what it declares as before', async () => {
    const [spoke] = JSON.parse(smallSpec(NAME, ['a'])).spokes;
    const another = { ...spoke.subnets[0], name: 'snet-b', addressPrefix: '10.1.1.0/24' };
    await put(['a'], { mode, tags: { owner: 'net' }, spokes: [{ ...spoke, subnets: [...spoke.subnets, another] }] });
    expect(await appliedVersion()).toBe(1);
    retain(7);

    expect(await scan()).toEqual(expect.arrayContaining([['drift found', WORKSPACE]]));
  });
});

it('a spec that only drops what the mode lets nobody delete is brought about: whatever differs then is drift', async () => {
  await put(['a', 'b'], { tags: { owner: 'net' } });
  const id = await put(['a'], { mode: 'no-delete', tags: { owner: 'ops' } });
  retain(7);

  const told = await scan();

  const refused = (await reconciling.run(id)).refused.map(({ code }) => code);
  expect(new Set(refused)).toEqual(new Set(['ModeForbidsDelete']));
  expect(await appliedVersion()).toBe(3);
  expect(told).toEqual(expect.arrayContaining([['updated', WORKSPACE]]));
});

describe('what the mode kept of a spec before', () => {
  const FREE: JsonObject = { approvals: { requiredFor: 'none' } };
  const WITH_LOGS: JsonObject = { ...FREE, observability: { diagnosticSettings: true } };
  const writesSince = (count: number) => dependencies.arm.writes.slice(count);

  /** A spec with logs, and one without them that may delete nothing. */
  async function dropped(): Promise<number> {
    await put(['a'], WITH_LOGS);
    const id = await put(['a'], { ...FREE, mode: 'no-delete' });
    const { refused } = await reconciling.run(id);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['ModeForbidsDelete']));
    return dependencies.arm.writes.length;
  }

  it.each<readonly [string, () => Promise<unknown>]>([
    ['which let nobody delete', dropped],
    [
      'which let nobody write, and the one before it let nobody delete',
      async () => {
        await dropped();
        await put(['a'], { ...FREE, mode: 'observe' });
      },
    ],
    [
      'which was never brought about',
      async () => {
        await put(['a'], WITH_LOGS);
        await reconciling.change((head) => ({ ...head, appliedSpecVersion: 0 }));
      },
    ],
  ])('%s, stays under one with the mode full that was called off', async (_, before) => {
    await before();
    const writes = dependencies.arm.writes.length;
    await putAndStop(['a', 'b'], FREE);

    await scan();
    await scan();

    expect(writesSince(writes)).toEqual([]);
  });

  it('goes when a person asks for the one that was called off', async () => {
    const writes = await dropped();
    await putAndStop(['a'], FREE);
    await scan();
    expect(writesSince(writes)).toEqual([]);

    await reconciling.record('reconcile', 'ann');
    await reconciling.settle();

    const gone = writesSince(writes);
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.every((write) => /^DELETE .*diagnosticSettings/.test(write))).toBe(true);
  });
});

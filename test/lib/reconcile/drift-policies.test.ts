import { beforeEach, describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { planOfHead } from '../../../lib/reconcile/plan-operation.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
let dependencies: ReturnType<typeof memoryDependencies>;
let arm: FakeAzure;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  arm = dependencies.arm;
  reconciling = new Reconciling(dependencies, NAME);
});

/** Makes the baseline of two spokes with these rules about drift. @returns the ids of the networks of the spokes. */
async function provisioned(...policies: readonly JsonObject[]): Promise<readonly [string, string]> {
  const more = { drift: { mode: 'act', policies }, tags: { team: 'network' } };
  const id = await reconciling.put(smallSpec(NAME, ['a', 'b'], more), 'first');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
  const [first = '', second = ''] = [`rg-${NAME}-a`, `rg-${NAME}-b`].map(
    (group) =>
      arm.requests.find(({ target }) => target.includes(`/${group}/`) && /virtualNetworks\/[^/]+$/.test(target))
        ?.target,
  );
  return [first, second];
}

/** Somebody changes tags and the servers of a network behind our back. */
function change(id: string): void {
  const body = arm.body(id);
  const properties = isJsonObject(body?.properties) ? body.properties : {};
  arm.put(id, { ...body, tags: {}, properties: { ...properties, addressSpace: {} } });
}

async function drift(): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return id;
}

async function plan(): Promise<Plan> {
  return planOfHead(dependencies, await reconciling.head(), 'somebody', reconciling.nowIso);
}

describe('drift', () => {
  it('is put right, but for what is reported, and the next plan says so and is empty', async () => {
    const [network] = await provisioned({ kind: 'virtualNetwork', path: 'tags', policy: 'report' });
    change(network);

    const run = await reconciling.run(await drift());

    expect(arm.body(network)).toMatchObject({
      tags: {},
      properties: { addressSpace: { addressPrefixes: ['10.1.0.0/16'] } },
    });
    expect(run).toMatchObject({ state: 'succeeded', refused: [{ id: network, code: 'DriftReported' }] });
    expect(await plan()).toMatchObject({ changes: [], refused: [{ id: network, code: 'DriftReported' }] });
  });

  it('is written where it is enforced before anybody is asked about the rest', async () => {
    const [network] = await provisioned({ scope: 'spoke:a', path: 'tags', policy: 'approve' });
    change(network);

    const id = await drift();

    expect(arm.body(network)).toMatchObject({
      tags: {},
      properties: { addressSpace: { addressPrefixes: ['10.1.0.0/16'] } },
    });
    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    const head = await reconciling.head();
    const decided = decideApproval(head, {
      planHash: head.approvals[0]?.planHash ?? '',
      decision: 'approve',
      user: 'somebody',
      selfApproval: false,
      nowIso: reconciling.nowIso,
    });
    if ('code' in decided) throw new Error(decided.code);
    await reconciling.change(() => decided.head);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(arm.body(network)).toMatchObject({ tags: { team: 'network' } });
  });

  it('that deleted a resource is told where it is only reported, and waits for a person elsewhere', async () => {
    const [reported, other] = await provisioned({ scope: 'spoke:a', policy: 'report' });
    for (const id of [reported, other]) arm.remove(id);

    const run = await reconciling.run(await drift());

    expect(run.refused).toContainEqual(expect.objectContaining({ id: reported, code: 'DriftReported' }));
    expect(run.rows[other]?.waiting).toMatchObject({ for: 'approval' });
    const { changes, refused } = await plan();
    expect(changes.map(({ id }) => id)).not.toContain(reported);
    expect(refused).toContainEqual(expect.objectContaining({ id: reported, code: 'DriftReported' }));
  });

  it('that is ignored stays when a new spec is put, and a reported one does not', async () => {
    const policies = [
      { scope: 'spoke:a', path: 'tags', policy: 'ignore' },
      { scope: 'spoke:b', path: 'tags', policy: 'report' },
    ];
    const [ignored, reported] = await provisioned(...policies);
    for (const id of [ignored, reported]) change(id);

    await reconciling.put(
      smallSpec(NAME, ['a', 'b'], { drift: { mode: 'act', policies }, tags: { team: 'next' } }),
      'x',
    );
    await reconciling.settle();

    expect(arm.body(ignored)).toMatchObject({ tags: {} });
    expect(arm.body(reported)).toMatchObject({ tags: { team: 'next' } });
  });
});

describe('drift that is only reported, while something that the spec dropped cannot go', () => {
  const REPORTS = [{ scope: 'spoke:a', policy: 'report' }];
  const shrunk = (more: JsonObject = {}) =>
    smallSpec(NAME, ['a'], {
      drift: { mode: 'act', policies: REPORTS },
      approvals: { requiredFor: 'none' },
      tags: { team: 'network' },
      ...more,
    });
  let network: string;

  beforeEach(async () => {
    [network] = await provisioned(...REPORTS);
    const group = network.replace(/rg-base-a.*/, 'rg-base-b');
    arm.put(`${group}/providers/Microsoft.Storage/storageAccounts/theirs`, {
      name: 'theirs',
      type: 'Microsoft.Storage/storageAccounts',
    });
    expect(await ask(() => reconciling.put(shrunk(), 'x'))).toMatchObject({ state: 'partial' });
    expect(await reconciling.head()).toMatchObject({ specVersion: 2, appliedSpecVersion: 1 });
  });

  async function ask(record: () => Promise<string>) {
    reconciling.pass(3_600);
    const id = await record();
    await reconciling.settle();
    return reconciling.run(id);
  }

  it.each<readonly [string, () => void, JsonObject | undefined]>([
    ['that changed a resource', () => change(network), { tags: {}, properties: { addressSpace: {} } }],
    ['that deleted a resource', () => arm.remove(network), undefined],
  ])('%s stays, whoever asks', async (_, happens, expected) => {
    happens();
    const writes = arm.writes.length;

    const runs = [await ask(drift), await ask(() => reconciling.record('reconcile', 'ann'))];
    const planned = await plan();

    expect(arm.writes).toHaveLength(writes);
    const body = arm.body(network);
    if (expected === undefined) expect(body).toBeUndefined();
    else expect(body).toMatchObject(expected);
    for (const { refused } of [...runs, planned])
      expect(refused).toContainEqual(expect.objectContaining({ id: network, code: 'DriftReported' }));
    expect(planned.changes).toEqual([]);
  });

  it.each<readonly [string, JsonObject, JsonObject]>([
    ['stays under a spec that declares it as before', { budgets: { perRun: 9 } }, {}],
    ['is no drift under a spec that declares it otherwise', { tags: { team: 'next' } }, { team: 'next' }],
  ])('%s', async (_, more, tags) => {
    change(network);
    await ask(drift);

    await ask(() => reconciling.put(shrunk(more), 'x'));

    expect(arm.body(network)?.tags).toEqual(tags);
  });
});

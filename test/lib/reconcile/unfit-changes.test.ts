import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Dependencies } from '../../../lib/dependencies.ts';
import type { DriftRecord } from '../../../lib/drift/drift-record.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const HUB = `${GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-westeurope-hub`;
const ZONE_NAME = 'privatelink.vaultcore.azure.net';
const ZONE = `${GROUP}/providers/Microsoft.Network/privateDnsZones/${ZONE_NAME}`;
const HOUR_SECONDS = 3_600;

let dependencies: Dependencies & { readonly arm: FakeAzure };
let reconciling: Reconciling;

beforeEach(async () => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
  await put('ann');
});

/** The spec is put, with these private zones, and its run comes to its end. */
async function put(by: string, zones: readonly string[] = []): Promise<string> {
  const spec: JsonObject = JSON.parse(smallSpec(NAME, ['a'], { tags: { owner: 'net' }, drift: { mode: 'act' } }));
  const hub = { ...(spec.hub as JsonObject), privateDnsZones: zones.map((name) => ({ name })) };
  const id = await reconciling.put(JSON.stringify({ ...spec, hub }), by);
  await reconciling.settle();
  return id;
}

async function ran(trigger: 'drift' | 'reconcile', by: string): Promise<string> {
  reconciling.pass(HOUR_SECONDS);
  const id = await reconciling.record(trigger, by);
  await reconciling.settle();
  return id;
}

function retag(id: string): void {
  dependencies.arm.put(id, { ...dependencies.arm.body(id), tags: { owner: 'me' } });
}

const tagsOf = (id: string) => dependencies.arm.body(id)?.tags;

/** The identity may no longer do this. */
function forbid(action: string): void {
  const { arm } = dependencies;
  const list = arm.list.bind(arm);
  arm.list = async (path) =>
    path.toLowerCase().endsWith('/permissions') ? [{ actions: ['*'], notActions: [action] }] : list(path);
}

async function record(): Promise<DriftRecord> {
  const stored = await dependencies.drift.read(NAME);
  if (stored === null) throw new Error('Nothing is known of drift.');
  return stored;
}

async function told(operation: string): Promise<readonly (readonly [string, string])[]> {
  const { entries } = await dependencies.journal.read({ baseline: NAME, operation });
  return entries.map(({ decision, resource }) => [decision, resource] as const);
}

describe('a scan that finds something that may not be written', () => {
  beforeEach(() => {
    forbid('Microsoft.OperationalInsights/workspaces/write');
    retag(WORKSPACE);
    retag(HUB);
  });

  it('puts the rest right, in the same group as well, and tells what stays with the reason', async () => {
    const id = await ran('drift', 'hubkeeper');

    expect(tagsOf(HUB)).toEqual({ owner: 'net' });
    expect(tagsOf(WORKSPACE)).toEqual({ owner: 'me' });
    expect((await reconciling.run(id)).state).toBe('partial');
    const { drifts, lastScan } = await record();
    expect(lastScan).toMatchObject({ operationId: id, foundCount: 2 });
    expect(drifts).toMatchObject([{ id: WORKSPACE, path: 'tags.owner', state: 'refused', code: 'MissingPermission' }]);
    expect(drifts[0]?.why).toMatch(/may not do .*workspaces\/write.* Grant it a role/);
  });

  it('tells it once, scan after scan', async () => {
    await ran('drift', 'hubkeeper');
    const again = await ran('drift', 'hubkeeper');

    expect(await told(again)).toEqual([['compared', '']]);
    expect((await reconciling.run(again)).state).toBe('succeeded');
  });
});

describe('a run that a person asks for and that cannot be done whole', () => {
  it('writes nothing, says why, and tells what has drifted all the same', async () => {
    forbid('Microsoft.OperationalInsights/workspaces/write');
    retag(WORKSPACE);
    retag(HUB);
    const writes = dependencies.arm.writes.length;
    const id = await ran('reconcile', 'ann');

    const run = await reconciling.run(id);
    expect(run.state).toBe('failed');
    expect(run.problems).toMatchObject([{ code: 'MissingPermission', resource: GROUP }]);
    expect(dependencies.arm.writes).toHaveLength(writes);
    expect((await told(id)).filter(([decision]) => decision === 'drift found')).toHaveLength(2);
    expect((await record()).drifts).toMatchObject([
      { id: HUB, state: 'refused', code: 'MissingPermission', operationId: id },
      { id: WORKSPACE, state: 'refused', code: 'MissingPermission', operationId: id },
    ]);
  });
});

describe('a name of the spec that somebody else took', () => {
  beforeEach(async () => {
    dependencies.arm.put(ZONE, { location: 'global', properties: {} });
    const id = await put('ann', [ZONE_NAME]);
    expect((await reconciling.run(id)).problems).toMatchObject([{ code: 'NameTaken', resource: ZONE }]);
  });

  it('keeps a scan from nothing else', async () => {
    retag(HUB);
    const id = await ran('drift', 'hubkeeper');

    expect(tagsOf(HUB)).toEqual({ owner: 'net' });
    expect(tagsOf(ZONE)).toBeUndefined();
    expect(await told(id)).toEqual(
      expect.arrayContaining([
        ['drift found', HUB],
        ['refused', ZONE],
      ]),
    );
    expect((await record()).lastScan).toMatchObject({ operationId: id, foundCount: 1 });
    expect((await reconciling.run(id)).state).toBe('partial');
    expect(await told(await ran('drift', 'hubkeeper'))).toEqual([['compared', '']]);
  });
});

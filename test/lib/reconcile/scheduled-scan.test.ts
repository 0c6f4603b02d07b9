import { beforeEach, describe, expect, it } from '@jest/globals';
import { ArmUnreachableError } from '../../../lib/azure/arm-errors.ts';
import { valuesAt } from '../../../lib/baseline/kind-support/references.ts';
import { isJsonObject } from '../../../lib/json.ts';
import { planOfHead } from '../../../lib/reconcile/plan-operation.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
let dependencies: ReturnType<typeof memoryDependencies>;
let arm: FakeAzure;
let reconciling: Reconciling;
let settings: readonly string[];

beforeEach(async () => {
  dependencies = memoryDependencies();
  arm = dependencies.arm;
  reconciling = new Reconciling(dependencies, NAME);
  const observability = { enabled: true, diagnosticSettings: true };
  await reconciling.put(smallSpec(NAME, ['a', 'b', 'c'], { observability, drift: { mode: 'act' } }), 'first');
  await reconciling.settle();
  settings = arm.requests
    .filter(({ method, target }) => method === 'PUT' && target.includes('/diagnosticSettings/'))
    .map(({ target }) => target);
});

/** Runs a scheduled scan an hour after the one before. @returns which settings it read. */
async function scan(hours = 1): Promise<readonly string[]> {
  reconciling.pass(hours * 3_600);
  const before = arm.requests.length;
  await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return arm.requests
    .slice(before)
    .filter(({ method }) => method === 'GET')
    .map(({ target }) => target);
}

function disable(id: string): void {
  const body = arm.body(id);
  const properties = isJsonObject(body?.properties) ? body.properties : {};
  arm.put(id, { ...body, properties: { ...properties, logs: [{ categoryGroup: 'allLogs', enabled: false }] } });
}

function isEnabled(id: string): boolean {
  const [logs] = valuesAt(arm.body(id) ?? {}, 'properties.logs');
  return Array.isArray(logs) && logs.every((one) => isJsonObject(one) && one.enabled === true);
}

describe('a scheduled scan', () => {
  it('reads a few of what has to be read one by one, and all of it in a day', async () => {
    const read: string[] = [];
    for (let hour = 0; hour < 24; hour++) {
      const gets = await scan();
      expect(gets.length).toBeLessThan(settings.length);
      read.push(...gets);
    }

    expect(settings.length).toBeGreaterThan(3);
    expect(new Set(read)).toEqual(new Set(settings));
    expect(arm.writes.filter((write) => write.startsWith('DELETE'))).toEqual([]);
  });

  it('finds and puts right what was changed in one of them', async () => {
    const [id = ''] = settings;
    disable(id);

    expect(isEnabled(id)).toBe(false);

    for (let hour = 0; hour < 24; hour++) await scan();

    expect(isEnabled(id)).toBe(true);
  });

  describe('where lists fail', () => {
    const ofType = (type: string) =>
      settings[0]?.replace(/\/resourceGroups.*$/i, `/providers/Microsoft.Network/${type}`) ?? '';
    const written = (end: string) =>
      arm.requests.find(({ method, target }) => method === 'PUT' && target.endsWith(end))?.target ?? '';
    const drifts = async () => (await dependencies.drift.read(NAME))?.drifts ?? [];

    it('asks by its id for what one lacks, and tells of nothing', async () => {
      const group = written(`rg-${NAME}-b`);
      const network = written('vnet-spoke-b');
      await scan();
      const { entries: before } = await dependencies.journal.read({ baseline: NAME });
      for (const id of [group, network]) arm.hideFromLists(id);
      const writes = arm.writes.length;

      const gets = await scan();

      expect(gets.filter((id) => !settings.includes(id)).toSorted()).toEqual([group, network].toSorted());
      expect(await drifts()).toEqual([]);
      const { entries } = await dependencies.journal.read({ baseline: NAME });
      expect(entries.slice(before.length).map(({ decision }) => decision)).toEqual(['compared']);
      expect(arm.writes).toHaveLength(writes);
    });

    it('is put off by one that is not found, and tells of nothing', async () => {
      for (const path of [ofType('virtualNetworks'), `${written(`rg-${NAME}-b`)}/resources`]) {
        const writes = arm.writes.length;
        const { entries: before } = await dependencies.journal.read({ baseline: NAME });
        arm.answerOnce('GET', path, 404, { error: { code: 'NotFound', message: 'No.' } });

        await scan();

        expect(await drifts()).toEqual([]);
        const { entries } = await dependencies.journal.read({ baseline: NAME });
        expect(entries.slice(before.length).map(({ decision }) => decision)).toEqual([
          'planning postponed',
          'compared',
        ]);
        expect(arm.writes).toHaveLength(writes);
      }
    });

    it('tells of what is gone for sure', async () => {
      const network = written('vnet-spoke-b');
      arm.remove(network);

      const gets = await scan();

      expect(gets.filter((id) => id === network)).toHaveLength(1);
      expect((await drifts()).map(({ id }) => id)).toContain(network);
    });
  });

  /** Those of the settings that a scan from here on asks Azure for. */
  function readFrom(start: number): ReadonlySet<string> {
    const gets = arm.requests.slice(start).filter(({ method }) => method === 'GET');
    return new Set(gets.map(({ target }) => target).filter((target) => settings.includes(target)));
  }

  it('loses nothing of what it has read when Azure fails it before its plan is made', async () => {
    for (const id of settings) disable(id);
    const { list } = arm;
    arm.list = async (path) => {
      if (!path.endsWith('Microsoft.Authorization/locks')) return list.call(arm, path);
      arm.list = list;
      throw new ArmUnreachableError('GET', path, 'there was no answer');
    };
    const start = arm.requests.length;
    await scan();

    const read = readFrom(start);
    expect(arm.list).toBe(list);
    expect(read.size).toBeGreaterThan(0);
    expect(settings.filter(isEnabled)).toEqual(settings.filter((id) => read.has(id)));
  });

  it('reads again what an event names that joins it while it pauses', async () => {
    const healthy = new Map(settings.map((id) => [id, arm.body(id) ?? null]));
    for (const id of settings) disable(id);
    const { list } = arm;
    arm.list = async (path) => {
      if (path.endsWith('Microsoft.Authorization/locks')) throw new ArmUnreachableError('GET', path, 'no answer');
      return list.call(arm, path);
    };
    reconciling.pass(3_600);
    const operationId = await reconciling.record('drift', 'hubkeeper');
    const start = arm.requests.length;
    await reconciling.turn();
    arm.list = list;
    const [id = ''] = readFrom(start);
    // As a large observation keeps what it read, before somebody changed it, when it has to pause.
    const bodies = { [id.toLowerCase()]: healthy.get(id) ?? null };
    await dependencies.keptReads.write(NAME, { sinceIso: reconciling.nowIso, bodies });
    const hint = { resource: id, action: 'write', at: reconciling.nowIso, author: null, correlationId: null } as const;
    const joining = await reconciling.record('drift', 'hubkeeper', { hints: [hint] });
    await reconciling.settle();

    expect(await reconciling.run(joining)).toMatchObject({ joinedTo: operationId });
    expect(isEnabled(id)).toBe(true);
  });

  const calls = ['runs.write', 'runs.writePlan', 'drift.write', 'rotation.write', 'baselines.change'] as const;

  it.each(calls.flatMap((call) => [true, false].map((isDone) => [call, isDone] as const)))(
    'loses nothing of what it has read when its host dies at %s, done: %s',
    async (call, isDone) => {
      for (const id of settings) disable(id);
      reconciling.pass(3_600);
      await reconciling.record('drift', 'hubkeeper');
      const start = arm.requests.length;
      const [name, method] = call.split('.') as [keyof typeof dependencies, string];
      const store = dependencies[name] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const original = store[method];
      store[method] = async (...args) => {
        store[method] = original as (typeof store)[string];
        if (isDone) await original?.apply(store, args);
        throw new Error('killed');
      };
      await expect(reconciling.settle()).rejects.toThrow('killed');
      const read = readFrom(start);
      // Long after, another reconciler takes over.
      reconciling.pass(600);
      await reconciling.change((head) =>
        head.reconciler === null
          ? head
          : { ...head, reconciler: { ...head.reconciler, instanceId: `${head.reconciler.instanceId}x` } },
      );
      await reconciling.settle();

      expect(read.size).toBeGreaterThan(0);
      expect([...read].filter((id) => !isEnabled(id))).toEqual([]);
    },
  );

  it('leaves a person’s own plan whole', async () => {
    const [id = ''] = settings;
    await scan();
    disable(id);

    const { changes } = await planOfHead(dependencies, await reconciling.head(), 'somebody', reconciling.nowIso);

    expect(changes.map((change) => change.id)).toEqual([id]);
  });

  it('keeps looking at what waits for somebody', async () => {
    const [id = ''] = settings;
    arm.remove(id);
    for (let hour = 0; hour < 24; hour++) await scan();
    const operationId = (await reconciling.head()).currentOperationId ?? '';
    expect((await reconciling.run(operationId)).rows[id]?.waiting).toMatchObject({ for: 'approval' });

    const gets = await scan();

    expect(gets).toContain(id);
    expect((await reconciling.run(operationId)).rows[id]?.waiting).toMatchObject({ for: 'approval' });
  });

  it('goes on for as long as something waits for somebody, and lists what others have put there meanwhile', async () => {
    const observability = { enabled: true, diagnosticSettings: true };
    const approvals = { expiresAfterHours: 168 };
    await reconciling.put(
      smallSpec(NAME, ['a', 'b', 'c'], { observability, approvals, drift: { mode: 'act' } }),
      'first',
    );
    await reconciling.settle();
    const [id = ''] = settings;
    arm.remove(id);
    for (let hour = 0; hour < 24; hour++) await scan();
    const operationId = (await reconciling.head()).currentOperationId ?? '';
    expect((await reconciling.run(operationId)).state).toBe('waiting');
    const theirs = `/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-${NAME}/providers/P/things/theirs`;
    arm.put(theirs, { type: 'P/things' });

    for (let hour = 0; hour < 110; hour++) await scan();

    expect(await reconciling.run(operationId)).toMatchObject({ state: 'waiting', problems: [] });
    expect((await dependencies.drift.read(NAME))?.unmanaged).toEqual([{ id: theirs, type: 'P/things' }]);
  });
});

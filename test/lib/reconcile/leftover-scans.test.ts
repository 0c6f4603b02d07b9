import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-base';
const LEAVING = `${GROUP}-c`;
const MORE: JsonObject = {
  drift: { mode: 'act' },
  approvals: { requiredFor: 'none' },
  observability: { enabled: true, diagnosticSettings: true },
};

let dependencies: ReturnType<typeof memoryDependencies>;
let arm: FakeAzure;
let reconciling: Reconciling;
/** All that Azure was asked, in order. */
let asked: string[];
/** What Azure shows only one by one, of all that stays declared. */
let settings: readonly string[];

beforeEach(async () => {
  dependencies = memoryDependencies();
  arm = dependencies.arm;
  asked = [];
  const send = arm.send.bind(arm);
  arm.send = async (request) => {
    asked.push(`${request.method} ${request.target}`);
    return send(request);
  };
  const list = arm.list.bind(arm);
  arm.list = async (path) => {
    asked.push(`LIST ${path}`);
    return list(path);
  };
  reconciling = new Reconciling(dependencies, NAME);
  await put(['a', 'b', 'c']);
  settings = arm.writes
    .filter((write) => write.includes('/diagnosticSettings/') && !write.includes(`${LEAVING}/`))
    .map((write) => write.replace('PUT ', ''));
});

async function put(spokes: readonly string[]): Promise<string> {
  reconciling.pass(60);
  const id = await reconciling.put(smallSpec(NAME, spokes, MORE), 'ann');
  await reconciling.settle();
  return id;
}

/** A scan an hour after the one before. @returns its id and whom it called. */
async function scan() {
  reconciling.pass(3_600);
  const before = asked.length;
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return { id, calls: asked.slice(before) };
}

const settingsIn = (calls: readonly string[]) => settings.filter((id) => calls.includes(`GET ${id}`));
const notOfRotation = (calls: readonly string[]) =>
  calls.filter((call) => !settings.includes(call.replace('GET ', ''))).sort();

/** Spoke c is dropped, and its network is not deleted: Azure does not take it. */
async function failToDrop(left: readonly string[] = ['a', 'b']): Promise<void> {
  const network = `${LEAVING}/providers/Microsoft.Network/virtualNetworks/vnet-spoke-c`;
  arm.answerOnce('DELETE', network, 400, { error: { code: 'InUse', message: 'Somebody uses it.' } });
  const id = await put(left);
  expect(await reconciling.run(id)).toMatchObject({ state: 'partial' });
  expect(arm.body(network)).toBeDefined();
}

/** What is asked once somebody has approved what waits. */
async function approved(): Promise<readonly string[]> {
  const head = await reconciling.head();
  const planHash = head.approvals[0]?.planHash ?? '';
  const { nowIso } = reconciling;
  const decided = decideApproval(head, { planHash, decision: 'approve', user: 'eve', selfApproval: false, nowIso });
  if ('code' in decided) throw new Error(decided.code);
  await reconciling.change(() => decided.head);
  const before = asked.length;
  await reconciling.settle();
  return asked.slice(before);
}

function untilDelete(calls: readonly string[]): readonly string[] {
  return calls.slice(
    0,
    calls.findIndex((call) => call.startsWith('DELETE')),
  );
}

describe('a scan beside something that the spec dropped', () => {
  it('that cannot go asks no more of Azure than without it', async () => {
    await scan();
    const without = await scan();
    arm.put(`${LEAVING}/providers/Microsoft.Storage/storageAccounts/theirs`, {
      name: 'theirs',
      type: 'Microsoft.Storage/storageAccounts',
    });
    await put(['a', 'b']);
    expect(arm.body(LEAVING)).toBeDefined();
    await scan();

    const read: string[] = [];
    for (let hour = 0; hour < 24; hour++) {
      const { id, calls } = await scan();

      expect((await reconciling.run(id)).refused).toMatchObject([{ id: LEAVING, code: 'ResourceGroupNotEmpty' }]);
      // What the group holds is listed once either way: of what is declared for what others put there, now for what goes.
      expect(calls).toContain(`LIST ${LEAVING}/resources`);
      expect(notOfRotation(calls)).toEqual(notOfRotation(without.calls));
      expect(settingsIn(calls).length).toBeLessThanOrEqual(settingsIn(without.calls).length + 1);
      expect(settingsIn(calls).length).toBeLessThan(settings.length);
      read.push(...settingsIn(calls));
    }
    expect(new Set(read)).toEqual(new Set(settings));
  });

  it('that waits for an approval reads a part; all of it right before it goes, and then a part again', async () => {
    await failToDrop();
    const { id, calls } = await scan();
    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect(settingsIn(calls).length).toBeLessThan(settings.length);

    const going = await approved();

    expect(settingsIn(untilDelete(going))).toEqual(settings);
    expect(arm.body(LEAVING)).toBeUndefined();
    expect(settingsIn((await scan()).calls).length).toBeLessThan(settings.length);
  });

  it('and goes reads all of it first also where that is more than Azure admits at once', async () => {
    const many = [...'abcdefghij'];
    await put(many);
    settings = asked
      .filter((call) => /^PUT .*\/diagnosticSettings\//.test(call) && !call.includes(`${LEAVING}/`))
      .map((call) => call.replace('PUT ', ''));
    await failToDrop(many.filter((spoke) => spoke !== 'c'));
    await scan();
    const send = arm.send.bind(arm);
    arm.send = async (request) => {
      const response = await send(request);
      const isSingle = request.method === 'GET' && request.target.includes('/diagnosticSettings/');
      const headers = { ...response.headers, 'x-ms-ratelimit-remaining-subscription-reads': '0' };
      return isSingle ? { ...response, headers } : response;
    };

    const going = await approved();

    expect(settingsIn(untilDelete(going)).sort()).toEqual([...settings].sort());
    expect(arm.body(LEAVING)).toBeUndefined();
    const { entries } = await dependencies.journal.read({ baseline: NAME });
    expect(entries.map(({ decision }) => decision)).toContain('planning postponed');
  });
});

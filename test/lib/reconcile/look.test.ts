import { beforeEach, describe, expect, it } from '@jest/globals';
import { isJsonObject } from '../../../lib/json.ts';
import type { ChangeHint } from '../../../lib/state/drift-watch.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const SPOKE = `${SUBSCRIPTION}/resourceGroups/rg-${NAME}-a`;

let arm: FakeAzure;
let reconciling: Reconciling;
let lists: string[];

beforeEach(async () => {
  const dependencies = memoryDependencies();
  arm = dependencies.arm;
  lists = [];
  const list = arm.list.bind(arm);
  arm.list = async (path) => {
    lists.push(path);
    return list(path);
  };
  reconciling = new Reconciling(dependencies, NAME);
  const drift = { mode: 'act' };
  await reconciling.put(smallSpec(NAME, ['a', 'b'], { drift, approvals: { requiredFor: 'none' } }), 'first');
  await reconciling.settle();
});

function networkOf(group: string): string {
  const found = [...arm.requests].find(
    ({ method, target }) => method === 'PUT' && target.startsWith(group) && /virtualNetworks\/[^/]+$/.test(target),
  );
  if (found === undefined) throw new Error(`There is no network in ${group}.`);
  return found.target;
}

function hint(resource: string): ChangeHint {
  return { resource, action: 'write', at: reconciling.nowIso, author: null, correlationId: null };
}

/** Runs a drift request, and tells what it read and wrote. */
async function drift(...resources: readonly string[]) {
  const before = arm.requests.length;
  lists.length = 0;
  const id = await reconciling.record('drift', 'hubkeeper', { hints: resources.map(hint) });
  await reconciling.settle();
  const requests = arm.requests.slice(before);
  return {
    run: await reconciling.run(id),
    gets: requests.filter(({ method }) => method === 'GET').map(({ target }) => target),
    writes: requests.filter(({ method }) => method !== 'GET').map(({ target }) => target),
  };
}

function edit(id: string, properties: Readonly<Record<string, unknown>>): void {
  const body = arm.body(id);
  const before = isJsonObject(body?.properties) ? body.properties : {};
  arm.put(id, { ...body, properties: { ...before, ...JSON.parse(JSON.stringify(properties)) } });
}

describe('a run for resources that were named', () => {
  it('reads these and nothing else where nothing has changed', async () => {
    const network = networkOf(SPOKE);

    const { run, gets, writes } = await drift(network);

    expect(run.state).toBe('succeeded');
    expect(gets).toEqual([network]);
    expect(lists).toEqual([]);
    expect(writes).toEqual([]);
  });

  it('puts right what was changed there and leaves alone what was changed elsewhere', async () => {
    const here = networkOf(SPOKE);
    const elsewhere = networkOf(SPOKE.replace(/a$/, 'b'));
    for (const id of [here, elsewhere]) edit(id, { dhcpOptions: { dnsServers: ['192.0.2.1'] }, subnets: [] });

    const { run, writes } = await drift(here);

    expect(run.state).toBe('succeeded');
    expect(new Set(writes)).toEqual(new Set([here]));
    expect(JSON.stringify(arm.body(here))).toContain('snet-a');
    expect(JSON.stringify(arm.body(elsewhere))).not.toContain('snet-a');
  });

  it('forgets and deletes nothing that it has not looked at', async () => {
    const gone = networkOf(SPOKE.replace(/a$/, 'b'));
    arm.remove(gone);

    const { run, writes } = await drift(networkOf(SPOKE));

    expect(run).toMatchObject({ state: 'succeeded', refused: [] });
    expect(writes).toEqual([]);
  });

  it('does not count as having brought the spec about', async () => {
    const applied = (await reconciling.head()).appliedSpecVersion;
    await reconciling.change((head) => ({ ...head, appliedSpecVersion: 0 }));

    await drift(networkOf(SPOKE));

    expect(applied).toBe(1);
    expect((await reconciling.head()).appliedSpecVersion).toBe(0);
  });
});

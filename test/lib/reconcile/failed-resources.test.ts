import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OutboundEvent } from '../../../lib/azure/event-publisher.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { Relieving } from '../../support/relieving.ts';

let events: OutboundEvent[];
let relieving: Relieving;

/** A provisioned hub with a firewall, under that mode of drift. */
async function provisioned(driftMode: 'observe' | 'act'): Promise<void> {
  events = [];
  const publish = async (event: OutboundEvent) => {
    events.push(event);
    return { outcome: 'published', attempts: 1 } as const;
  };
  relieving = await Relieving.provisioned({ driftMode, events: { listens: true, publish } });
}

beforeEach(() => provisioned('act'));

/** Its last operation has failed. */
function fail(id: string): void {
  edit(id, { provisioningState: 'Failed' });
}

function edit(id: string, properties: JsonObject): void {
  relieving.edit(id, (body) => ({ ...body, properties: { ...(body.properties as JsonObject), ...properties } }));
}

async function idOf(kind: string): Promise<string> {
  const found = (await relieving.dependencies.ledger.all('small')).find((entry) => entry.kind === kind);
  if (found === undefined) throw new Error(`There is no ${kind}.`);
  return found.id;
}

/** A run. @returns its id, what it wrote, and its journal as decision and resource. */
async function run(trigger: 'drift' | 'reconcile', by: string) {
  const { reconciling, dependencies } = relieving;
  reconciling.pass(3_600);
  const before = dependencies.arm.writes.length;
  const id = await reconciling.record(trigger, by);
  await reconciling.settle();
  const { entries } = await dependencies.journal.read({ baseline: 'small', operation: id });
  return {
    id,
    writes: dependencies.arm.writes.slice(before),
    told: entries.map(({ decision, resource }) => [decision, resource]),
  };
}

const scan = () => run('drift', 'hubkeeper');
const state = async (id: string) => (await relieving.reconciling.run(id)).state;

describe('a firewall whose last operation has failed', () => {
  it.each<readonly [string, boolean, string]>([
    ['and is as declared', false, 'refused'],
    ['and from which somebody took an address', true, 'drift found'],
  ])('%s, is left alone by scans, and a person is asked once', async (_, lacksAddress, decision) => {
    const { firewallId } = relieving;
    if (lacksAddress) relieving.detach(1);
    fail(firewallId);

    const first = await scan();
    const second = await scan();

    expect([...first.writes, ...second.writes]).toEqual([]);
    expect(first.told).toContainEqual([decision, firewallId]);
    expect((await relieving.reconciling.run(first.id)).refused).toMatchObject([
      { id: firewallId, code: 'ResourceFailed', why: expect.stringMatching(/ended Failed.*reconcile by hand/) },
    ]);
    expect([await state(first.id), await state(second.id)]).toEqual(['partial', 'succeeded']);
    expect(second.told).toEqual([['compared', '']]);
    expect(events).toEqual([
      expect.objectContaining({
        kind: 'helpNeeded',
        resource: firewallId,
        data: { code: 'ResourceFailed', reason: expect.stringContaining('ended Failed') },
      }),
    ]);
  });

  it('is told where drift is only reported, too', async () => {
    await provisioned('observe');
    fail(relieving.firewallId);

    const { told } = await scan();

    expect(told).toContainEqual(['refused', relieving.firewallId]);
    expect(events).toMatchObject([{ kind: 'helpNeeded', data: { code: 'ResourceFailed' } }]);
  });

  it('keeps nothing else from being put right', async () => {
    const workspace = await idOf('logAnalyticsWorkspace');
    fail(relieving.firewallId);
    edit(workspace, { retentionInDays: 7 });

    expect((await scan()).writes).toEqual([`PUT ${workspace}`]);
  });

  it('is left alone if that happens between plan and write', async () => {
    const { firewallId, dependencies } = relieving;
    relieving.detach(1);
    const failWhenRead = async (): Promise<void> => {
      if (dependencies.arm.requests.at(-1)?.target === firewallId) fail(firewallId);
      else dependencies.arm.beforeNext('GET', failWhenRead);
    };
    dependencies.arm.beforeNext('GET', failWhenRead);

    const { id, writes } = await scan();

    expect(writes).toEqual([]);
    expect((await relieving.reconciling.run(id)).refused).toMatchObject([{ id: firewallId, code: 'ResourceFailed' }]);
  });

  it('is written for a person who reconciles', async () => {
    relieving.detach(1);
    fail(relieving.firewallId);
    await scan();

    const { id, writes } = await run('reconcile', 'ann');

    expect(writes).toEqual([`PUT ${relieving.firewallId}`]);
    expect(await state(id)).toBe('succeeded');
    expect(relieving.addresses()).toBe(3);
    expect(relieving.dependencies.arm.body(relieving.firewallId)).toMatchObject({
      properties: { provisioningState: 'Succeeded' },
    });
  });
});

it('a failed resource of another kind is written again, which is nobody’s change', async () => {
  const workspace = await idOf('logAnalyticsWorkspace');
  fail(workspace);

  const { writes, told } = await scan();

  expect(writes).toEqual([`PUT ${workspace}`]);
  expect(told.map(([decision]) => decision)).not.toContain('drift found');
  expect(events).toEqual([]);
});

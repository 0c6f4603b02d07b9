import { afterEach, describe, expect, it } from '@jest/globals';
import type { App } from '../../functions/composition.ts';
import { registerDriftTimer } from '../../functions/drift-timer.ts';
import { registerResourceEvents } from '../../functions/resource-events.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { createDriftIsOff } from '../../lib/reactions/drift/drift-mode.ts';
import { driftWatchOf } from '../../lib/state/baseline-head.ts';
import { reactionsOf } from '../../lib/state/reactions.ts';
import type { RunDocument } from '../../lib/state/run.ts';
import { registerOrchestrations } from '../../orchestrations/index.ts';
import { type Fixture, START, startFixture } from '../local/host/support/host-fixture.ts';
import type { FakeAzure } from '../support/fake-azure.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';
import { createMemoryStorage } from '../support/memory-storage.ts';
import { Reconciling, smallSpec } from '../support/reconciling.ts';
import { asCloudEvent, type EventParts, resourceEvent } from '../support/resource-events.ts';

const NAME = 'small';
const OWN = { objectId: '5f0a7c11-0f5c-4f0e-9d3e-2f6a3f0a7c11', appId: '6f0a7c11-0f5c-4f0e-9d3e-2f6a3f0a7c11' };
const SCHEDULE = { HUBKEEPER_DRIFT_SCHEDULE: '0 0 * * * *' };

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

/** The app's functions on the embedded host, with a provisioned baseline in a fake of Azure. */
async function world(driftMode = 'act', settings: Readonly<Record<string, string>> = {}) {
  const dependencies = memoryDependencies();
  const reconciling = new Reconciling(dependencies, NAME);
  await reconciling.put(smallSpec(NAME, ['a'], { drift: { mode: driftMode } }), 'author');
  await reconciling.settle();
  const { documents } = createMemoryStorage();
  const app = {
    ...dependencies,
    documents,
    time: async () => new Date(fixture.clock.nowMs()),
    ownIdentity: async () => OWN,
    driftIsOff: createDriftIsOff(dependencies),
  } as unknown as App;
  fixture = await startFixture({ settings: { ...SCHEDULE, ...settings } }, () => {
    registerResourceEvents(() => app);
    registerDriftTimer(() => app);
    registerOrchestrations(() => dependencies);
  });
  const peering = (await dependencies.ledger.all(NAME)).find(({ id }) => id.endsWith('/spoke-a-to-hub'));
  if (peering === undefined) throw new Error('The peering was not provisioned.');
  const runs = async (): Promise<readonly RunDocument[]> => {
    const ids = await dependencies.runs.list(NAME);
    const stored = await Promise.all(ids.map((id) => dependencies.runs.read(id)));
    return stored.flatMap((one) => (one === null || one.run.trigger !== 'drift' ? [] : [one.run]));
  };
  return { dependencies, reconciling, peering, runs };
}

async function post(events: Json, schema = 'application/json'): Promise<number> {
  const url = `${fixture.host.functionsUrl}/runtime/webhooks/eventgrid?functionName=onResourceEvent`;
  const headers = { 'aeg-event-type': 'Notification', 'content-type': schema };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(events) })).status;
}

const now = (): string => new Date(fixture.clock.nowMs()).toISOString();

/** An event of just now. */
function eventNow(resource: string, parts: EventParts = {}): JsonObject {
  return resourceEvent(resource, { at: now(), ...parts });
}

const seconds = (count: number): Promise<void> => fixture.run(fixture.clock.nowMs() + count * 1_000);

function allowForwarding(arm: FakeAzure, id: string): unknown {
  const properties = arm.body(id)?.properties;
  return isJsonObject(properties) ? properties.allowForwardedTraffic : undefined;
}

/** Somebody changes the peering in the portal. */
async function edit(arm: FakeAzure, id: string): Promise<unknown> {
  const { id: _, properties, ...body } = arm.body(id) ?? {};
  const before = allowForwarding(arm, id);
  const changed = { ...(isJsonObject(properties) ? properties : {}), allowForwardedTraffic: before !== true };
  await arm.send({ method: 'PUT', target: id, body: { ...body, properties: changed } });
  return before;
}

describe('onResourceEvent', () => {
  it.each(['Event Grid', 'CloudEvents'])(
    'has a change compared and put back within a minute, from %s',
    async (schema) => {
      const { dependencies, peering, runs } = await world();
      const before = await edit(dependencies.arm, peering.id);
      const event = eventNow(peering.id.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'), {
        name: 'Jo Smith',
      });

      expect(await post(schema === 'CloudEvents' ? asCloudEvent(event) : [event])).toBe(202);
      await seconds(60);

      expect(await runs()).toMatchObject([
        {
          attended: false,
          requestedBy: 'hubkeeper',
          state: 'succeeded',
          hints: [{ resource: peering.id, action: 'write', author: { name: 'Jo Smith' } }],
        },
      ]);
      expect(allowForwarding(dependencies.arm, peering.id)).toBe(before);
      const { head } = (await dependencies.baselines.read(NAME)) ?? {};
      expect(head === undefined ? undefined : reactionsOf(head)).toMatchObject([
        { kind: 'remediateDrift', instance: null },
      ]);
      expect(head?.outbox).toEqual([]);
    },
  );

  it('makes one run of a burst in any order with copies, and none of copies that come later', async () => {
    const { peering, runs } = await world();
    const events = Array.from({ length: 20 }, (_, at) => eventNow(peering.id, { id: `event-${at}` }));

    await post([...events, ...events.toReversed()]);
    await seconds(3);
    await post(events);
    await seconds(120);
    await post(events.toReversed());
    await seconds(120);

    expect(await runs()).toHaveLength(1);
  });

  it('never takes up what the app itself has written', async () => {
    const { dependencies, runs } = await world();
    const entries = await dependencies.ledger.all(NAME);
    const own = entries.flatMap(({ id, writes = [] }) =>
      writes.flatMap(({ correlationId, clientRequestId }, at) => [
        eventNow(id, { id: `${id} ${at}`, ...OWN, correlationId }),
        eventNow(id, { id: `${id} ${at} bare`, objectId: OWN.objectId, appId: '', clientRequestId }),
      ]),
    );

    expect(own.length).toBeGreaterThan(10);
    expect(await post(own)).toBe(202);
    await seconds(120);

    expect(await runs()).toEqual([]);
    expect((await dependencies.baselines.read(NAME))?.head.driftWatch).toBeUndefined();
  });

  it('sees what a person does with the identity of the app, and what another does with its ids', async () => {
    const { peering, runs } = await world();
    const [write] = peering.writes ?? [];

    await post([eventNow(peering.id, { id: 'person', ...OWN })]);
    await seconds(60);
    await post([eventNow(peering.id, { id: 'other', ...write })]);
    await seconds(60);

    expect(await runs()).toHaveLength(2);
  });

  it('lets a bad event stop no other', async () => {
    const { peering, runs } = await world();
    const stranger = peering.id.replace('rg-small-a', 'rg-of-others');

    const status = await post([
      {},
      { id: 1 },
      eventNow(stranger, { id: 'x' }),
      eventNow(peering.id),
      { specversion: 1 },
    ]);
    await seconds(60);

    expect(status).toBe(202);
    expect(await runs()).toMatchObject([{ hints: [{ resource: peering.id }] }]);
    const why = fixture.logs.filter(({ fields }) => String(fields.text ?? '').includes('resource event ignored'));
    expect(why).toHaveLength(4);
  });

  it('finds the managed resource of a part that the event names', async () => {
    const { dependencies, runs } = await world();
    const nsg = (await dependencies.ledger.all(NAME)).find(({ kind }) => kind === 'networkSecurityGroup');

    await post([eventNow(`${nsg?.id}/securityRules/open-22`)]);
    await seconds(60);

    expect(await runs()).toMatchObject([{ hints: [{ resource: nsg?.id }] }]);
  });

  it('answers and records nothing while drift is off', async () => {
    const { dependencies, peering, runs } = await world('off');

    expect(await post([eventNow(peering.id)])).toBe(202);
    await seconds(2 * 3_600);

    expect(await runs()).toEqual([]);
    expect((await dependencies.baselines.read(NAME))?.head.driftWatch).toBeUndefined();
  });

  it('goes round again for what changes while a comparison is under way', async () => {
    const { dependencies, peering, runs } = await world();
    for (let at = 0; at < 5; at++) {
      await post([eventNow(peering.id, { id: `event-${at}` })]);
      await seconds(12);
    }
    const before = await edit(dependencies.arm, peering.id);
    await post([eventNow(peering.id, { id: 'last' })]);
    await seconds(60);

    expect((await runs()).length).toBeGreaterThan(1);
    expect(allowForwarding(dependencies.arm, peering.id)).toBe(before);
    const { head } = (await dependencies.baselines.read(NAME)) ?? {};
    expect(head === undefined ? undefined : driftWatchOf(head)).toMatchObject({ pending: null, asked: null });
  });

  it.each([0, 3, 6, 9])('goes on after the host was stopped %i seconds later', async (second) => {
    const { dependencies, peering, runs } = await world();
    const before = await edit(dependencies.arm, peering.id);
    await post([eventNow(peering.id)]);
    await seconds(second);
    await fixture.restart();
    await seconds(90);

    expect(allowForwarding(dependencies.arm, peering.id)).toBe(before);
    expect(await runs()).toHaveLength(1);
  });
});

describe('driftTimer', () => {
  it('finds the change whose event was lost, by a scan of everything', async () => {
    const { dependencies, peering, runs } = await world();
    const before = await edit(dependencies.arm, peering.id);
    expect(START % 3_600_000).toBe(0);

    await seconds(3_700);

    expect(allowForwarding(dependencies.arm, peering.id)).toBe(before);
    const [first] = (await runs()).toReversed();
    expect(first).toMatchObject({ state: 'succeeded', requestedBy: 'hubkeeper' });
    expect(first?.hints).toBeUndefined();
  });

  it('writes nothing at rest', async () => {
    const { dependencies, runs } = await world();
    const writes = dependencies.arm.writes.length;

    await seconds(6 * 3_600 + 60);

    expect((await runs()).length).toBeGreaterThanOrEqual(6);
    expect(dependencies.arm.writes).toHaveLength(writes);
  });
});

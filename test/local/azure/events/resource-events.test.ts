import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventSetting, USUAL_EVENTS } from '../../../../local/azure/events/event-setting.ts';
import type { ResourceEvent } from '../../../../local/azure/events/resource-event.ts';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { MANAGED_IDENTITY } from '../../../../local/azure/token-issuer.ts';
import { Webhook } from '../monitoring/webhook.ts';
import { HUB, hubNetwork, publicAddress } from '../resource-types/fixtures.ts';
import { Azure, GROUP, hub, OTHER_GROUP, tokens } from '../resource-types/harness.ts';

const GROUPS = hub('networkSecurityGroups/nsg-app');
const RULE = `${GROUPS}/securityRules/open-ssh`;
const OBJECT_ID = 'http://schemas.microsoft.com/identity/claims/objectidentifier';
const CORRELATION = '8c8a1f4e-0d5f-4d53-9f3e-6a3d8a6f1b11';

const SSH: JsonObject = {
  properties: {
    priority: 200,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '22',
  },
};

let directory: string;
let azure: Azure;
let webhook: Webhook;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hubkeeper-events-'));
  azure = new Azure(join(directory, 'azure.sqlite'));
  webhook = new Webhook();
  await webhook.start();
});
afterEach(async () => {
  azure.close();
  await webhook.stop();
  rmSync(directory, { recursive: true, force: true });
});

function subscribe(changes: Partial<EventSetting> = {}): void {
  const quiet = { ...USUAL_EVENTS, duplicateShare: 0, endpoint: webhook.url };
  azure.simulation.settings.set('events', { ...quiet, ...changes });
}

function received(): readonly ResourceEvent[] {
  return webhook.received.flatMap(({ body }) => (Array.isArray(body) ? body : [body]) as ResourceEvent[]);
}

/** The only event of that type. */
function only(eventType: string): ResourceEvent {
  const [event, ...others] = received().filter((one) => one.eventType === eventType);
  if (event === undefined || others.length > 0) throw new Error(JSON.stringify(received()));
  return event;
}

interface Delivery {
  readonly state: string;
  readonly attempts: readonly { readonly at: string; readonly answer: number | string }[];
}

function deliveries(): readonly Delivery[] {
  return (azure.simulation.events.show() as unknown as { deliveries: readonly Delivery[] }).deliveries;
}

function group(): void {
  azure.make(GROUPS, { location: 'westeurope', properties: {} });
}

describe('resource events', () => {
  it('tell who opened a port in the portal, when and by which request', async () => {
    group();
    subscribe();
    azure.request('PUT', RULE.toLowerCase().replace('nsg-app', 'NSG-APP'), SSH, '', {
      'x-sim-principal': 'alice',
      'x-ms-correlation-request-id': CORRELATION,
    });
    await azure.pass(300);

    const event = only('Microsoft.Resources.ResourceWriteSuccess');
    expect(event.subject.toLowerCase()).toBe(RULE.toLowerCase());
    expect(event).toMatchObject({
      topic: '/subscriptions/00000000-0000-0000-0000-000000000001',
      dataVersion: '2',
      metadataVersion: '1',
      data: {
        authorization: {
          action: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
          evidence: { principalType: 'User' },
        },
        claims: { name: 'alice', [OBJECT_ID]: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        correlationId: CORRELATION,
        resourceProvider: 'Microsoft.Network',
        resourceUri: RULE,
        operationName: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
        status: 'Succeeded',
      },
    });
    // Azure leaves it out when something is created.
    expect(event.data).not.toHaveProperty('httpRequest');
    expect(Date.parse(event.eventTime)).toBeLessThan(azure.simulation.clockKeeper.clock.nowMs());
  });

  it('tell of the request where something is changed or deleted', async () => {
    group();
    azure.make(RULE, SSH);
    subscribe();
    azure.request('DELETE', RULE, undefined, '', { 'x-ms-client-request-id': 'request-7' });
    await azure.pass(300);

    expect(only('Microsoft.Resources.ResourceDeleteSuccess').data).toMatchObject({
      operationName: 'Microsoft.Network/networkSecurityGroups/securityRules/delete',
      httpRequest: { clientRequestId: 'request-7', method: 'DELETE', url: expect.stringContaining('securityRules') },
    });
  });

  it('name the app by its object id, and no person', async () => {
    subscribe();
    const { token } = tokens.issue('https://management.azure.com', 3_600);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const headers = { 'x-sim-principal': '', authorization: `Bearer ${token}` };
      azure.request('PUT', hub(`routeTables/${name}`), { location: 'westeurope', properties: {} }, '', headers);
    }
    await azure.pass(300);

    const claims = received().map(({ data }) => data.claims as JsonObject);
    expect(claims).toHaveLength(6);
    for (const one of claims) expect(one[OBJECT_ID]).toBe(MANAGED_IDENTITY.objectId);
    expect(claims.every((one) => one.name === undefined)).toBe(true);
    // A managed identity may lack it.
    expect(new Set(claims.map((one) => one.appid))).toEqual(new Set([undefined, MANAGED_IDENTITY.clientId]));
    expect(received()[0]?.data).toMatchObject({
      authorization: { evidence: { principalId: MANAGED_IDENTITY.objectId.replaceAll('-', '') } },
    });
  });

  it('tell somebody with the identity of the app from the app by nothing but their requests', async () => {
    azure.simulation.settings.set('principals', {
      eve: { objectId: MANAGED_IDENTITY.objectId, roles: [{ role: 'Owner' }] },
    });
    subscribe();
    azure.request('PUT', GROUPS, { location: 'westeurope', properties: {} }, '', { 'x-sim-principal': 'eve' });
    await azure.pass(300);

    const claims = received().map(({ data }) => data.claims);
    expect(claims).toEqual([expect.objectContaining({ [OBJECT_ID]: MANAGED_IDENTITY.objectId })]);
    expect(claims).toEqual([expect.not.objectContaining({ name: expect.anything() })]);
  });

  it('name a person as the controls do, and a service by its application', async () => {
    azure.simulation.settings.set('principals', {
      bob: { displayName: 'Bob Example', roles: [{ role: 'Owner' }] },
      pipeline: { kind: 'service', roles: [{ role: 'Owner' }] },
    });
    subscribe();
    for (const name of ['bob', 'pipeline']) {
      azure.request('PUT', hub(`routeTables/${name}`), { location: 'westeurope', properties: {} }, '', {
        'x-sim-principal': name,
      });
    }
    await azure.pass(300);

    const byName = new Map(received().map(({ data }) => [String(data.resourceUri).split('/').at(-1), data]));
    expect(byName.get('bob')).toMatchObject({
      authorization: { evidence: { principalType: 'User' } },
      claims: { name: 'Bob Example' },
    });
    expect(byName.get('pipeline')).toMatchObject({
      authorization: { evidence: { principalType: 'ServicePrincipal' } },
    });
    expect(byName.get('pipeline')?.claims).not.toHaveProperty('name');
  });

  it('come when the operation has ended, and say how', async () => {
    subscribe({ delaySeconds: [0, 0] });
    azure.put(HUB, hubNetwork());
    await azure.pass(0);
    expect(received()).toEqual([]);
    await azure.pass(3_600);
    expect(received().map(({ eventType }) => eventType)).toEqual(['Microsoft.Resources.ResourceWriteSuccess']);
  });

  it('tell of what was refused as a failure, and of reads nothing', async () => {
    subscribe();
    azure.put(RULE, SSH);
    azure.get(GROUP);
    await azure.pass(300);
    expect(received().map(({ eventType, data }) => [eventType, data.status])).toEqual([
      ['Microsoft.Resources.ResourceWriteFailure', 'Failed'],
    ]);
  });

  it('tell of every member of a group that is deleted', async () => {
    azure.make(`${OTHER_GROUP}/providers/Microsoft.Network/publicIPAddresses/pip-1`, publicAddress());
    azure.make(`${OTHER_GROUP}/providers/Microsoft.Network/routeTables/rt`, { location: 'westeurope', properties: {} });
    subscribe();
    azure.delete(OTHER_GROUP);
    await azure.pass(3_600);
    expect(
      received()
        .map(({ data }) => data.operationName)
        .toSorted(),
    ).toEqual([
      'Microsoft.Network/publicIPAddresses/delete',
      'Microsoft.Network/routeTables/delete',
      'Microsoft.Resources/subscriptions/resourceGroups/delete',
    ]);
  });

  it('vary in how they spell an id', async () => {
    subscribe();
    for (let n = 0; n < 20; n++) azure.put(hub(`routeTables/rt-${n}`), { location: 'westeurope', properties: {} });
    await azure.pass(300);
    const subjects = received().map(({ subject }) => subject.replace(/rt-\d+$/, ''));
    expect(new Set(subjects).size).toBeGreaterThan(2);
    expect(new Set(subjects.map((subject) => subject.toLowerCase())).size).toBe(1);
  });
});

describe('their delivery', () => {
  function write(count: number): void {
    for (let n = 0; n < count; n++) azure.put(hub(`routeTables/rt-${n}`), { location: 'westeurope', properties: {} });
  }

  it('is late, in another order, and at times twice: the same for the same seed', async () => {
    subscribe({ duplicateShare: 0.3 });
    write(20);
    await azure.pass(300);
    const first = received().map(({ id }) => id);
    const order = received().map(({ subject }) => Number(/rt-(\d+)$/i.exec(subject)?.[1]));
    expect(new Set(order).size).toBe(20);
    expect(order.length).toBeGreaterThan(20);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));

    const again = new Azure();
    webhook.received.splice(0);
    again.simulation.settings.set('events', azure.simulation.settings.get('events'));
    for (let n = 0; n < 20; n++) again.put(hub(`routeTables/rt-${n}`), { location: 'westeurope', properties: {} });
    await again.pass(300);
    again.close();
    expect(received().map(({ id }) => id)).toEqual(first);
  });

  it('says a creation twice by two events with one correlation id, a change by one event twice', async () => {
    subscribe({ duplicateShare: 1 });
    write(1);
    await azure.pass(60);
    write(1);
    await azure.pass(60);
    const [created, changed] = [received().slice(0, 2), received().slice(2)];
    expect(new Set(created.map(({ id }) => id)).size).toBe(2);
    expect(new Set(created.map(({ data }) => data.correlationId)).size).toBe(1);
    expect(changed).toHaveLength(2);
    expect(changed[0]?.id).toBe(changed[1]?.id);
  });

  it('is repeated after 10 and 30 seconds, and after 5 minutes where the function is not found', async () => {
    subscribe({ delaySeconds: [0, 0] });
    webhook.answers = [500, 500, 404, 202];
    write(1);
    await azure.pass(3_600);
    const [delivery] = deliveries();
    const times = (delivery?.attempts ?? []).map(({ at }) => Date.parse(at) / 1000);
    expect(delivery?.state).toBe('delivered');
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 10, 40, 340]);
    expect(webhook.received.map(({ headers }) => headers['aeg-delivery-count'])).toEqual(['0', '1', '2', '3']);
  });

  it.each([400, 401, 413])('is not repeated after %i', async (status) => {
    subscribe();
    webhook.answers = [status];
    write(1);
    await azure.pass(3_600);
    expect(deliveries()).toMatchObject([{ state: 'refused', attempts: [{ answer: status }] }]);
  });

  it('takes 205 for no success', async () => {
    subscribe();
    webhook.answers = [205];
    write(1);
    await azure.pass(60);
    expect(deliveries()).toMatchObject([{ attempts: [{ answer: 205 }, { answer: 202 }] }]);
  });

  it('ends with the attempts, or with the time to live', async () => {
    webhook.answers = Array.from({ length: 10 }, () => 500);
    subscribe({ maxDeliveryAttempts: 2 });
    write(1);
    await azure.pass(600);
    subscribe({ eventTimeToLiveMinutes: 1 });
    write(1);
    await azure.pass(600);
    expect(deliveries().map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['expired', 2],
      ['expired', 3],
    ]);
  });

  it('carries several events together where batching is on', async () => {
    subscribe({ maxEventsPerBatch: 4 });
    webhook.answers = [500];
    write(20);
    await azure.pass(300);
    const sizes = webhook.received.map(({ body }) => (body as unknown[]).length);
    expect(Math.max(...sizes)).toBe(4);
    // All of a delivery, or nothing: that of the first attempt comes again as it was.
    expect(new Set(received().map(({ id }) => id)).size).toBe(20);
    expect(received().length).toBe(20 + (sizes[0] ?? 0));
  });

  it('turns events into CloudEvents where the subscription asks for it', async () => {
    subscribe({ schema: 'CloudEventSchemaV1_0' });
    write(1);
    await azure.pass(60);
    const [call] = webhook.received;
    expect(call?.headers).toMatchObject({
      'aeg-event-type': 'Notification',
      'content-type': 'application/cloudevents+json; charset=utf-8',
    });
    expect(call?.body).toMatchObject({
      specversion: '1.0',
      type: 'Microsoft.Resources.ResourceWriteSuccess',
      source: '/subscriptions/00000000-0000-0000-0000-000000000001',
      data: { status: 'Succeeded' },
    });
  });

  it('loses what it is told to lose, and holds back what it is told to hold back', async () => {
    subscribe({ delaySeconds: [1, 1] });
    const { faults } = azure.simulation.events;
    faults.add({ subject: 'rt-1$', times: 1, effect: { kind: 'drop' } });
    faults.add({ eventType: 'WriteSuccess', times: 1, effect: { kind: 'delay', seconds: 500 } });
    write(3);
    await azure.pass(60);
    expect(received().map(({ subject }) => subject.slice(-4))).toEqual(['rt-2']);
    await azure.pass(600);
    expect(received().map(({ subject }) => subject.slice(-4))).toEqual(['rt-2', 'rt-0']);
    expect(deliveries().filter(({ state }) => state === 'lost')).toHaveLength(1);
    expect(faults.all()).toEqual([]);
  });

  it('goes on where it was after the simulation was started anew', async () => {
    subscribe({ delaySeconds: [100, 100] });
    azure.put(HUB, hubNetwork());
    azure.put(GROUPS, { location: 'westeurope', properties: {} });
    azure.close();
    azure = new Azure(join(directory, 'azure.sqlite'));
    await azure.pass(3_600);
    const told = new Set(received().map(({ data }) => data.resourceUri));
    expect(told).toContain(GROUPS);
    expect(told).toContain(HUB);
  });

  it('is nobody’s as long as nobody has subscribed', async () => {
    write(3);
    await azure.pass(300);
    expect(deliveries()).toEqual([]);
  });
});

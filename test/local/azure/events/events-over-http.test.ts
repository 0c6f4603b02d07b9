import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app } from '@azure/functions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resourceTypes } from '../../../../local/azure/resource-types/all.ts';
import { createSimulatedAzure, type SimulatedAzure } from '../../../../local/azure/simulated-azure.ts';
import { makeHostKeys } from '../../../../local/host/host-keys.ts';
import { subscribeToResourceEvents } from '../../../../local/supervisor/resource-events.ts';
import { type Fixture, startFixture } from '../../host/support/host-fixture.ts';
import { GROUP } from '../resource-types/harness.ts';
import { send, type WireAnswer } from '../support/https-client.ts';

const KEYS = makeHostKeys();

let directory: string;
let azure: SimulatedAzure;
let host: Fixture;
let seen: Record<string, unknown>[];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubkeeper-events-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(async () => {
  seen = [];
  azure = await createSimulatedAzure({ certificates: directory, resourceTypes, startMs: Date.UTC(2026, 0, 5) });
  host = await startFixture({ keys: KEYS, requireKeys: true }, () => {
    app.eventGrid('onResourceEvent', {
      handler: (event) => {
        seen.push({ ...event });
      },
    });
    app.eventGrid('onNothing', { handler: () => undefined });
  });
});
afterEach(async () => {
  await azure.close();
  await host.close();
});

function call(method: string, path: string, body?: unknown): Promise<WireAnswer> {
  const { caFile } = azure.certificates;
  return send(method, `${azure.armUrl}${path}`, { caFile, headers: { 'x-sim-principal': 'tester' }, body });
}

function subscribe(
  eventGridKey = KEYS.eventGridKey,
  functionsUrl = host.host.functionsUrl,
): Promise<string | undefined> {
  const { caFile } = azure.certificates;
  return subscribeToResourceEvents({ armUrl: azure.armUrl, caFile, functionsUrl, eventGridKey });
}

async function makeGroups(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await call('PUT', `${GROUP}-${n}?api-version=2025-04-01`, { location: 'westeurope' });
  }
  await call('POST', '/_sim/clock', { advanceSeconds: 120 });
}

/** An event fault, as JSON. */
function fault(effect: unknown, more: Readonly<Record<string, unknown>> = {}): unknown {
  return Object.fromEntries([...Object.entries(more), ['then', effect]]);
}

describe('resource events of the environment', () => {
  it('reach the app within one step of the clock, and nobody reads the key', async () => {
    expect(await subscribe()).toBeUndefined();
    await makeGroups(3);

    expect(new Set(seen.map((event) => (event.data as { resourceUri: string }).resourceUri)).size).toBe(3);
    const { body } = await call('GET', '/_sim/events');
    expect(body).toMatchObject({
      subscription: { endpoint: `${host.host.functionsUrl}/runtime/webhooks/eventgrid`, schema: 'EventGridSchema' },
    });
    expect(JSON.stringify(body)).not.toContain(KEYS.eventGridKey);
    expect((body as { deliveries: { state: string }[] }).deliveries.every(({ state }) => state === 'delivered')).toBe(
      true,
    );
  });

  it.each([
    ['EventGridSchema', 1],
    ['EventGridSchema', 10],
    ['CloudEventSchemaV1_0', 1],
    ['CloudEventSchemaV1_0', 10],
  ])('reach it as %s, %i to a delivery', async (schema, maxEventsPerBatch) => {
    await subscribe();
    const { status } = await call('PUT', '/_sim/events', { schema, maxEventsPerBatch, duplicateShare: 0 });
    expect(status).toBe(200);
    await makeGroups(12);
    expect(seen).toHaveLength(12);
    expect(new Set(seen.map(({ eventType, type }) => eventType ?? type))).toEqual(
      new Set(['Microsoft.Resources.ResourceWriteSuccess']),
    );
  });

  it('are no one’s when the app has no such function, the key is wrong or nobody answers, which is said', async () => {
    const missing = `${host.host.functionsUrl}/runtime/webhooks/eventgrid?functionName=onOther&code=${KEYS.eventGridKey}`;
    expect(await call('PUT', '/_sim/events', { endpoint: missing })).toMatchObject({
      status: 400,
      body: { error: { code: 'EndpointValidationFailed', message: expect.stringContaining('404') } },
    });
    expect(await subscribe('wrong')).toMatch(/not told of resource events .*401.* asked again/);
    expect(await subscribe(KEYS.eventGridKey, 'http://127.0.0.1:1')).toContain('ECONNREFUSED');
    await makeGroups(1);
    expect(seen).toEqual([]);
    expect((await call('GET', '/_sim/events')).body).toMatchObject({ subscription: { endpoint: null } });
  });

  it('go wrong as the controls say', async () => {
    await subscribe();
    await call('PUT', '/_sim/events', { duplicateShare: 0 });
    await call('POST', '/_sim/events/faults', [
      fault({ drop: true }, { match: { subject: 'rg-hub-0$', eventType: 'WriteSuccess' } }),
      fault({ copies: 2 }, { match: { subject: 'rg-hub-1$' } }),
      fault({ delaySeconds: 1_000 }, { times: 5 }),
    ]);
    await makeGroups(3);
    expect(seen).toHaveLength(3);
    expect((await call('GET', '/_sim/events/faults')).body).toMatchObject({ faults: [{ times: 4 }] });
    expect((await call('DELETE', '/_sim/events/faults')).body).toEqual({ faults: [] });
  });

  it.each([
    ['PUT', 'events', { schema: 'Cloud' }],
    ['PUT', 'events', { endpoint: 'nowhere' }],
    ['PUT', 'events', { delaySeconds: [5, 1] }],
    ['PUT', 'events', { duplicateShare: 2 }],
    ['PUT', 'events', { maxDeliveryAttempts: 31 }],
    ['PUT', 'events', { eventTimeToLiveMinutes: 0.5 }],
    ['PUT', 'events', { lost: 1 }],
    ['PUT', 'events', []],
    ['POST', 'events/faults', fault({ drop: true }, { match: { subject: '(' } })],
    ['POST', 'events/faults', fault({})],
    ['POST', 'events/faults', fault({ drop: true }, { times: 0 })],
  ])('refuse what is not understood: %s %s %j', async (method, control, body) => {
    expect((await call(method, `/_sim/${control}`, body)).status).toBe(400);
  });
});

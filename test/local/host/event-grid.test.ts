import { app, type EventGridEvent, type InvocationContext } from '@azure/functions';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fixture, startFixture } from './support/host-fixture.ts';

let fixture: Fixture;
let seen: { readonly event: EventGridEvent; readonly metadata: unknown }[] = [];

beforeEach(async () => {
  seen = [];
  fixture = await startFixture({}, () => {
    app.eventGrid('onEvent', {
      handler: (event: EventGridEvent, context: InvocationContext) => {
        seen.push({ event, metadata: context.triggerMetadata });
        if (event.id === 'bad') throw new Error('no');
      },
    });
  });
});

afterEach(async () => {
  await fixture.close();
});

async function post(
  body: unknown,
  headers: Record<string, string>,
  name = 'onEvent',
  method = 'POST',
): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(`${fixture.host.functionsUrl}/runtime/webhooks/EventGrid?functionName=${name}`, {
    method,
    headers,
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const NOTIFICATION = { 'aeg-event-type': 'Notification' };

describe('the Event Grid webhook', () => {
  it('answers the validation event with its code', async () => {
    const events = [
      { id: '1', eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: 'abc' } },
    ];

    const { status, body } = await post(events, { 'aeg-event-type': 'SubscriptionValidation' });

    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { validationResponse: 'abc' } });
    expect(seen).toHaveLength(0);
  });

  it('answers the handshake of CloudEvents', async () => {
    const { status, headers } = await post(
      undefined,
      { 'WebHook-Request-Origin': 'eventgrid.azure.net' },
      'onevent',
      'OPTIONS',
    );

    expect(status).toBe(200);
    expect(headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
  });

  it('calls the function for each event of a batch', async () => {
    const { status } = await post(
      [
        { id: 'a', data: { n: 1 } },
        { id: 'b', data: { n: 2 } },
      ],
      NOTIFICATION,
    );

    expect(status).toBe(202);
    expect(seen.map(({ event }) => event.id).sort()).toEqual(['a', 'b']);
    expect(seen[0]?.metadata).toEqual({ data: { n: 1 } });
  });

  it('takes a single CloudEvent as it is', async () => {
    const event = { specversion: '1.0', id: 'c', type: 't', source: '/s', data: { n: 3 } };

    const { status } = await post(event, { ...NOTIFICATION, 'content-type': 'application/cloudevents+json' });

    expect(status).toBe(202);
    expect(seen[0]?.event).toEqual(event);
  });

  it('fails the whole delivery when one event fails', async () => {
    const { status } = await post([{ id: 'a' }, { id: 'bad' }, { id: 'b' }], NOTIFICATION);

    expect(status).toBe(500);
    expect(seen).toHaveLength(3);
  });

  it.each<[string, unknown, Record<string, string>, string, number]>([
    ['the end of a subscription', [], { 'aeg-event-type': 'Unsubscribe' }, 'onEvent', 202],
    ['no event type', [], {}, 'onEvent', 400],
    ['another event type', [], { 'aeg-event-type': 'Other' }, 'onEvent', 400],
    ['a validation without a code', [{}], { 'aeg-event-type': 'SubscriptionValidation' }, 'onEvent', 400],
    ['a body that holds no events', 'text', NOTIFICATION, 'onEvent', 400],
    ['an unknown function', [], NOTIFICATION, 'nobody', 404],
  ])('answers %s', async (_, body, headers, name, expected) => {
    const { status } = await post(body, headers, name);

    expect(status).toBe(expected);
    expect(seen).toHaveLength(0);
  });
});

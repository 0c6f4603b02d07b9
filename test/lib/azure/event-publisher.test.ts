import { describe, expect, it } from '@jest/globals';
import {
  cloudEventOf,
  createEventPublisher,
  EVENT_TYPE,
  type OutboundEvent,
} from '../../../lib/azure/event-publisher.ts';
import { FIREWALL_ID } from '../../support/alert-samples.ts';

const ENDPOINT = 'https://topic.westeurope-1.eventgrid.azure.net/api/events';
const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
const EVENT: OutboundEvent = {
  kind: 'addressesAboutToBeUsed',
  baseline: 'prod',
  resource: FIREWALL_ID,
  occasion: 'prod-7',
  at: '2026-05-04T09:13:00.000Z',
  data: { addresses: ['203.0.113.7'], prefixes: ['203.0.113.0/28'] },
};
const refusal = (statusCode: number) => Object.assign(new Error(`HTTP ${statusCode}`), { statusCode });

function publisherThatMeets(...errors: readonly (Error | null)[]) {
  const sent: unknown[] = [];
  const waits: number[] = [];
  const left = [...errors];
  const publisher = createEventPublisher({
    topicEndpoint: ENDPOINT,
    credential,
    clientOf: async () => ({
      send: async (events) => {
        const error = left.shift();
        if (error != null) throw error;
        sent.push(...events);
      },
    }),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });
  return { publisher, sent, waits };
}

describe('createEventPublisher', () => {
  it('sends a CloudEvent', async () => {
    const { publisher, sent } = publisherThatMeets();

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'published', attempts: 1 });
    expect(sent).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        type: 'Hubkeeper.Egress.AddressesAboutToBeUsed',
        source: '/hubkeeper/baselines/prod',
        subject: FIREWALL_ID,
        time: new Date('2026-05-04T09:13:00Z'),
        datacontenttype: 'application/json',
        data: {
          baseline: 'prod',
          resource: FIREWALL_ID,
          occasion: 'prod-7',
          addresses: ['203.0.113.7'],
          prefixes: ['203.0.113.0/28'],
        },
      },
    ]);
  });

  it('gives one id to one occasion, and others to others', () => {
    const ids = [
      EVENT,
      { ...EVENT, at: '2026-05-05T00:00:00Z', data: {} },
      { ...EVENT, occasion: 'prod-8' },
      { ...EVENT, kind: 'actionDone' as const },
      { ...EVENT, baseline: 'other' },
    ].map((event) => cloudEventOf(event).id);

    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(4);
  });

  it('has a type of its own for each kind', () => {
    expect(new Set(Object.values(EVENT_TYPE)).size).toBe(4);
  });

  it('sends nothing without a topic', async () => {
    const publisher = createEventPublisher({
      topicEndpoint: undefined,
      credential,
      clientOf: async () => {
        throw new Error('must not be made');
      },
    });

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'nobodyListens' });
  });

  it('tries a few times what may pass, waiting longer each time', async () => {
    const { publisher, sent, waits } = publisherThatMeets(refusal(503), refusal(429), null);

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'published', attempts: 3 });
    expect(sent).toHaveLength(1);
    expect(waits).toEqual([500, 1_000]);
  });

  it.each([503, 500, 429, 408])('gives up on %s after three tries and says why, but never throws', async (status) => {
    const error = refusal(status);
    const { publisher } = publisherThatMeets(error, error, error, null);

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'failed', attempts: 3, why: `HTTP ${status}` });
  });

  it.each([400, 401, 403, 404, 413])('does not try %s again', async (status) => {
    const { publisher, waits } = publisherThatMeets(refusal(status), null);

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'failed', attempts: 1, why: `HTTP ${status}` });
    expect(waits).toEqual([]);
  });

  it('makes a client anew that could not be made', async () => {
    let tries = 0;
    const publisher = createEventPublisher({
      topicEndpoint: ENDPOINT,
      credential,
      clientOf: async () => {
        tries += 1;
        if (tries === 1) throw new Error('not installed');
        return { send: async () => {} };
      },
      wait: async () => {},
    });

    expect(await publisher.publish(EVENT)).toEqual({ outcome: 'published', attempts: 2 });
  });
});

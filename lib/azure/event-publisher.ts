import { createHash } from 'node:crypto';
import type { TokenCredential } from '@azure/core-auth';
import type { EventGridPublisherClient } from '@azure/eventgrid';
import type { JsonObject } from '../json.ts';

/** What partners and operators are told, as `type` of the CloudEvent. */
export const EVENT_TYPE = {
  /** Public addresses that egress will come from soon: time to allow-list them. */
  addressesAboutToBeUsed: 'Hubkeeper.Egress.AddressesAboutToBeUsed',
  actionDone: 'Hubkeeper.Reaction.ActionDone',
  actionRefused: 'Hubkeeper.Reaction.ActionRefused',
  helpNeeded: 'Hubkeeper.Reaction.HelpNeeded',
} as const;

export type EventKind = keyof typeof EVENT_TYPE;

export interface OutboundEvent {
  readonly kind: EventKind;
  readonly baseline: string;
  /** ARM id of what it is about. */
  readonly resource: string;
  /** What happened it for, such as the operation's id: the same event twice has one id, so that receivers can tell. */
  readonly occasion: string;
  /** ISO time of the decision. */
  readonly at: string;
  /** For receivers: figures, names and addresses; never anything secret. */
  readonly data: JsonObject;
}

export type Published =
  | { readonly outcome: 'published'; readonly attempts: number }
  /** No topic is configured. */
  | { readonly outcome: 'nobodyListens' }
  | { readonly outcome: 'failed'; readonly attempts: number; readonly why: string };

/** Tells the world. Never throws: whoever publishes goes on with what it does, and reports what came of it. */
export interface EventPublisher {
  /** Whether there is a topic: without one nothing needs to be read for an event. */
  readonly listens: boolean;
  publish(event: OutboundEvent): Promise<Published>;
}

export interface EventPublisherOptions {
  /** URL of a topic with the CloudEvents schema; absent: nothing is sent. */
  readonly topicEndpoint: string | undefined;
  readonly credential: TokenCredential;
  /** Makes the client; the official one unless a test has its own. */
  readonly clientOf?: (endpoint: string) => Promise<Pick<EventGridPublisherClient<'CloudEvent'>, 'send'>>;
  /** Waits between tries; the wall clock unless a test has its own. */
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** Tries in all, and wall time for each: together well below the minutes that an activity may take. */
const ATTEMPTS = 3;
const TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 500;

/** A publisher to an Event Grid topic. The SDK is loaded at the first event. */
export function createEventPublisher(options: EventPublisherOptions): EventPublisher {
  const { topicEndpoint, wait = pause } = options;
  const clientOf = options.clientOf ?? ((endpoint: string) => officialClient(endpoint, options.credential));
  let client: Promise<Pick<EventGridPublisherClient<'CloudEvent'>, 'send'>> | undefined;

  async function send(endpoint: string, event: OutboundEvent): Promise<void> {
    client ??= clientOf(endpoint).catch((error: unknown) => {
      client = undefined;
      throw error;
    });
    await (await client).send([cloudEventOf(event)], { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
  }

  return {
    listens: topicEndpoint !== undefined,
    async publish(event) {
      if (topicEndpoint === undefined) return { outcome: 'nobodyListens' };
      for (let attempt = 1; ; attempt++) {
        try {
          await send(topicEndpoint, event);
          return { outcome: 'published', attempts: attempt };
        } catch (error) {
          if (attempt >= ATTEMPTS || !mayPassLater(error))
            return { outcome: 'failed', attempts: attempt, why: reasonOf(error) };
          await wait(FIRST_PAUSE_MS * 2 ** (attempt - 1));
        }
      }
    },
  };
}

/** The event as it is sent. Its id is computed from what happened, so that a repeated activity sends the same one. */
export function cloudEventOf({ kind, baseline, resource, occasion, at, data }: OutboundEvent) {
  const type = EVENT_TYPE[kind];
  const id = createHash('sha256')
    .update([type, baseline, resource.toLowerCase(), occasion].join('\n'))
    .digest('hex')
    .slice(0, 32);
  return {
    id,
    type,
    source: `/hubkeeper/baselines/${baseline}`,
    subject: resource,
    time: new Date(at),
    datacontenttype: 'application/json',
    data: { baseline, resource, occasion, ...data },
  };
}

async function officialClient(
  endpoint: string,
  credential: TokenCredential,
): Promise<Pick<EventGridPublisherClient<'CloudEvent'>, 'send'>> {
  const { EventGridPublisherClient: Client } = await import('@azure/eventgrid');
  return new Client(endpoint, 'CloudEvent', credential, {
    // Its own retries would sleep as long as the service asks for, inside an activity.
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'hubkeeper' },
  });
}

/** A refusal for good (no role, no such topic, an event that it does not take) passes no second time. */
function mayPassLater(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 0;
  return !(status >= 400 && status < 500) || status === 408 || status === 429;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

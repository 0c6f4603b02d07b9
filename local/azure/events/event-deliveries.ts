import type { Clock } from '../../clock.ts';
import type { Documents } from '../documents.ts';
import type { Json } from '../json.ts';
import { shownAddress } from '../monitoring/receivers.ts';
import { type CallActivity, CallQueue, type QueuedCall } from '../outgoing/call-queue.ts';
import { postJson } from '../outgoing/http-call.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import { EVENT_SUBSCRIPTION } from './handshake.ts';
import { type EventSchema, inSchema, type ResourceEvent } from './resource-event.ts';

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
/** Microsoft documents when a delivery is attempted again, after the first attempt, the second … */
const RETRY_AFTER_SECONDS: readonly number[] = [
  10,
  30,
  MINUTE_SECONDS,
  5 * MINUTE_SECONDS,
  10 * MINUTE_SECONDS,
  30 * MINUTE_SECONDS,
  HOUR_SECONDS,
  3 * HOUR_SECONDS,
  6 * HOUR_SECONDS,
];
/** … and then every twelve hours. */
const LAST_RETRY_SECONDS = 12 * HOUR_SECONDS;
/** At least so long after these answers. */
const LEAST_RETRY_SECONDS: Readonly<Record<number, number>> = {
  403: 5 * MINUTE_SECONDS,
  404: 5 * MINUTE_SECONDS,
  408: 2 * MINUTE_SECONDS,
  503: 30,
};
/** A webhook that answers so is not asked again. */
const FINAL_STATUSES: readonly number[] = [400, 401, 413];

/** How far apart events may be due that travel together. */
const BATCH_WITHIN_MS = 10_000;
/** Ended deliveries are listed for this long. */
const KEPT_MS = 24 * HOUR_SECONDS * 1000;

type DeliveryState = 'waiting' | 'delivered' | 'refused' | 'expired' | 'lost';

interface Delivery extends QueuedCall {
  readonly events: readonly ResourceEvent[];
  readonly state: DeliveryState;
  /** When the first of the events was published. */
  readonly publishedMs: number;
}

interface Parts {
  readonly documents: Documents;
  readonly settings: SimulationSettings;
  readonly clock: Clock;
  readonly activity: CallActivity;
}

/** Delivers events to the webhook as Event Grid does: at least once, in no order, again and again until one day is over. */
export class EventDeliveries {
  readonly #parts: Parts;
  readonly #queue: CallQueue<Delivery>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#queue = new CallQueue<Delivery>({
      ...parts,
      collection: 'event-deliveries',
      attempt: (delivery, signal) => this.#attempt(delivery, signal),
    });
  }

  /** Takes up what was under way when the process ended. */
  resume(): void {
    this.#queue.resume();
  }

  close(): void {
    this.#queue.close();
  }

  /** Sends an event after a time of its own, alone or with others that are due about then. */
  send(event: ResourceEvent, afterSeconds: number): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#queue.forgetBefore(nowMs - KEPT_MS);
    const dueMs = nowMs + Math.round(afterSeconds * 1000);
    const companion = this.#companion(dueMs);
    if (companion !== undefined) {
      const [key, delivery] = companion;
      this.#queue.change(key, { ...delivery, events: [...delivery.events, event] });
      return;
    }
    this.#queue.add({ events: [event], state: 'waiting', publishedMs: nowMs, dueMs, attempts: [] });
  }

  /** Notes an event that never comes. */
  lose(event: ResourceEvent): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#queue.add({ events: [event], state: 'lost', publishedMs: nowMs, dueMs: nowMs, attempts: [] });
  }

  /** What became of each delivery; of an event its heading. */
  show(): Json {
    const time = (ms: number): string => new Date(ms).toISOString();
    return [...this.#queue.entries()].map(([, { events, state, publishedMs, dueMs, attempts }]) => ({
      state,
      publishedAt: time(publishedMs),
      dueAt: state === 'waiting' ? time(dueMs) : null,
      events: events.map(({ id, subject, eventType, eventTime, data }) => ({
        ...{ id, subject, eventType, eventTime },
        correlationId: data.correlationId ?? null,
      })),
      attempts: attempts.map(({ atMs, answer }) => ({ at: time(atMs), answer })),
    }));
  }

  /** A delivery that the event may travel with. */
  #companion(dueMs: number): [string, Delivery] | undefined {
    const { maxEventsPerBatch } = this.#parts.settings.get('events');
    if (maxEventsPerBatch === 1) return undefined;
    for (const [key, delivery] of this.#queue.entries()) {
      const isFresh = delivery.state === 'waiting' && delivery.attempts.length === 0 && this.#queue.isWaiting(key);
      if (!isFresh || delivery.events.length >= maxEventsPerBatch) continue;
      if (Math.abs(delivery.dueMs - dueMs) <= BATCH_WITHIN_MS) return [key, delivery];
    }
    return undefined;
  }

  async #attempt(delivery: Delivery, signal: AbortSignal): Promise<Delivery | undefined> {
    const { settings, clock } = this.#parts;
    const { endpoint, schema, maxEventsPerBatch } = settings.get('events');
    // Its event subscription is gone, and with it what was to be delivered.
    if (endpoint === null) return { ...delivery, state: 'expired' };
    const answer = await postJson(
      endpoint,
      bodyOf(delivery.events, schema, maxEventsPerBatch),
      headersOf(delivery, schema, maxEventsPerBatch),
      signal,
    );
    if (signal.aborted) return undefined;
    const attempts = [...delivery.attempts, { atMs: clock.nowMs(), answer }];
    return this.#concluded({ ...delivery, attempts }, answer);
  }

  #concluded(delivery: Delivery, answer: number | string): Delivery {
    if (typeof answer === 'number' && answer >= 200 && answer <= 204) return { ...delivery, state: 'delivered' };
    if (typeof answer === 'number' && FINAL_STATUSES.includes(answer)) return { ...delivery, state: 'refused' };
    const { maxDeliveryAttempts, eventTimeToLiveMinutes } = this.#parts.settings.get('events');
    const dueMs = this.#parts.clock.nowMs() + retryAfterSeconds(delivery.attempts.length, answer) * 1000;
    const expiresMs = delivery.publishedMs + eventTimeToLiveMinutes * MINUTE_SECONDS * 1000;
    const isOver = delivery.attempts.length >= maxDeliveryAttempts || dueMs > expiresMs;
    return isOver ? { ...delivery, state: 'expired' } : { ...delivery, dueMs };
  }
}

/** Time to the next attempt, after so many and that answer. */
export function retryAfterSeconds(attempts: number, answer: number | string): number {
  const least = typeof answer === 'number' ? (LEAST_RETRY_SECONDS[answer] ?? 0) : 0;
  return Math.max(RETRY_AFTER_SECONDS[attempts - 1] ?? LAST_RETRY_SECONDS, least);
}

/** The Event Grid schema is always an array; a CloudEvent comes alone unless batching is on. */
function bodyOf(events: readonly ResourceEvent[], schema: EventSchema, maxEventsPerBatch: number): Json {
  const bodies = events.map((event) => inSchema(event, schema));
  const [only] = bodies;
  return schema === 'CloudEventSchemaV1_0' && maxEventsPerBatch === 1 && only !== undefined ? only : bodies;
}

function headersOf(
  { attempts }: Delivery,
  schema: EventSchema,
  maxEventsPerBatch: number,
): Readonly<Record<string, string>> {
  const common = {
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': EVENT_SUBSCRIPTION,
    'aeg-delivery-count': String(attempts.length),
  };
  if (schema === 'EventGridSchema') return { ...common, 'aeg-data-version': '2', 'aeg-metadata-version': '1' };
  const batch = maxEventsPerBatch === 1 ? '' : '-batch';
  return { ...common, 'content-type': `application/cloudevents${batch}+json; charset=utf-8` };
}

/** The event subscription without its key. */
export function shownEndpoint(endpoint: string | null): string | null {
  return endpoint === null ? null : shownAddress(endpoint);
}

import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { EventSchema } from './resource-event.ts';

/** How resource events of all subscriptions are delivered: one event subscription on each subscription's system topic. */
export interface EventSetting {
  /** The webhook, with its key; null: nobody has subscribed, and events go nowhere. */
  readonly endpoint: string | null;
  readonly schema: EventSchema;
  /** Least and most simulated seconds until the first attempt. */
  readonly delaySeconds: readonly [number, number];
  /** Share of events that come twice, from 0 to 1. */
  readonly duplicateShare: number;
  /** Share of events that never come. */
  readonly lostShare: number;
  /** Most events of one delivery; 1: batching is off. */
  readonly maxEventsPerBatch: number;
  readonly maxDeliveryAttempts: number;
  readonly eventTimeToLiveMinutes: number;
}

/** Attempts and time to live are Azure's, and batching is off, as it is there until somebody asks for it. */
export const USUAL_EVENTS: EventSetting = {
  endpoint: null,
  schema: 'EventGridSchema',
  delaySeconds: [1, 20],
  duplicateShare: 0.1,
  lostShare: 0,
  maxEventsPerBatch: 1,
  maxDeliveryAttempts: 30,
  eventTimeToLiveMinutes: 1_440,
};

/** Bounds that Microsoft documents for event subscriptions. */
const BOUNDS = {
  maxEventsPerBatch: [1, 5_000],
  maxDeliveryAttempts: [1, 30],
  eventTimeToLiveMinutes: [1, 1_440],
} as const;
const SHARES = ['duplicateShare', 'lostShare'] as const;
const SCHEMAS: readonly Json[] = ['EventGridSchema', 'CloudEventSchemaV1_0'];

/** Merges what a control was given. Answers a sentence that says what is wrong with it. */
export function readEventSetting(body: Json, before: EventSetting): EventSetting | string {
  if (!isJsonObject(body)) return 'Events are an object.';
  const unknown = Object.keys(body).find((name) => !(name in USUAL_EVENTS));
  if (unknown !== undefined) return `Nothing is known of ${unknown}.`;
  const { endpoint, schema, delaySeconds } = body;
  if (endpoint !== undefined && endpoint !== null && !(typeof endpoint === 'string' && URL.canParse(endpoint))) {
    return 'endpoint is a URL, or null.';
  }
  if (schema !== undefined && !SCHEMAS.includes(schema)) return `schema is ${SCHEMAS.join(' or ')}.`;
  if (delaySeconds !== undefined && !isRange(delaySeconds)) return 'delaySeconds is [least, most] in seconds.';
  return wrongNumber(body) ?? { ...before, ...(body as Partial<EventSetting>) };
}

function wrongNumber(body: JsonObject): string | undefined {
  for (const name of SHARES) {
    const share = body[name];
    if (share === undefined) continue;
    if (typeof share !== 'number' || share < 0 || share > 1) return `${name} is a number from 0 to 1.`;
  }
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = body[name];
    if (value === undefined) continue;
    const isGood = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    if (!isGood) return `${name} is a whole number from ${least} to ${most}.`;
  }
  return undefined;
}

function isRange(value: Json): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [least, most] = value;
  return typeof least === 'number' && typeof most === 'number' && least >= 0 && most >= least;
}

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { parentId, typeOfId } from '../baseline/arm-id.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { ChangeAuthor, ChangeHint } from '../state/drift-watch.ts';

/** What an event of a subscription or resource group says, whichever schema it came in. Nothing of its payload else. */
export interface ResourceEvent {
  /** Copies of one event share it. */
  readonly key: string;
  /** Id of the event as sent, for logs. */
  readonly id: string;
  /** ARM id as sent; casing is mixed. */
  readonly resource: string;
  readonly action: ChangeHint['action'];
  /** ISO time of the event, never later than it came in. */
  readonly at: string;
  readonly author: ChangeAuthor | null;
  /** Every id under which the caller goes, for comparison: lower case, without dashes. */
  readonly callerIds: readonly string[];
  readonly correlationId: string | null;
  readonly clientRequestId: string | null;
}

export type ReadResourceEvent =
  | { readonly outcome: 'event'; readonly event: ResourceEvent }
  /** Well-formed, and nothing to look at. */
  | { readonly outcome: 'ignored'; readonly id: string; readonly resource: string; readonly why: string }
  | { readonly outcome: 'malformed'; readonly why: string };

/** ARM ids are far shorter; what is longer than these is no event of Azure's. */
const LONGEST_RESOURCE_ID = 2_048;
const LONGEST_ID = 512;
const LONGEST_NAME = 200;
/** Event Grid gives up on an event after a day: scans have compared since. */
const OLDEST_HOURS = 24;
/** Older payloads carry their objects as JSON text. */
const LONGEST_JSON_TEXT = 32_768;

const EVENT_TYPE = /^Microsoft\.Resources\.Resource(Write|Delete|Action)(Success|Failure|Cancel)$/i;
const CLAIMS = 'http://schemas.microsoft.com/identity/claims';
const WS_2005 = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

const shortText = z.string().min(1).max(LONGEST_ID);
const longText = z.string().min(1).max(LONGEST_RESOURCE_ID);
const time = z.string().max(64);

const eventGridEvent = z.object({
  id: shortText,
  topic: longText.nullish(),
  subject: longText,
  eventType: shortText,
  eventTime: time,
  data: z.unknown(),
});

const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: shortText,
  source: longText,
  subject: longText.nullish(),
  type: shortText,
  time: time.nullish(),
  data: z.unknown(),
});

/** An event without what tells the two schemas apart. */
interface Envelope {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly type: string;
  readonly time: string | null;
  readonly data: JsonObject;
}

/** Reads one element of a delivery. What is wrong with it is said and concerns no other one. Pure. */
export function readResourceEvent(value: unknown, receivedAtIso: string): ReadResourceEvent {
  const envelope = envelopeOf(value);
  if (typeof envelope === 'string') return { outcome: 'malformed', why: envelope };
  const { id, source, type, data } = envelope;
  const resource = resourceOf(envelope);
  const ignored = (why: string): ReadResourceEvent => ({ outcome: 'ignored', id, resource, why });
  const [, verb, end] = EVENT_TYPE.exec(type) ?? [];
  if (verb === undefined) return ignored('Only events of Microsoft.Resources about resources say what changed.');
  if (end?.toLowerCase() !== 'success') return ignored('The write, delete or action did not come about.');
  const sentMs = envelope.time === null ? Date.parse(receivedAtIso) : Date.parse(envelope.time);
  if (Number.isNaN(sentMs)) return { outcome: 'malformed', why: 'The time of the event is none.' };
  const receivedMs = Date.parse(receivedAtIso);
  if (receivedMs - sentMs > OLDEST_HOURS * 3_600_000) return ignored('The event is older than a day.');
  const nothing = whyNothingChanged(resource, data);
  if (nothing !== undefined) return ignored(nothing);
  const claims = objectOf(data.claims);
  const author = authorOf(claims);
  return {
    outcome: 'event',
    event: {
      key: createHash('sha256').update(`${source.toLowerCase()}\n${id}`).digest('hex').slice(0, 24),
      id,
      resource,
      action: verb.toLowerCase() as ChangeHint['action'],
      at: new Date(Math.min(sentMs, receivedMs)).toISOString(),
      author,
      callerIds: callerIdsOf(author, objectOf(objectOf(data.authorization).evidence)),
      correlationId: textOf(data.correlationId),
      clientRequestId: textOf(objectOf(data.httpRequest).clientRequestId),
    },
  };
}

function envelopeOf(value: unknown): Envelope | string {
  if (!isJsonObject(value)) return 'It is no JSON object.';
  if ('specversion' in value) {
    const read = cloudEvent.safeParse(value);
    if (!read.success) return faultOf(read.error);
    const { id, source, subject, type, time: sent, data } = read.data;
    return { id, source, subject: subject ?? '', type, time: sent ?? null, data: objectOf(data) };
  }
  const read = eventGridEvent.safeParse(value);
  if (!read.success) return faultOf(read.error);
  const { id, topic, subject, eventType, eventTime, data } = read.data;
  return { id, source: topic ?? '', subject, type: eventType, time: eventTime, data: objectOf(data) };
}

/** Where it is wrong, not what stands there: an event's text is somebody else's. */
function faultOf({ issues }: z.ZodError): string {
  const places = issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return `It is no event of Event Grid: ${places.join('; ')}.`;
}

/** The resource that was written. The subject says the same in another casing. */
function resourceOf({ subject, data }: Envelope): string {
  const uri = typeof data.resourceUri === 'string' ? data.resourceUri : '';
  const named = uri.startsWith('/') && uri.length <= LONGEST_RESOURCE_ID ? uri : subject;
  return named.replace(/\/+$/, '');
}

/** Why the event says nothing about a resource of a baseline, whoever manages it. */
function whyNothingChanged(resource: string, data: JsonObject): string | undefined {
  if (!isInGroup(resource)) return 'It is about nothing in a resource group.';
  if (/^Microsoft\.Resources\/deployment(s|Stacks)(\/|$)/i.test(typeOfId(resource)))
    return 'It is about a deployment; what that wrote has events of its own.';
  if (/\/(join|list)[^/]*\/action$/i.test(textOf(data.operationName) ?? ''))
    return 'Such an action changes nothing about the resource.';
  return undefined;
}

/** Whether a text is the id of a resource group or of something in one. */
function isInGroup(resource: string): boolean {
  const [root, subscriptions, , groups, , ...rest] = resource.toLowerCase().split('/');
  if (root !== '' || subscriptions !== 'subscriptions' || groups !== 'resourcegroups') return false;
  if (resource.slice(1).split('/').includes('')) return false;
  return rest.length === 0 || (rest[0] === 'providers' && rest.length >= 4 && rest.length % 2 === 0);
}

function authorOf(claims: JsonObject): ChangeAuthor | null {
  const name = textOf(claims.name) ?? textOf(claims[`${WS_2005}/name`]);
  const userPrincipalName = textOf(claims[`${WS_2005}/upn`]);
  const shown = name !== null && userPrincipalName !== null && name !== userPrincipalName;
  const author: ChangeAuthor = {
    name: shown ? plainText(`${name} (${userPrincipalName})`) : plainText(name ?? userPrincipalName),
    objectId: textOf(claims[`${CLAIMS}/objectidentifier`]) ?? textOf(claims.oid),
    appId: textOf(claims.appid) ?? textOf(claims.azp),
  };
  return author.name === null && author.objectId === null && author.appId === null ? null : author;
}

/** Names of people are theirs to choose: no control characters that a terminal would obey. */
function plainText(text: string | null): string | null {
  return text === null ? null : text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, LONGEST_NAME);
}

function callerIdsOf(author: ChangeAuthor | null, evidence: JsonObject): readonly string[] {
  const ids = [author?.objectId ?? null, author?.appId ?? null, textOf(evidence.principalId)];
  return [...new Set(ids.flatMap((id) => (id === null ? [] : [comparableId(id)])))];
}

/** Entra's ids come in any case, with or without dashes. */
export function comparableId(id: string): string {
  return id.replaceAll('-', '').toLowerCase();
}

function objectOf(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  if (typeof value !== 'string' || value.length > LONGEST_JSON_TEXT || !value.startsWith('{')) return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_ID ? value : null;
}

/**
 * Ids under which a baseline may manage what was written, the most certain first: the resource itself, then what it is a
 * part of. Tags are written through a resource of their own; anything else that only hangs on a resource is no part of it.
 */
export function managedCandidates(resource: string): readonly string[] {
  const tagged = /^(.+)\/providers\/Microsoft\.Resources\/tags\/[^/]+$/i.exec(resource)?.[1];
  const candidates = tagged === undefined ? [resource] : [tagged];
  for (let id = candidates[0] ?? ''; typeOfId(id).split('/').length > 2; ) {
    id = parentId(id);
    candidates.push(id);
  }
  return candidates;
}

import type { JsonObject } from '../json.ts';
import { TENANT_ID } from '../token-issuer.ts';
import { addressOf, claimsOf, evidenceOf } from './claims.ts';
import type { ResourceOutcome, ResourceRequest } from './resource-request.ts';

/** An event of a subscription's system topic, in the Event Grid schema. */
export interface ResourceEvent {
  readonly id: string;
  readonly topic: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly data: JsonObject;
  readonly dataVersion: string;
  readonly metadataVersion: string;
}

export type EventSchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

const NOUN = { write: 'Write', delete: 'Delete', action: 'Action' } as const;
const STATUS = { Success: 'Succeeded', Failure: 'Failed', Cancel: 'Canceled' } as const;
const ARM = 'https://management.azure.com';

/** The event of a request's end. `random` chooses what Azure does one way or the other: spelling, claims. */
export function resourceEvent(
  request: ResourceRequest,
  outcome: ResourceOutcome,
  at: { readonly id: string; readonly ms: number },
  random: () => number,
): ResourceEvent {
  const { resourceId, operationName, caller } = request;
  const subscription = resourceId.split('/')[2] ?? '';
  return {
    id: at.id,
    topic: `/subscriptions/${subscription}`,
    subject: spelled(resourceId, random()),
    eventType: `Microsoft.Resources.Resource${NOUN[request.kind]}${outcome}`,
    eventTime: new Date(at.ms).toISOString(),
    data: {
      authorization: {
        scope: spelled(resourceId, random()),
        action: operationName,
        evidence: evidenceOf(caller, subscription),
      },
      claims: claimsOf(caller, at.ms, random() < 0.5),
      correlationId: request.correlationId,
      ...(request.creates ? {} : { httpRequest: httpRequest(request) }),
      resourceProvider: operationName.split('/')[0] ?? '',
      resourceUri: resourceId,
      operationName,
      status: STATUS[outcome],
      subscriptionId: subscription,
      tenantId: TENANT_ID,
    },
    dataVersion: '2',
    metadataVersion: '1',
  };
}

/** Azure leaves it out when a resource is created. */
function httpRequest({ method, url, caller, clientRequestId }: ResourceRequest): JsonObject {
  return {
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
    clientIpAddress: addressOf(caller),
    method,
    url: `${ARM}${url}`,
  };
}

/** Ids come in whatever case a service or a client wrote them. */
function spelled(id: string, draw: number): string {
  if (draw < 0.4) return id;
  if (draw < 0.6) return id.replace('/resourceGroups/', '/resourcegroups/');
  if (draw < 0.8) return id.replace(/(?<=\/resourceGroups\/)[^/]+/, (name) => name.toUpperCase());
  return id.toLowerCase();
}

/** As it is delivered: a subscription may have events turned into CloudEvents 1.0. */
export function inSchema(event: ResourceEvent, schema: EventSchema): JsonObject {
  if (schema === 'EventGridSchema') return { ...event };
  const { id, topic, subject, eventType, eventTime, data } = event;
  return { id, source: topic, subject, type: eventType, time: eventTime, specversion: '1.0', data };
}

import type { JsonObject } from '../../lib/json.ts';

/** What differs from one event to another. */
export interface EventParts {
  readonly id?: string;
  readonly type?: string;
  readonly at?: string;
  readonly operationName?: string;
  readonly correlationId?: string;
  readonly clientRequestId?: string;
  readonly objectId?: string;
  readonly appId?: string;
  readonly principalId?: string;
  readonly name?: string;
  readonly data?: JsonObject;
}

export const PERSON = '1b6b6c5e-0f5c-4f0e-9d3e-2f6a3f0a7c11';
export const PORTAL = 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c';

/** An event of a subscription's system topic in the Event Grid schema: somebody has written a resource in the portal. */
export function resourceEvent(resource: string, parts: EventParts = {}): JsonObject {
  const { objectId = PERSON, appId = PORTAL, name, correlationId, clientRequestId, principalId } = parts;
  return {
    id: parts.id ?? 'event-1',
    topic: '/subscriptions/00000000-0000-4000-8000-000000000001',
    subject: resource,
    eventType: parts.type ?? 'Microsoft.Resources.ResourceWriteSuccess',
    eventTime: parts.at ?? '2026-06-01T08:00:00.1234567Z',
    data: {
      authorization: {
        scope: resource,
        action: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
        evidence: { role: 'Owner', principalId: principalId ?? objectId.replaceAll('-', ''), principalType: 'User' },
      },
      claims: {
        'http://schemas.microsoft.com/identity/claims/objectidentifier': objectId,
        ...(appId === '' ? {} : { appid: appId }),
        ...(name === undefined ? {} : { name }),
      },
      correlationId: correlationId ?? '6e4b1f0a-35f3-4f0c-8a0e-5a5b7a1f0001',
      httpRequest: {
        ...(clientRequestId === undefined ? {} : { clientRequestId }),
        method: 'PUT',
        url: `https://management.azure.com${resource}`,
      },
      resourceProvider: 'Microsoft.Network',
      resourceUri: resource,
      operationName: parts.operationName ?? 'Microsoft.Network/networkSecurityGroups/securityRules/write',
      status: 'Succeeded',
      subscriptionId: '00000000-0000-4000-8000-000000000001',
      ...parts.data,
    },
    dataVersion: '2',
    metadataVersion: '1',
  };
}

/** The same event as Event Grid turns it into a CloudEvent. */
export function asCloudEvent(event: JsonObject): JsonObject {
  const { id, topic, subject, eventType, eventTime, data } = event;
  return { specversion: '1.0', id, source: topic, subject, type: eventType, time: eventTime, data };
}

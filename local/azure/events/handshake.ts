import { callHttp } from '../outgoing/http-call.ts';
import { guidOf } from '../resource-types/support/ids.ts';
import type { EventSchema } from './resource-event.ts';

/** Where Event Grid says that it comes from. */
export const ORIGIN = 'eventgrid.azure.net';
export const EVENT_SUBSCRIPTION = 'HUBKEEPER-RESOURCE-EVENTS';

/**
 * Asks the owner of an endpoint whether events are welcome, as each schema does it. Undefined when they are, else a
 * sentence that says why not.
 */
export async function validateEndpoint(
  endpoint: string,
  schema: EventSchema,
  nowMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return schema === 'EventGridSchema' ? validateByEvent(endpoint, nowMs, signal) : validateByOptions(endpoint, signal);
}

async function validateByEvent(endpoint: string, nowMs: number, signal: AbortSignal): Promise<string | undefined> {
  const validationCode = guidOf('validation', endpoint, nowMs);
  const answer = await callHttp(
    {
      method: 'POST',
      url: endpoint,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'aeg-event-type': 'SubscriptionValidation',
        'aeg-subscription-name': EVENT_SUBSCRIPTION,
      },
      body: [
        {
          id: guidOf('validation event', endpoint, nowMs),
          topic: '/subscriptions/00000000-0000-0000-0000-000000000000',
          subject: '',
          data: {
            validationCode,
            // By hand within ten minutes, in a browser: a server must not fetch it.
            validationUrl: `https://rp-westeurope.${ORIGIN}:553/eventsubscriptions/${EVENT_SUBSCRIPTION}/validate?id=${validationCode}`,
          },
          eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
          eventTime: new Date(nowMs).toISOString(),
          metadataVersion: '1',
          dataVersion: '2',
        },
      ],
    },
    signal,
  );
  if (typeof answer === 'string') return `The endpoint could not be reached: ${answer}.`;
  if (answer.status !== 200) return `The endpoint answered the validation event with ${answer.status}.`;
  return validationResponse(answer.text) === validationCode
    ? undefined
    : 'The endpoint did not answer the validation event with its code.';
}

async function validateByOptions(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
  const headers = { 'webhook-request-origin': ORIGIN };
  const answer = await callHttp({ method: 'OPTIONS', url: endpoint, headers }, signal);
  if (typeof answer === 'string') return `The endpoint could not be reached: ${answer}.`;
  if (answer.status !== 200) return `The endpoint answered OPTIONS with ${answer.status}.`;
  const allowed = answer.headers['webhook-allowed-origin'];
  return allowed === ORIGIN || allowed === '*' ? undefined : `The endpoint does not allow the origin ${ORIGIN}.`;
}

function validationResponse(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'validationResponse' in body
      ? body.validationResponse
      : undefined;
  } catch {
    return undefined;
  }
}

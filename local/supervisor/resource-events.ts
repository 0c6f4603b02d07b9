import { send } from './http-client.ts';

/** The function that resource events are for. */
const FUNCTION = 'onResourceEvent';
/** The handshake waits for a function that may be loading. */
const ANSWER_WITHIN_MS = 60_000;

export interface EventPartners {
  readonly armUrl: string;
  readonly caFile: string;
  readonly functionsUrl: string;
  /** Of the Event Grid webhook, where keys are asked for. */
  readonly eventGridKey?: string;
}

/**
 * Subscribes the app to the resource events of the simulated subscriptions, as its deployment does in Azure. Answers a
 * sentence for people when it could not be done: an app without that function runs all the same.
 */
export async function subscribeToResourceEvents(partners: EventPartners): Promise<string | undefined> {
  const { armUrl, caFile, functionsUrl, eventGridKey } = partners;
  const endpoint = new URL('/runtime/webhooks/eventgrid', functionsUrl);
  endpoint.searchParams.set('functionName', FUNCTION);
  if (eventGridKey !== undefined) endpoint.searchParams.set('code', eventGridKey);
  try {
    const { status, body } = await send({
      method: 'PUT',
      url: `${armUrl}/_sim/events`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint: endpoint.href }),
      caFile,
      timeoutMs: ANSWER_WITHIN_MS,
    });
    return status < 300 ? undefined : refusal(reasonIn(body) ?? `it was answered with ${status}`);
  } catch (error) {
    return refusal(error instanceof Error ? error.message : String(error));
  }
}

function refusal(reason: string): string {
  return (
    `The function ${FUNCTION} is not told of resource events (${reason.replace(/\.$/, '')}). ` +
    'It is asked again when the Functions host starts again.'
  );
}

function reasonIn(body: string): string | undefined {
  try {
    const answer = JSON.parse(body) as { error?: { message?: unknown } };
    return typeof answer.error?.message === 'string' ? answer.error.message : undefined;
  } catch {
    return undefined;
  }
}

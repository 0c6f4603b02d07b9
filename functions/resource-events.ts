import { app, type EventGridEvent, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { receiveResourceEvents } from '../lib/reactions/drift/receive-resource-events.ts';
import type { App } from './composition.ts';
import { startReaction } from './poke.ts';

/** Resource events of Event Grid, in its own schema or as CloudEvents: hints where something has changed. */
export function registerResourceEvents(appOf: () => App): void {
  app.eventGrid('onResourceEvent', {
    extraInputs: [df.input.durableClient()],
    // An event that is not understood is answered as well: sending it again would not make it better.
    handler: (event: EventGridEvent | readonly EventGridEvent[], context) =>
      onResourceEvents(appOf(), df.getClient(context), context, Array.isArray(event) ? event : [event]),
  });
}

/** Records a delivery and starts what it has named. Throws where it could not be recorded, so that it is sent again. */
export async function onResourceEvents(
  application: App,
  client: df.DurableClient,
  context: InvocationContext,
  events: readonly unknown[],
): Promise<void> {
  const nowIso = (await application.time()).toISOString();
  const received = await receiveResourceEvents(application, events, nowIso);
  for (const { id, resource, why } of received.ignored) context.log('resource event ignored', { id, resource, why });
  for (const { baseline, resource } of received.recognised) context.log('resource event taken', { baseline, resource });
  for (const started of received.starts) await startReaction(client, context, started);
}

import type { OutboundEvent, Published } from '../azure/event-publisher.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Tells the topic, if there is one. What comes of it goes into the journal and stops nothing; the same event told again
 * is the same line.
 */
export async function tellTopic(
  { events, journal }: Pick<Dependencies, 'events' | 'journal'>,
  event: OutboundEvent,
  { operationId, trigger }: { readonly operationId: string; readonly trigger: string },
): Promise<Published> {
  const published = await events.publish(event);
  if (published.outcome === 'nobodyListens') return published;
  const { kind, baseline, resource, occasion, at } = event;
  await journal.append([
    {
      at,
      baseline,
      operationId,
      trigger,
      resource,
      by: 'hubkeeper',
      decision: published.outcome === 'published' ? 'event published' : 'event not published',
      reason:
        published.outcome === 'published'
          ? `${kind} was told to the Event Grid topic.`
          : `${kind} could not be told to the Event Grid topic after ${published.attempts} tries: ${published.why}`,
      // As the event itself: several of one turn may be about one resource.
      discriminator: `${kind} ${occasion}`,
    },
  ]);
  return published;
}

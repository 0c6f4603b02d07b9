import type { EventKind, Published } from '../../azure/event-publisher.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { JsonObject } from '../../json.ts';
import type { ReliefRequest } from './relief-step.ts';

/**
 * Tells the topic, if there is one. What comes of it goes into the journal and stops nothing.
 * `discriminator`: tells two events of one kind and operation apart, such as `ChangeFailed`; the same event twice has
 * the same one.
 */
export async function tellWorld(
  { events, journal }: Pick<Dependencies, 'events' | 'journal'>,
  { baseline, target, nowIso }: ReliefRequest,
  kind: EventKind,
  operationId: string,
  data: JsonObject,
  discriminator: string,
): Promise<Published> {
  const occasion = `${operationId === '' ? nowIso : operationId}/${discriminator}`;
  const published = await events.publish({ kind, baseline, resource: target, occasion, at: nowIso, data });
  if (published.outcome === 'nobodyListens') return published;
  await journal.append([
    {
      at: nowIso,
      baseline,
      operationId,
      trigger: 'alert',
      resource: target,
      by: 'hubkeeper',
      decision: published.outcome === 'published' ? 'event published' : 'event not published',
      reason:
        published.outcome === 'published'
          ? `${kind} was told to the Event Grid topic.`
          : `${kind} could not be told to the Event Grid topic after ${published.attempts} tries: ${published.why}`,
      discriminator: kind,
    },
  ]);
  return published;
}

import type { EventKind, Published } from '../../azure/event-publisher.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { JsonObject } from '../../json.ts';
import { tellTopic } from '../../reconcile/tell-topic.ts';
import type { ReliefRequest } from './relief-step.ts';

/**
 * Tells the topic, if there is one. What comes of it goes into the journal and stops nothing.
 * `discriminator`: tells two events of one kind and operation apart, such as `ChangeFailed`; the same event twice has
 * the same one.
 */
export async function tellWorld(
  dependencies: Pick<Dependencies, 'events' | 'journal'>,
  { baseline, target, nowIso }: ReliefRequest,
  kind: EventKind,
  operationId: string,
  data: JsonObject,
  discriminator: string,
): Promise<Published> {
  const occasion = `${operationId === '' ? nowIso : operationId}/${discriminator}`;
  const event = { kind, baseline, resource: target, occasion, at: nowIso, data };
  return tellTopic(dependencies, event, { operationId, trigger: 'alert' });
}

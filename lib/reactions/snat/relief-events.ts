import type { EventKind, Published } from '../../azure/event-publisher.ts';
import { readFirewallPublicIpValue } from '../../baseline/firewall-public-ip-value.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { JsonObject } from '../../json.ts';
import { tellTopic } from '../../reconcile/tell-topic.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import type { ReliefCause } from '../../state/snat-relief.ts';
import { problemOfReading, readEgressAddresses } from './observe-egress.ts';
import { RELIEF_ADJUSTMENT } from './relief-names.ts';
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
  { operationId, trigger }: ReliefCause,
  data: JsonObject,
  discriminator: string,
): Promise<Published> {
  const occasion = `${operationId || nowIso}/${discriminator}`;
  const event = { kind, baseline, resource: target, occasion, at: nowIso, data };
  return tellTopic(dependencies, event, { operationId: operationId ?? '', trigger });
}

/**
 * What partners have to know after a change: `egress` with every address and prefix as `GET egress-addresses` tells them,
 * and `reservedUntil` by name for those that are kept for a while. Where Azure cannot be read now, `egressUnknown` says
 * why: what was done is told all the same. Nothing is read where nobody listens.
 */
export async function egressNow(
  dependencies: Dependencies,
  head: BaselineHead,
  { target, nowIso }: ReliefRequest,
): Promise<JsonObject> {
  if (!dependencies.events.listens) return {};
  try {
    const egress = await readEgressAddresses(dependencies, head, head.adjustments, nowIso);
    const adjusted = head.adjustments.find(({ id }) => id === RELIEF_ADJUSTMENT);
    const reserved = adjusted === undefined ? [] : (readFirewallPublicIpValue(adjusted.value)?.reserved ?? []);
    return {
      egress: JSON.parse(JSON.stringify(egress)) as JsonObject,
      reservedUntil: Object.fromEntries(reserved.map(({ name, until }) => [name, until])),
    };
  } catch (error) {
    const { code, message } = problemOfReading(error, target);
    return { egressUnknown: `${code}: ${message}` };
  }
}

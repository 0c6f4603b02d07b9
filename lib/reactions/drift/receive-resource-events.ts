import { isOwnIdentity, isOwnWrite, type OwnIds } from '../../alerts/own-write.ts';
import { managedCandidates, type ResourceEvent, readResourceEvent } from '../../alerts/resource-event.ts';
import type { Dependencies } from '../../dependencies.ts';
import { ProblemError } from '../../problem.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import type { KeyedHint } from '../../state/drift-watch.ts';
import type { StartedReaction } from '../record-reaction.ts';
import type { DriftIsOff } from './drift-mode.ts';
import { recordHints } from './record-hints.ts';

export interface EventDependencies extends Pick<Dependencies, 'baselines' | 'ledger'> {
  readonly ownIdentity: () => Promise<OwnIds>;
  readonly driftIsOff: DriftIsOff;
}

/** An event of which nothing comes, and why. For logs: nothing of the payload but its id and the resource. */
export interface IgnoredEvent {
  readonly id: string;
  readonly resource: string;
  readonly why: string;
}

export interface ReceivedEvents {
  /** Resources of baselines that events told of, each once; copies of earlier events included. */
  readonly recognised: readonly { readonly baseline: string; readonly resource: string }[];
  readonly ignored: readonly IgnoredEvent[];
  /** Orchestrations that the caller has to start; a timer makes good what it misses. */
  readonly starts: readonly StartedReaction[];
}

/** Event Grid's own limit for one delivery. What is beyond it is left to the next scan. */
const MOST_EVENTS = 5_000;

/** An event about a resource of a baseline that somebody else caused. */
interface ClaimedEvent extends KeyedHint {
  readonly baseline: string;
  readonly id: string;
}

/**
 * Takes a delivery of events in: finds out whom each concerns, leaves out the app's own writes, and records the rest as
 * hints, with one swap for each baseline. One bad event stops no other. Nothing is decided and Azure is not asked.
 * @throws StorageError or ProblemError (`BaselineBusy`) when they could not be recorded; sending them again is safe.
 */
export async function receiveResourceEvents(
  dependencies: EventDependencies,
  payloads: readonly unknown[],
  nowIso: string,
): Promise<ReceivedEvents> {
  const ignored: IgnoredEvent[] = [];
  const claimed = new Map<string, ClaimedEvent[]>();
  for (const payload of payloads.slice(0, MOST_EVENTS)) {
    const read = readResourceEvent(payload, nowIso);
    if (read.outcome === 'malformed') ignored.push({ id: '', resource: '', why: read.why });
    if (read.outcome === 'ignored') ignored.push({ id: read.id, resource: read.resource, why: read.why });
    if (read.outcome !== 'event') continue;
    const resolved = await resolve(dependencies, read.event);
    if ('why' in resolved) ignored.push(resolved);
    else claimed.set(resolved.baseline, [...(claimed.get(resolved.baseline) ?? []), resolved]);
  }
  if (payloads.length > MOST_EVENTS)
    ignored.push({
      id: '',
      resource: '',
      why: `${payloads.length - MOST_EVENTS} events are too many for one delivery.`,
    });
  const starts: StartedReaction[] = [];
  const recognised: { baseline: string; resource: string }[] = [];
  for (const [baseline, events] of claimed) {
    const recorded = await record(dependencies, baseline, events, nowIso);
    if ('why' in recorded) {
      ignored.push(...events.map(({ id, hint }) => ({ id, resource: hint.resource, why: recorded.why })));
      continue;
    }
    if (recorded.start !== undefined) starts.push(recorded.start);
    const resources = new Set(events.map(({ hint }) => hint.resource));
    recognised.push(...[...resources].map((resource) => ({ baseline, resource })));
  }
  return { recognised, ignored, starts };
}

/** Which resource of which baseline an event is about, unless it is about none or a write of ours. */
async function resolve(
  { ledger, ownIdentity }: EventDependencies,
  event: ResourceEvent,
): Promise<ClaimedEvent | IgnoredEvent> {
  const { key, id, resource, action, at, author, correlationId } = event;
  for (const candidate of managedCandidates(resource)) {
    const claim = await ledger.claimOf(candidate);
    if (claim === null) continue;
    const own = await ownIdentity();
    if (isOwnIdentity(event, own)) {
      const entry = await ledger.read(claim.baseline, claim.id);
      if (isOwnWrite(event, own, entry?.writes ?? [])) return { id, resource, why: 'It is a write of our own.' };
    }
    return { baseline: claim.baseline, id, key, hint: { resource: claim.id, action, at, author, correlationId } };
  }
  return { id, resource, why: 'No baseline manages this resource.' };
}

async function record(
  { baselines, driftIsOff }: EventDependencies,
  baseline: string,
  events: readonly KeyedHint[],
  nowIso: string,
): Promise<{ readonly start: StartedReaction | undefined } | { readonly why: string }> {
  const stored = await baselines.read(baseline);
  const why = stored === null ? 'No baseline manages this resource.' : await whyNotLooked(driftIsOff, stored.head);
  if (why !== undefined) return { why };
  try {
    const { result } = await baselines.change<StartedReaction | undefined>(baseline, (head) => {
      const { head: next, start } = recordHints(head, events, nowIso);
      return { head: next, result: start };
    });
    return { start: result };
  } catch (error) {
    // A claim whose baseline is gone manages nothing any more.
    if (error instanceof ProblemError && error.problem.code === 'BaselineNotFound')
      return { why: 'No baseline manages this resource.' };
    throw error;
  }
}

async function whyNotLooked(driftIsOff: DriftIsOff, head: BaselineHead): Promise<string | undefined> {
  if (head.specVersion === 0) return 'No baseline manages this resource.';
  if (head.teardown) return 'The baseline is being torn down.';
  return (await driftIsOff(head)) ? "The spec's drift.mode is off." : undefined;
}

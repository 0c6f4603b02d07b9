import type { InboxMessage, Instance } from './durable-store.ts';
import { EventType } from './history-event.ts';

/** The messages that the next episode takes. A suspension is a turn of its own; what comes while suspended waits. */
export function nextBatch(instance: Instance, live: readonly InboxMessage[]): readonly InboxMessage[] {
  const isOf = (type: number) => (message: InboxMessage) => message.event.EventType === type;
  if (instance.status === 'Suspended') {
    const resumeAt = live.findIndex(isOf(EventType.ExecutionResumed));
    const resume = live[resumeAt];
    if (resume === undefined) return [];
    const againAt = live.findIndex((each, at) => at > resumeAt && isOf(EventType.ExecutionSuspended)(each));
    const upTo = againAt < 0 ? live : live.slice(0, againAt);
    return [resume, ...upTo.filter((each) => each !== resume && !isOf(EventType.ExecutionSuspended)(each))];
  }
  const suspensionAt = live.findIndex(isOf(EventType.ExecutionSuspended));
  if (suspensionAt < 0) return live;
  return suspensionAt === 0 ? live.slice(0, 1) : live.slice(0, suspensionAt);
}

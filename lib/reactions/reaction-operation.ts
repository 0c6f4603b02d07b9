import type { OperationBody } from '../api/operation.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { reactionsOf, reliefOf } from '../state/reactions.ts';

/** Operations that reactions remember: those that alerts are answered with now, and how the latest ended. Pure. */
export function reactionOperationIds(head: BaselineHead): readonly string[] {
  return reactionsOf(head).flatMap((reaction) => [
    ...(reaction.operationId === null ? [] : [reaction.operationId]),
    ...reliefOf(reaction).outcomes.map(({ operationId }) => operationId),
  ]);
}

/**
 * The operation that an alert was answered with, for as long as no run goes by its id: `running` while the reaction
 * looks, then how it ended. Undefined: no reaction remembers it. Pure.
 */
export function reactionOperation(head: BaselineHead, id: string, nowIso: string): OperationBody | undefined {
  for (const reaction of reactionsOf(head)) {
    const outcome = reliefOf(reaction).outcomes.find(({ operationId }) => operationId === id);
    const isLive = reaction.operationId === id;
    const isKnown = reaction.deliveries.some(({ operationId }) => operationId === id);
    if (outcome === undefined && !isLive && !isKnown) continue;
    const createdAt = (isLive ? reaction.signal?.receivedAt : undefined) ?? outcome?.at ?? nowIso;
    return {
      id,
      baseline: head.name,
      trigger: 'alert',
      state: outcome?.state ?? (isLive ? 'running' : 'succeeded'),
      progress: { done: 0, total: 0, criticalPathMinutesLeft: 0 },
      nodes: [],
      errors:
        outcome?.state === 'failed'
          ? [
              {
                code: outcome.code,
                actor: 'operator',
                message: outcome.message,
                remedy: 'The journal has the figures and what is recommended.',
                resource: reaction.target,
              },
            ]
          : [],
      requestedBy: 'azure-monitor',
      createdAt,
      at: nowIso,
      ...(outcome === undefined ? {} : { endedAt: outcome.at }),
    };
  }
  return undefined;
}

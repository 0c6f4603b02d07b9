import { leastMinutes } from './critical-path.ts';
import type { RunNode } from './scheduler.ts';

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly criticalPathMinutesLeft: number;
}

/**
 * How far a run is. What is left counts pending and retrying nodes with their estimate, running ones with what is left of
 * it, those that wait for outsiders without the wait; failed, blocked and refused ones count no more. Minutes are rounded
 * to tenths.
 */
export function progressOf(nodes: readonly RunNode[], nowMs: number): Progress {
  const left = nodes.flatMap((node) => {
    const minutes = minutesLeft(node, nowMs);
    return minutes === null ? [] : [{ ...node, estimatedMinutes: minutes }];
  });
  return {
    done: nodes.filter(({ state }) => state.name === 'done').length,
    total: nodes.length,
    criticalPathMinutesLeft: Math.round(leastMinutes(left) * 10) / 10,
  };
}

function minutesLeft(node: RunNode, nowMs: number): number | null {
  const { state, estimatedMinutes } = node;
  switch (state.name) {
    case 'pending':
    case 'waiting':
    case 'retrying':
      return estimatedMinutes;
    case 'starting':
    case 'running':
      return Math.max(0, estimatedMinutes - Math.max(0, nowMs - state.startedAtMs) / 60_000);
    case 'done':
    case 'failed':
    case 'blocked':
    case 'refused':
      return null;
  }
}

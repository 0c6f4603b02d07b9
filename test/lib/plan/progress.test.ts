import { describe, expect, it } from '@jest/globals';
import { progressOf } from '../../../lib/plan/progress.ts';
import type { NodeState, RunNode } from '../../../lib/plan/scheduler.ts';

function node(
  id: string,
  state: NodeState,
  estimatedMinutes: number,
  dependsOn: readonly string[] = [],
  lanes: readonly string[] = [],
): RunNode {
  return { id, state, estimatedMinutes, dependsOn, lanes };
}

describe('progressOf', () => {
  it('counts what is done and the longest way left', () => {
    const nodes = [
      node('a', { name: 'done' }, 30),
      node('b', { name: 'running', startedAtMs: 0, nextPollAtMs: 1 }, 10, ['a']),
      node('c', { name: 'pending' }, 5, ['b']),
      node('d', { name: 'failed' }, 60),
      node('e', { name: 'blocked' }, 60, ['d']),
      node('f', { name: 'waiting' }, 8),
    ];

    expect(progressOf(nodes, 4 * 60_000)).toEqual({ done: 1, total: 6, criticalPathMinutesLeft: 11 });
  });

  it('knows that a lane takes one after the other', () => {
    const nodes = ['a', 'b', 'c'].map((id) => node(id, { name: 'pending' }, 2, [], ['lane']));

    expect(progressOf(nodes, 0).criticalPathMinutesLeft).toBe(6);
  });

  it('does not count below nothing what is overdue', () => {
    const nodes = [node('a', { name: 'running', startedAtMs: 0, nextPollAtMs: 1 }, 1)];

    expect(progressOf(nodes, 3_600_000)).toEqual({ done: 0, total: 1, criticalPathMinutesLeft: 0 });
  });

  it('is zero for nothing', () => {
    expect(progressOf([], 0)).toEqual({ done: 0, total: 0, criticalPathMinutesLeft: 0 });
  });
});

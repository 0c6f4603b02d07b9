import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Attempt, circuitOf } from '../../../lib/egress/circuit-breaker.ts';
import { HOUR_MS, MINUTE_MS, NOW_MS } from '../../support/snat.ts';

const attempt = (target: string, minutesAgo: number, outcome: Attempt['outcome'] = 'failed'): Attempt => ({
  target,
  atMs: NOW_MS - minutesAgo * MINUTE_MS,
  outcome,
});

describe('circuitOf', () => {
  it.each<readonly [string, readonly Attempt[], string]>([
    ['nothing happened', [], 'CircuitClosed'],
    ['one failure', [attempt('a', 5)], 'CircuitClosed'],
    ['two failures in a row', [attempt('a', 90), attempt('A', 5)], 'TargetFailsAgain'],
    ['two failures, told in another order', [attempt('a', 5), attempt('a', 90)], 'TargetFailsAgain'],
    ['a success between', [attempt('a', 90), attempt('a', 50, 'succeeded'), attempt('a', 5)], 'CircuitClosed'],
    ['a success before', [attempt('a', 95, 'succeeded'), attempt('a', 90), attempt('a', 5)], 'TargetFailsAgain'],
    ['a reset after', [attempt('a', 90), attempt('a', 5), attempt('a', 1, 'reset')], 'CircuitClosed'],
    ['failures of another target', [attempt('b', 90), attempt('b', 20)], 'CircuitClosed'],
    ['a day of rest', [attempt('a', 24 * 60 + 9), attempt('a', 24 * 60)], 'CircuitClosed'],
    [
      'three targets in a quarter of an hour',
      [attempt('b', 16), attempt('c', 10), attempt('d', 2)],
      'SeveralTargetsFail',
    ],
    ['three targets in more than that', [attempt('b', 17), attempt('c', 10), attempt('d', 2)], 'CircuitClosed'],
    ['one target three times is no fleet', [attempt('b', 9), attempt('b', 5), attempt('b', 2)], 'CircuitClosed'],
    ['an hour of rest for all', [attempt('b', 62), attempt('c', 61), attempt('d', 60)], 'CircuitClosed'],
    ['a reset for all', [attempt('b', 9), attempt('c', 5), attempt('d', 2), attempt('b', 1, 'reset')], 'CircuitClosed'],
    ['what is still to come', [attempt('a', -5), attempt('a', -6)], 'CircuitClosed'],
  ])('%s', (_, attempts, code) => {
    const circuit = circuitOf(attempts, 'a', NOW_MS);

    expect(circuit.code).toBe(code);
    expect(circuit.state).toBe(code === 'CircuitClosed' ? 'closed' : 'open');
    expect(circuit.untilMs === null).toBe(circuit.state === 'closed');
    expect(circuit.reason).toMatch(/\.$/);
  });

  it('lets one attempt through after the rest, and opens again when that fails', () => {
    const attempts = [attempt('a', 90), attempt('a', 60)];
    const untilMs = circuitOf(attempts, 'a', NOW_MS).untilMs ?? 0;

    expect(untilMs).toBe(NOW_MS - HOUR_MS + 24 * HOUR_MS);
    expect(circuitOf(attempts, 'a', untilMs - 1).state).toBe('open');
    expect(circuitOf(attempts, 'a', untilMs).state).toBe('closed');
    expect(circuitOf([...attempts, { target: 'a', atMs: untilMs, outcome: 'failed' }], 'a', untilMs + 1).state).toBe(
      'open',
    );
  });

  it('never closes by one more failure, and always closes by a reset', () => {
    const any = fc.record({
      target: fc.constantFrom('a', 'b', 'c', 'd'),
      atMs: fc.integer({ min: NOW_MS - 48 * HOUR_MS, max: NOW_MS }),
      outcome: fc.constantFrom<Attempt['outcome']>('failed', 'succeeded', 'reset'),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (attempts) => {
        const before = circuitOf(attempts, 'a', NOW_MS);
        const worse = circuitOf([...attempts, { target: 'a', atMs: NOW_MS, outcome: 'failed' }], 'a', NOW_MS);
        const reset = circuitOf([...attempts, { target: 'a', atMs: NOW_MS, outcome: 'reset' }], 'a', NOW_MS);

        if (before.state === 'open') expect(worse.state).toBe('open');
        expect(reset.state).toBe('closed');
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ArmRefusal, Disposition } from '../../../lib/azure/arm-answer.ts';
import { deadlineMs, pauseAfterRefusal } from '../../../lib/reconcile/retry-policy.ts';

function refusal(disposition: Disposition, code: string, retryAfterSeconds?: number): ArmRefusal {
  const problem = { code, actor: 'azure-temporary', message: '', remedy: '' } as const;
  return { disposition, problem, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

describe('the pause after a refusal', () => {
  it('grows from 10 to 180 seconds and ends', () => {
    const pauses = Array.from({ length: 30 }, (_, at) =>
      pauseAfterRefusal(refusal('wait', 'AnotherOperationInProgress'), at + 1),
    );

    expect(pauses.slice(0, 6)).toEqual([10, 20, 40, 80, 160, 180]);
    expect(pauses.at(-1)).toBeNull();
    const minutes = pauses.reduce<number>((sum, pause) => sum + (pause ?? 0), 0) / 60;
    // Somebody else's gateway takes 45 minutes.
    expect(minutes).toBeGreaterThan(45);
  });

  it('never is shorter than what Azure asks for, and a stop is a stop', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 3_600 }), (refusals, retryAfterSeconds) => {
        expect(
          pauseAfterRefusal(refusal('wait', 'TooManyRequests', retryAfterSeconds), refusals),
        ).toBeGreaterThanOrEqual(retryAfterSeconds);
        expect(pauseAfterRefusal(refusal('stop', 'Anything', retryAfterSeconds), refusals)).toBeNull();
      }),
    );
  });

  it('comes to an end for every code', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Disposition>('wait', 'reread', 'stop'),
        fc.constantFrom('AnotherOperationInProgress', 'ExpiredAuthenticationToken', 'Whatever'),
        (disposition, code) => {
          expect(pauseAfterRefusal(refusal(disposition, code), 100)).toBeNull();
        },
      ),
    );
  });

  it('gives an operation three times its usual length, and half an hour at least', () => {
    expect(deadlineMs(0, 1)).toBe(30 * 60_000);
    expect(deadlineMs(0, 45)).toBe(135 * 60_000);
  });
});

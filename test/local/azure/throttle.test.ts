import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PRINCIPAL_BUCKETS, SUBSCRIPTION_FACTOR, Throttle } from '../../../local/azure/throttle.ts';

const waits = fc.array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 600 });

describe('Throttle', () => {
  it('never lets through more than the bucket holds and gains', () => {
    fc.assert(
      fc.property(waits, fc.constantFrom('reads', 'writes', 'deletes'), (pausesMs, kind) => {
        const throttle = new Throttle();
        const { capacity, refillPerSecond } = PRINCIPAL_BUCKETS[kind];
        let nowMs = 0;
        let allowed = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          for (let burst = 0; burst < 5; burst++) {
            if (throttle.take('s', 'p', kind, nowMs).allowed) allowed++;
          }
        }
        expect(allowed).toBeLessThanOrEqual(capacity + (nowMs / 1000) * refillPerSecond);
      }),
    );
  });

  it('lets the caller in again after Retry-After', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), fc.constantFrom('reads', 'writes', 'deletes'), (startMs, kind) => {
        const throttle = new Throttle();
        let answer = throttle.take('s', 'p', kind, startMs);
        while (answer.allowed) answer = throttle.take('s', 'p', kind, startMs);
        expect(answer.retryAfterSeconds).toBeGreaterThanOrEqual(1);
        const laterMs = startMs + answer.retryAfterSeconds * 1000;
        expect(throttle.take('s', 'p', kind, laterMs).allowed).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('counts kinds, principals and subscriptions apart, and the subscription in all', () => {
    const throttle = new Throttle();
    const { capacity } = PRINCIPAL_BUCKETS.writes;
    for (let count = 0; count < capacity; count++) throttle.take('s', 'p', 'writes', 0);
    expect(throttle.take('s', 'p', 'writes', 0).allowed).toBe(false);
    expect(throttle.take('s', 'p', 'reads', 0).allowed).toBe(true);
    expect(throttle.take('s', 'q', 'writes', 0)).toEqual({ allowed: true, remaining: capacity - 1 });
    expect(throttle.take('t', 'p', 'writes', 0).allowed).toBe(true);
    let others = 1;
    while (throttle.take('s', `other ${others}`, 'writes', 0).allowed) others++;
    expect(others).toBe(capacity * SUBSCRIPTION_FACTOR - capacity);
  });
});

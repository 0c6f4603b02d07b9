/** What ARM counts apart. */
export type RequestKind = 'reads' | 'writes' | 'deletes';

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

interface BucketSize {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

/** Microsoft documents, per subscription and principal: reads 250 refilled with 25/s, writes and deletes 200 with 10/s. */
export const PRINCIPAL_BUCKETS: Readonly<Record<RequestKind, BucketSize>> = {
  reads: { capacity: 250, refillPerSecond: 25 },
  writes: { capacity: 200, refillPerSecond: 10 },
  deletes: { capacity: 200, refillPerSecond: 10 },
};

/** Microsoft documents that the subscription in all has 15 times what one principal has. */
export const SUBSCRIPTION_FACTOR = 15;

export type ThrottleAnswer =
  | { readonly allowed: true; readonly remaining: number }
  | { readonly allowed: false; readonly remaining: 0; readonly retryAfterSeconds: number };

/** ARM's token buckets, refilled on simulated time. */
export class Throttle {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one token for the principal and one for the subscription, or none. */
  take(subscription: string, principal: string, kind: RequestKind, nowMs: number): ThrottleAnswer {
    const size = PRINCIPAL_BUCKETS[kind];
    const whole = {
      capacity: size.capacity * SUBSCRIPTION_FACTOR,
      refillPerSecond: size.refillPerSecond * SUBSCRIPTION_FACTOR,
    };
    const ownKey = `${subscription}\n${principal}\n${kind}`;
    const wholeKey = `${subscription}\n\n${kind}`;
    const own = refill(this.#buckets.get(ownKey), size, nowMs);
    const all = refill(this.#buckets.get(wholeKey), whole, nowMs);
    const waitSeconds = Math.max(secondsUntilOne(own, size), secondsUntilOne(all, whole));
    if (waitSeconds > 0) return { allowed: false, remaining: 0, retryAfterSeconds: waitSeconds };
    this.#buckets.set(ownKey, { tokens: own.tokens - 1, atMs: nowMs });
    this.#buckets.set(wholeKey, { tokens: all.tokens - 1, atMs: nowMs });
    return { allowed: true, remaining: Math.floor(own.tokens - 1) };
  }
}

function refill(bucket: Bucket | undefined, size: BucketSize, nowMs: number): Bucket {
  if (bucket === undefined) return { tokens: size.capacity, atMs: nowMs };
  const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * size.refillPerSecond;
  return { tokens: Math.min(size.capacity, bucket.tokens + gained), atMs: nowMs };
}

/** Whole seconds, as Retry-After carries them. */
function secondsUntilOne(bucket: Bucket, size: BucketSize): number {
  return bucket.tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - bucket.tokens) / size.refillPerSecond));
}

/** What is left of ARM's token buckets for one subscription, as of `atMs`. */
export interface Bucket {
  readonly atMs: number;
  readonly writeTokens: number;
  readonly readTokens: number;
}

/**
 * Sizes of the buckets. ARM gives each principal in each subscription and region 200 write tokens, refilled with 10 a
 * second, and 250 read tokens, refilled with 25 a second.
 */
export interface BucketLimits {
  readonly writeBucketTokens: number;
  readonly writeTokensPerSecond: number;
  /** Tokens left for others. */
  readonly writeReserveTokens: number;
  readonly readBucketTokens: number;
  readonly readTokensPerSecond: number;
  readonly readReserveTokens: number;
}

/** A bucket as it is at `nowMs`; one that was never seen is full. */
export function refilled(bucket: Bucket | undefined, nowMs: number, limits: BucketLimits): Bucket {
  if (bucket === undefined) {
    return { atMs: nowMs, writeTokens: limits.writeBucketTokens, readTokens: limits.readBucketTokens };
  }
  const seconds = Math.max(0, nowMs - bucket.atMs) / 1000;
  return {
    atMs: Math.max(nowMs, bucket.atMs),
    writeTokens: Math.min(limits.writeBucketTokens, bucket.writeTokens + seconds * limits.writeTokensPerSecond),
    readTokens: Math.min(limits.readBucketTokens, bucket.readTokens + seconds * limits.readTokensPerSecond),
  };
}

/** A bucket after so many calls; null if the reserve would be touched. */
export function taken(
  bucket: Bucket,
  calls: { readonly writes: number; readonly reads: number },
  limits: BucketLimits,
): Bucket | null {
  const writeTokens = bucket.writeTokens - calls.writes;
  const readTokens = bucket.readTokens - calls.reads;
  const touches =
    (calls.writes > 0 && writeTokens < limits.writeReserveTokens) ||
    (calls.reads > 0 && readTokens < limits.readReserveTokens);
  return touches ? null : { ...bucket, writeTokens, readTokens };
}

/** Milliseconds until so many calls are free; 0 if they are now. */
export function untilFreeMs(
  bucket: Bucket,
  calls: { readonly writes: number; readonly reads: number },
  limits: BucketLimits,
): number {
  const lackingWrites = calls.writes === 0 ? 0 : limits.writeReserveTokens + calls.writes - bucket.writeTokens;
  const lackingReads = calls.reads === 0 ? 0 : limits.readReserveTokens + calls.reads - bucket.readTokens;
  const seconds = Math.max(lackingWrites / limits.writeTokensPerSecond, lackingReads / limits.readTokensPerSecond);
  return Math.max(0, Math.ceil(seconds * 1000));
}

/** `1 change`, `3 changes`. */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/**
 * `3 differences in 1 resource`; only `3 differences` where no resource is known. `isMore`: there may be further resources.
 */
export function differencesText(count: number, resourceCount: number, isMore = false): string {
  const differences = countText(count, 'difference');
  if (resourceCount === 0) return differences;
  return `${differences} in ${isMore ? 'at least ' : ''}${countText(resourceCount, 'resource')}`;
}

/** `1 address`, `3 addresses`. */
export function addressesText(count: number): string {
  return countText(count, 'address', 'addresses');
}

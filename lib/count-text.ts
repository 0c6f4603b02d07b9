/** `1 change`, `3 changes`. */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** `1 address`, `3 addresses`. */
export function addressesText(count: number): string {
  return countText(count, 'address', 'addresses');
}

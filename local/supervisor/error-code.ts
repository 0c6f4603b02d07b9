/** The code of a system error, such as `ENOENT`. Errors of other realms count, which `instanceof Error` would miss. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

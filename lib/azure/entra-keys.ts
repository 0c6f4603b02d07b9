/** Wall time for an answer of the identity platform. */
const TIMEOUT_MS = 3_000;
/** Key sets have about 20 KB. */
const MOST_BYTES = 1_000_000;

/**
 * Fetches a published key set.
 * @throws Error when there is no answer in time, or not JSON of a sensible size.
 */
export async function fetchEntraKeys(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  if (Number(response.headers.get('content-length') ?? 0) > MOST_BYTES) throw new Error('the answer is too large');
  const text = await response.text();
  if (text.length > MOST_BYTES) throw new Error('the answer is too large');
  return JSON.parse(text);
}

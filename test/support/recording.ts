import { readFileSync, statSync } from 'node:fs';
import type { TestEnvironment } from './environment.ts';

/** A request of the app to ARM, as the simulation recorded it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path in lower case, without query. */
  readonly path: string;
  readonly status: number;
  /** Simulated time, in whole seconds. */
  readonly atMs: number;
}

interface RecordedExchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly responseHeaders: Readonly<Record<string, string>>;
}

function fileOf({ recordFile }: TestEnvironment): string {
  if (recordFile === null) throw new Error('This environment records nothing.');
  return recordFile;
}

/** Where the recording ends now: what comes after it is read by `requestsSince`. */
export function endOfRecording(environment: TestEnvironment): number {
  return statSync(fileOf(environment)).size;
}

/** What the app has asked of ARM in these subscriptions since then, in order; calls of others are left out. */
export function requestsSince(
  environment: TestEnvironment,
  offset: number,
  subscriptionIds: readonly string[],
): readonly RecordedRequest[] {
  const lines = readFileSync(fileOf(environment)).subarray(offset).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    if (line === '') return [];
    const { method, url, status, requestHeaders, responseHeaders }: RecordedExchange = JSON.parse(line);
    const path = new URL(url).pathname.toLowerCase();
    const isOther = 'x-sim-principal' in requestHeaders || !subscriptionIds.some((id) => path.includes(id));
    return isOther ? [] : [{ method, path, status, atMs: Date.parse(responseHeaders.Date ?? '') }];
  });
}

import { isoTime } from '../api/common.ts';
import { MAX_UNTIL_DAYS } from '../api/until.ts';
import { usageError } from './cli-error.ts';
import type { Client } from './client.ts';
import type { World } from './world.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Milliseconds of `90m`, `4h`, `2d`, `1w`; `null` for anything else. */
export function durationMs(text: string): number | null {
  const [, digits, unit] = /^(\d{1,4})([mhdw])$/.exec(text.trim()) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  return digits === undefined || unitMs === undefined || Number(digits) === 0 ? null : Number(digits) * unitMs;
}

/** A time from the command line, read but not yet counted from anything. */
export type TimeInput = { readonly iso: string } | { readonly durationMs: number };

/**
 * Reads a time: ISO 8601 with a zone, or a duration such as `4h`. Nothing is called.
 * @throws CliError (exit code 2) when it is neither.
 */
export function readTime(option: 'until' | 'since', text: string): TimeInput {
  if (isoTime.safeParse(text).success) return { iso: text };
  const ms = durationMs(text);
  if (ms !== null) return { durationMs: ms };
  throw usageError(
    `--${option} is neither a time nor a duration: ${text}.`,
    'Give an ISO 8601 time with its zone, such as 2026-03-01T09:30:00Z, or a duration such as 90m, 4h, 2d.',
    `--${option}`,
  );
}

/**
 * The time as ISO 8601. A duration counts from now, forward (`until`) or back (`since`). Now is what the app's clock
 * says, since it is the app that compares.
 */
export async function timeByApp(
  world: World,
  client: Client,
  option: 'until' | 'since',
  time: TimeInput,
): Promise<string> {
  if ('iso' in time) return time.iso;
  const { at } = (await client.getPause()).value;
  const nowMs = at === undefined ? world.nowMs() : Date.parse(at);
  return new Date(option === 'until' ? nowMs + time.durationMs : nowMs - time.durationMs).toISOString();
}

/** Stands for a time that is not known yet while the rest of a request is checked. */
export const SOME_TIME = '2000-01-01T00:00:00Z';

/** Of `--until`, for help. */
export const UNTIL_TEXT = `2026-03-01T09:30:00Z, or 90m, 4h, 2d from now; at most ${MAX_UNTIL_DAYS} days`;

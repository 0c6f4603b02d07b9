import { isoTime } from '../api/common.ts';
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

/**
 * A time from the command line: ISO 8601 with a zone as it is, or a duration such as `4h` counted from now, forward
 * (`until`) or back (`since`). Now is what the app's clock says, since it is the app that compares.
 */
export async function timeInput(
  world: World,
  client: Client,
  option: 'until' | 'since',
  text: string,
): Promise<string> {
  if (isoTime.safeParse(text).success) return text;
  const ms = durationMs(text);
  if (ms === null) {
    throw usageError(
      `--${option} is neither a time nor a duration: ${text}.`,
      'Give an ISO 8601 time with its zone, such as 2026-03-01T09:30:00Z, or a duration such as 90m, 4h, 2d.',
      `--${option}`,
    );
  }
  const { at } = (await client.health()).value;
  const nowMs = at === undefined ? world.nowMs() : Date.parse(at);
  return new Date(option === 'until' ? nowMs + ms : nowMs - ms).toISOString();
}

import type { Risk } from './kind.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A window may be open for a week, so one that opened eight days ago at local time may still be. */
const DAYS_AROUND = 8;

/** A time of the week in which changes may run. */
export interface WeeklyWindow {
  readonly days: readonly (typeof DAYS)[number][];
  /** `HH:MM` in the time zone. */
  readonly start: string;
  readonly durationMinutes: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Changes of this risk and above wait for the window. */
  readonly appliesTo: 'destructive' | 'disruptive' | 'all';
}

export interface OpenInterval {
  readonly fromIso: string;
  readonly untilIso: string;
}

/** When changes of a risk may run. */
export interface ChangeWindow {
  readonly from: Risk;
  /** From a week ago to a week ahead, in order of time. */
  readonly open: readonly OpenInterval[];
}

/**
 * The intervals around `nowMs` in which weekly windows are open. A start that daylight saving skips is an hour later; one
 * that it repeats is the first. Throws a RangeError for an unknown time zone.
 */
export function openIntervals(windows: readonly WeeklyWindow[], nowMs: number): readonly ChangeWindow[] {
  return windows.map(({ days, start, durationMinutes, timeZone, appliesTo }) => {
    const offsetMs = offsetReader(timeZone);
    const localNow = nowMs + offsetMs(nowMs);
    const midnight = Math.floor(localNow / DAY_MS) * DAY_MS;
    const [hours = 0, minutes = 0] = start.split(':').map(Number);
    const open: OpenInterval[] = [];
    for (let day = -DAYS_AROUND; day <= DAYS_AROUND; day++) {
      const localMs = midnight + day * DAY_MS;
      const name = DAYS[new Date(localMs).getUTCDay()];
      if (name === undefined || !days.includes(name)) continue;
      const fromMs = instantOf(localMs + (hours * 60 + minutes) * MINUTE_MS, offsetMs);
      const untilMs = fromMs + durationMinutes * MINUTE_MS;
      open.push({ fromIso: new Date(fromMs).toISOString(), untilIso: new Date(untilMs).toISOString() });
    }
    return { from: appliesTo === 'all' ? 'safe' : appliesTo, open };
  });
}

/** The instant at which clocks of the zone show a local time. */
function instantOf(localMs: number, offsetMs: (instantMs: number) => number): number {
  const before = localMs - offsetMs(localMs - DAY_MS);
  if (before + offsetMs(before) === localMs) return before;
  const after = localMs - offsetMs(localMs + DAY_MS);
  // Neither fits where the clock skips the hour: the offset from before the change gives the time after the gap.
  return after + offsetMs(after) === localMs ? after : before;
}

/** How far local time of a zone is ahead of UTC at an instant. */
function offsetReader(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instantMs) => {
    const seconds = Math.floor(instantMs / 1000) * 1000;
    const parts = new Map(format.formatToParts(seconds).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - seconds;
  };
}

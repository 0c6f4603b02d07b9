import { Cron } from 'croner';

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october'];
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const FIELDS: readonly Field[] = [
  { name: 'second', least: 0, most: 59 },
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: ['', ...MONTHS, 'november', 'december'] },
  { name: 'day of week', least: 0, most: 6, names: DAYS },
];

/** A schedule of a timer trigger: six fields, seconds first, or five without them; UTC; both day fields must match. */
export class Ncrontab {
  readonly #cron: Cron;

  /** Throws an error that names the field for a text that is no NCRONTAB expression. */
  constructor(expression: string) {
    const given = expression.trim().split(/\s+/);
    const fields = given.length === 5 ? ['0', ...given] : given;
    if (fields.length !== 6)
      throw new Error(`The schedule "${expression}" must have six fields (or five, without seconds).`);
    const pattern = fields.map((text, index) => readField(text, FIELDS[index], expression)).join(' ');
    this.#cron = new Cron(pattern, { paused: true, timezone: 'UTC', domAndDow: true });
  }

  /** The first time after `afterMs` (not that very time), in milliseconds since 1970; `null` when there is none. */
  nextMs(afterMs: number): number | null {
    // What falls within the current second lies before its end.
    return this.#cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  }

  /** The time between the next two runs after `afterMs`. */
  intervalMs(afterMs: number): number {
    const first = this.nextMs(afterMs);
    const second = first === null ? null : this.nextMs(first);
    return first === null || second === null ? Number.POSITIVE_INFINITY : second - first;
  }
}

function readField(text: string, field: Field | undefined, expression: string): string {
  if (field === undefined) throw new Error(`The schedule "${expression}" has too many fields.`);
  const fail = (part: string): Error =>
    new Error(
      `The schedule "${expression}" has "${part}" for ${field.name}; allowed are ${field.least} to ${field.most}.`,
    );
  return text
    .split(',')
    .map((part) => {
      const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
      if (range === '' || step === '0') throw fail(part);
      const every = step === undefined ? '' : `/${Math.min(Number(step), field.most + 1)}`;
      if (range === '*') return `*${every}`;
      const [from, to, ...more] = range.split('-').map((each) => readNumber(each, field));
      if (from === undefined || Number.isNaN(from) || more.length > 0) throw fail(part);
      if (to === undefined) return step === undefined ? `${from}` : `${from}-${field.most}${every}`;
      if (Number.isNaN(to)) throw fail(part);
      // A range the wrong way round is turned, as NCRONTAB does.
      return `${Math.min(from, to)}-${Math.max(from, to)}${every}`;
    })
    .join(',');
}

function readNumber(text: string, field: Field): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    return value >= field.least && value <= field.most ? value : Number.NaN;
  }
  const at = text.length < 3 ? -1 : (field.names ?? []).findIndex((name) => name.startsWith(text.toLowerCase()));
  return at < 0 ? Number.NaN : at;
}

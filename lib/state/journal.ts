import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { newestRows } from './newest-rows.ts';
import type { TableRow, TableStore } from './storage.ts';

/** One decision, also "did nothing, because…". */
export interface JournalEntry {
  /** ISO time of the decision. */
  readonly at: string;
  readonly baseline: string;
  readonly operationId: string;
  /** What set it off: `put`, `timer`, `alert`… */
  readonly trigger: string;
  /** ARM id, or empty when the decision is about the baseline. */
  readonly resource: string;
  /** Short and stable, such as `created`, `refused`, `held`. */
  readonly decision: string;
  readonly reason: string;
  readonly by?: string;
  readonly before?: Json;
  readonly after?: Json;
  /** Told apart from others of the same moment, resource and decision. */
  readonly discriminator?: string;
  /** Place among the lines of the same moment; absent: before those that have one. */
  readonly order?: number;
}

const JOURNAL_TABLE = 'hubkeeperjournal';
/** Entries of one page of the API at most. */
const PAGE_ENTRIES = 200;

/** Digits of a place among the lines of one moment. */
const ORDER_DIGITS = 12;

/**
 * The row that an entry has: its key is computed from the decision, so that a repeated activity writes the same row,
 * and sorts by time, and by place among the lines of one moment.
 */
export function journalRow(entry: JournalEntry): TableRow {
  const identity = [entry.operationId, entry.resource.toLowerCase(), entry.decision, entry.discriminator ?? ''].join(
    '\n',
  );
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  return {
    partition: entry.baseline,
    row: `${entry.at}_${String(entry.order ?? 0).padStart(ORDER_DIGITS, '0')}_${digest}`,
    value: JSON.parse(JSON.stringify(entry)) as JsonObject,
  };
}

export interface JournalQuery {
  readonly baseline: string;
  /** ISO time, inclusive. */
  readonly since?: string;
  readonly resource?: string;
  readonly operation?: string;
  /** Entries of one answer at most. */
  readonly limit?: number;
  readonly next?: string;
}

/** A question for the newest entries of baselines, or for those before a row that was answered. */
export interface NewestJournalQuery extends Omit<JournalQuery, 'baseline' | 'next'> {
  readonly baselines: readonly string[];
  readonly before?: string;
  readonly nowMs: number;
}

export interface Journal {
  /** Appends; writing the same decisions again changes nothing. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  read(query: JournalQuery): Promise<{ readonly entries: readonly JournalEntry[]; readonly next?: string }>;
  /** The newest entries, the oldest of them first. `before`: there may be earlier ones, which are read with it. */
  readNewest(
    query: NewestJournalQuery,
  ): Promise<{ readonly entries: readonly JournalEntry[]; readonly before?: string }>;
}

/** Whether a text is a row from which `readNewest` can go back. */
export function isJournalRow(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z(_\d+_[0-9a-f]+|_[0-9a-f]+)?$/.test(text);
}

export function createJournal(tables: TableStore): Journal {
  return {
    async append(entries) {
      const rows = new Map(
        entries.map((entry) => journalRow(entry)).map((row) => [`${row.partition}\n${row.row}`, row]),
      );
      await tables.upsert(JOURNAL_TABLE, [...rows.values()]);
    },
    async read({ baseline, since, resource, operation, limit = PAGE_ENTRIES, next }) {
      const entries: JournalEntry[] = [];
      let token = next;
      // A filter may leave a page empty: read on until there is something to show or nothing left.
      do {
        const page = await tables.page(JOURNAL_TABLE, baseline, {
          size: Math.min(limit, PAGE_ENTRIES),
          ...(since === undefined ? {} : { fromRow: since }),
          ...(token === undefined ? {} : { next: token }),
        });
        entries.push(...page.rows.filter((row) => isAbout(row, { resource, operation })).map(entryOf));
        token = page.next;
      } while (token !== undefined && entries.length === 0);
      return {
        entries,
        ...(token === undefined ? {} : { next: token }),
      };
    },
    async readNewest({ baselines, since, resource, operation, limit = PAGE_ENTRIES, before, nowMs }) {
      const found = await Promise.all(
        baselines.map((baseline) =>
          newestRows(tables, JOURNAL_TABLE, baseline, {
            // One more tells whether there are earlier ones.
            count: limit + 1,
            nowMs,
            matches: (row) => isAbout(row, { resource, operation }),
            ...(since === undefined ? {} : { fromRow: since }),
            ...(before === undefined ? {} : { toRow: before }),
          }),
        ),
      );
      const completeFrom =
        found
          .flatMap((one) => one.completeFrom ?? [])
          .toSorted()
          .at(-1) ?? '';
      const complete = found.flatMap(({ rows }) => rows.filter(({ row }) => row >= completeFrom));
      const shown = complete.toSorted((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : 0)).slice(-limit);
      const [first] = shown;
      const isMore = complete.length > shown.length && first !== undefined;
      const earlier = isMore ? first.row : completeFrom;
      return { entries: shown.map(entryOf), ...(earlier === '' ? {} : { before: earlier }) };
    },
  };
}

function isAbout(row: TableRow, wanted: Pick<JournalQuery, 'resource' | 'operation'>): boolean {
  const { resource, operationId } = row.value as unknown as JournalEntry;
  return (
    (wanted.resource === undefined || resource.toLowerCase() === wanted.resource.toLowerCase()) &&
    (wanted.operation === undefined || operationId === wanted.operation)
  );
}

/** Without what only says where the row is. */
function entryOf({ value }: TableRow): JournalEntry {
  const { discriminator: _discriminator, order: _order, ...entry } = value as unknown as JournalEntry;
  return entry;
}

import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
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
}

const JOURNAL_TABLE = 'hubkeeperjournal';
/** Entries of one page of the API at most. */
const PAGE_ENTRIES = 200;

/**
 * The row that an entry has: its key is computed from the decision, so that a repeated activity writes the same row,
 * and sorts by time.
 */
export function journalRow(entry: JournalEntry): TableRow {
  const identity = [entry.operationId, entry.resource.toLowerCase(), entry.decision, entry.discriminator ?? ''].join(
    '\n',
  );
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  return {
    partition: entry.baseline,
    row: `${entry.at}_${digest}`,
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

export interface Journal {
  /** Appends; writing the same decisions again changes nothing. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  read(query: JournalQuery): Promise<{ readonly entries: readonly JournalEntry[]; readonly next?: string }>;
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
        const found = page.rows.map((row) => row.value as unknown as JournalEntry);
        entries.push(
          ...found.filter(
            (entry) =>
              (resource === undefined || entry.resource.toLowerCase() === resource.toLowerCase()) &&
              (operation === undefined || entry.operationId === operation),
          ),
        );
        token = page.next;
      } while (token !== undefined && entries.length === 0);
      return {
        entries: entries.map(({ discriminator: _, ...entry }) => entry),
        ...(token === undefined ? {} : { next: token }),
      };
    },
  };
}

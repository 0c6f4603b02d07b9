import type { TableRow, TableStore } from './storage.ts';

/** Most rows that one answer of the Table service holds. */
const PAGE_ROWS = 1_000;
const FIRST_SPAN_MS = 86_400_000;
const MOST_GROWTH = 8;
/** Nothing is older: from here on a range has no beginning. */
const OLDEST_MS = Date.parse('2000-01-01T00:00:00Z');
/** Calls of one search at most: where a filter lets little through, the rest is for the next one. */
const MOST_CALLS = 60;

export interface NewestQuery {
  /** Row key, inclusive. */
  readonly fromRow?: string;
  /** Row key, exclusive. */
  readonly toRow?: string;
  readonly count: number;
  readonly nowMs: number;
  readonly matches: (row: TableRow) => boolean;
}

/** The newest rows that match, the oldest of them first. */
export interface NewestRows {
  readonly rows: readonly TableRow[];
  /** Row key: everything from here on is among them; absent: everything there is. */
  readonly completeFrom?: string;
}

/**
 * The last rows of a partition whose keys begin with an ISO time of 24 characters. The service sorts one way only, so
 * ranges back in time are read: longer ones where there is little; and where there is more than an answer holds, by
 * turns the later half of what is left, and what follows that answer.
 */
export async function newestRows(
  tables: Pick<TableStore, 'page'>,
  table: string,
  partition: string,
  { fromRow, toRow, count, nowMs, matches }: NewestQuery,
): Promise<NewestRows> {
  let rows: readonly TableRow[] = [];
  let before = toRow;
  let endMs = toRow === undefined ? nowMs : timeMsOf(toRow);
  let startMs = endMs - FIRST_SPAN_MS;
  // All rows from here back to the start that was too early are known to be more than an answer holds.
  let floorMs: number | undefined;
  for (let calls = 0; calls < MOST_CALLS; calls++) {
    const start = startMs < OLDEST_MS ? undefined : new Date(startMs).toISOString();
    const isWhole = start === undefined || (fromRow !== undefined && start <= fromRow);
    const from = isWhole ? fromRow : start;
    const range = {
      ...(from === undefined ? {} : { fromRow: from }),
      ...(before === undefined ? {} : { toRow: before }),
    };
    const page = await tables.page(table, partition, { ...range, size: PAGE_ROWS });
    const last = page.rows.at(-1);
    if (page.next !== undefined && last !== undefined && endMs - startMs > 1) {
      floorMs = Math.min(timeMsOf(last.row), endMs - 1);
      startMs = Math.max(floorMs, Math.floor((floorMs + endMs) / 2));
      continue;
    }
    const read = page.next === undefined ? page.rows : await allRows(tables, table, partition, range);
    rows = [...read.filter(matches), ...rows].slice(-count);
    const first = rows.length === count ? rows[0] : undefined;
    if (first !== undefined) return { rows, completeFrom: first.row };
    if (isWhole) return { rows };
    if (floorMs !== undefined && startMs <= floorMs) floorMs = undefined;
    const spanMs = Math.max(1, endMs - startMs);
    before = from;
    endMs = startMs;
    startMs = floorMs ?? Math.floor(endMs - spanMs * growthAfter(read.length));
  }
  return { rows, ...(before === undefined ? {} : { completeFrom: before }) };
}

/** How much longer the next range is: so that it is likely to fit into an answer. */
function growthAfter(readRows: number): number {
  return Math.min(MOST_GROWTH, Math.max(1, PAGE_ROWS / (2 * Math.max(1, readRows))));
}

/** Of one millisecond, in which no shorter range is to be had. */
async function allRows(
  tables: Pick<TableStore, 'page'>,
  table: string,
  partition: string,
  range: { readonly fromRow?: string; readonly toRow?: string },
): Promise<readonly TableRow[]> {
  const rows: TableRow[] = [];
  let next: string | undefined;
  do {
    const page = await tables.page(table, partition, {
      ...range,
      size: PAGE_ROWS,
      ...(next === undefined ? {} : { next }),
    });
    rows.push(...page.rows);
    next = page.next;
  } while (next !== undefined);
  return rows;
}

function timeMsOf(row: string): number {
  return Date.parse(row.slice(0, '2026-01-01T00:00:00.000Z'.length));
}

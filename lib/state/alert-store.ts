import type { JsonObject } from '../json.ts';
import type { TableStore } from './storage.ts';

const ALERTS_TABLE = 'hubkeeperalerts';

/**
 * Deliveries are kept for one to two of these periods. Azure Monitor keeps an alert instance for 30 days, so that no
 * copy can be older.
 */
const PERIOD_DAYS = 30;
const PERIOD_MS = PERIOD_DAYS * 86_400_000;
/** Periods back that are still swept: an app that was stopped for months leaves the rest behind. */
const SWEPT_PERIODS = 2;
/** Rows that one sweep removes at most. */
const ROWS_PER_SWEEP = 200;

/** One delivery as it was answered. */
export interface DeliveryRow {
  readonly schemaVersion: 1;
  readonly receivedAt: string;
  readonly alertId: string;
  /** Of the body as it was sent, in hex. */
  readonly payloadSha256: string;
  readonly condition: string;
  readonly recognised: readonly { readonly target: string; readonly reaction: string; readonly operationId: string }[];
  readonly ignored: readonly { readonly target: string; readonly why: string }[];
}

/** Deliveries of alerts about what is managed, one row each. */
export interface AlertStore {
  /** The row of that key; `null` when there was no such delivery. One storage call, two for what is new. */
  read(key: string, nowIso: string): Promise<DeliveryRow | null>;
  /** Writes a row unless there is one. One storage call. */
  record(key: string, row: DeliveryRow): Promise<void>;
  /** Removes rows whose time is over, some hundred at a time. @returns how many. */
  sweep(nowIso: string): Promise<number>;
}

/** A new partition every thirty days: what is old goes by whole partitions, and a look-up needs two at most. */
export function createAlertStore(tables: TableStore): AlertStore {
  return {
    async read(key, nowIso) {
      const period = periodOf(nowIso);
      const row =
        (await tables.read(ALERTS_TABLE, partitionOf(period), key)) ??
        (await tables.read(ALERTS_TABLE, partitionOf(period - 1), key));
      return row as unknown as DeliveryRow | null;
    },
    async record(key, row) {
      await tables.insertOrRead(ALERTS_TABLE, {
        partition: partitionOf(periodOf(row.receivedAt)),
        row: key,
        value: JSON.parse(JSON.stringify(row)) as JsonObject,
      });
    },
    async sweep(nowIso) {
      const oldest = periodOf(nowIso) - 2;
      let removed = 0;
      for (let period = oldest; period > oldest - SWEPT_PERIODS && removed < ROWS_PER_SWEEP; period--) {
        const { rows } = await tables.page(ALERTS_TABLE, partitionOf(period), { size: ROWS_PER_SWEEP - removed });
        for (const { partition, row } of rows) await tables.remove(ALERTS_TABLE, partition, row);
        removed += rows.length;
      }
      return removed;
    },
  };
}

function periodOf(iso: string): number {
  return Math.floor(Date.parse(iso) / PERIOD_MS);
}

function partitionOf(period: number): string {
  return `period-${period}`;
}

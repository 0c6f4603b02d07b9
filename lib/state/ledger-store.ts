import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { TableStore } from './storage.ts';

const LEDGER_TABLE = 'hubkeeperledger';
const CLAIMS_TABLE = 'hubkeeperclaims';

/** What Hubkeeper wrote, by baseline and resource; and which baseline a resource belongs to. */
export interface LedgerStore {
  all(baseline: string): Promise<readonly LedgerEntry[]>;
  read(baseline: string, id: string): Promise<LedgerEntry | null>;
  write(baseline: string, entries: readonly LedgerEntry[]): Promise<void>;
  remove(baseline: string, id: string): Promise<void>;
  /** The baseline that the resource belongs to: this one, if nobody was faster. */
  claim(baseline: string, id: string): Promise<string>;
  holderOf(id: string): Promise<string | null>;
  /** The claim on a resource, with its id as the baseline spells it. */
  claimOf(id: string): Promise<{ readonly id: string; readonly baseline: string } | null>;
  /** Gives up this baseline's claim; that of another one stays. */
  release(baseline: string, id: string): Promise<void>;
}

/** ARM ids have slashes, which no table key may have, and are longer than a key is comfortable with. */
function keyOf(id: string): string {
  return createHash('sha256').update(normaliseId(id)).digest('hex');
}

export function createLedgerStore(tables: TableStore): LedgerStore {
  async function claimOf(id: string): Promise<{ readonly id: string; readonly baseline: string } | null> {
    const key = keyOf(id);
    const row = await tables.read(CLAIMS_TABLE, key.slice(0, 2), key);
    return row === null ? null : { id: String(row.id), baseline: String(row.baseline) };
  }

  return {
    async all(baseline) {
      return (await tables.all(LEDGER_TABLE, baseline)).map((row) => row.value as unknown as LedgerEntry);
    },
    async read(baseline, id) {
      return (await tables.read(LEDGER_TABLE, baseline, keyOf(id))) as unknown as LedgerEntry | null;
    },
    async write(baseline, entries) {
      await tables.upsert(
        LEDGER_TABLE,
        entries.map((entry) => ({
          partition: baseline,
          row: keyOf(entry.id),
          value: JSON.parse(JSON.stringify(entry)) as JsonObject,
        })),
      );
    },
    async remove(baseline, id) {
      await tables.remove(LEDGER_TABLE, baseline, keyOf(id));
    },
    async claim(baseline, id) {
      const key = keyOf(id);
      const row = await tables.insertOrRead(CLAIMS_TABLE, {
        partition: key.slice(0, 2),
        row: key,
        value: { id, baseline },
      });
      return String(row.baseline);
    },
    async holderOf(id) {
      return (await claimOf(id))?.baseline ?? null;
    },
    claimOf,
    async release(baseline, id) {
      const key = keyOf(id);
      const row = await tables.read(CLAIMS_TABLE, key.slice(0, 2), key);
      // Only its holder ever removes a claim, so it cannot change hands in between.
      if (row !== null && row.baseline === baseline) await tables.remove(CLAIMS_TABLE, key.slice(0, 2), key);
    },
  };
}

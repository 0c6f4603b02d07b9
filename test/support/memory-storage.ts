import type { JsonObject } from '../../lib/json.ts';
import {
  type DocumentStore,
  documentValue,
  type Storage,
  type TableRow,
  type TableStore,
} from '../../lib/state/storage.ts';

/** Storage in memory with the conditions of the real one: values pass through JSON, every write has a new ETag. */
export function createMemoryStorage(): Storage {
  return { documents: createDocuments(), tables: createTables() };
}

function createDocuments(): DocumentStore {
  const stored = new Map<string, { readonly text: string; readonly etag: string }>();
  let writes = 0;
  return {
    async read(path) {
      const found = stored.get(path);
      return found === undefined ? null : { value: documentValue(path, found.text), etag: found.etag };
    },
    async write(path, value, condition) {
      const found = stored.get(path);
      if (condition.if === 'new' && found !== undefined) return 'conflict';
      if (condition.if === 'unchanged' && found?.etag !== condition.etag) return 'conflict';
      writes += 1;
      const etag = `"${writes}"`;
      stored.set(path, { text: JSON.stringify(value), etag });
      return { etag };
    },
    async readText(path) {
      return stored.get(path)?.text ?? null;
    },
    async writeText(path, text) {
      writes += 1;
      stored.set(path, { text, etag: `"${writes}"` });
    },
    async list(prefix) {
      return [...stored.keys()].filter((path) => path.startsWith(prefix)).sort();
    },
    async remove(path, etag) {
      if (etag === undefined || stored.get(path)?.etag === etag) stored.delete(path);
    },
  };
}

function createTables(): TableStore {
  const tables = new Map<
    string,
    Map<string, { readonly partition: string; readonly row: string; readonly text: string }>
  >();
  const keyOf = (partition: string, row: string) => `${partition}\n${row}`;
  function of(name: string): Map<string, { readonly partition: string; readonly row: string; readonly text: string }> {
    const table = tables.get(name) ?? new Map();
    tables.set(name, table);
    return table;
  }
  function sorted(name: string, partition: string): TableRow[] {
    return [...of(name).values()]
      .filter((one) => one.partition === partition)
      .sort((a, b) => (a.row < b.row ? -1 : 1))
      .map(({ row, text }) => ({ partition, row, value: JSON.parse(text) as JsonObject }));
  }
  return {
    async read(table, partition, row) {
      const found = of(table).get(keyOf(partition, row));
      return found === undefined ? null : (JSON.parse(found.text) as JsonObject);
    },
    async upsert(table, rows) {
      for (const { partition, row, value } of rows)
        of(table).set(keyOf(partition, row), { partition, row, text: JSON.stringify(value) });
    },
    async insertOrRead(table, { partition, row, value }) {
      const found = of(table).get(keyOf(partition, row));
      if (found !== undefined) return JSON.parse(found.text) as JsonObject;
      of(table).set(keyOf(partition, row), { partition, row, text: JSON.stringify(value) });
      return value;
    },
    async remove(table, partition, row) {
      of(table).delete(keyOf(partition, row));
    },
    async page(table, partition, { fromRow, toRow, size, next }) {
      const rows = sorted(table, partition).filter(
        ({ row }) =>
          (fromRow === undefined || row >= fromRow) &&
          (toRow === undefined || row < toRow) &&
          (next === undefined || row > next),
      );
      const shown = rows.slice(0, size);
      const last = shown.at(-1);
      return { rows: shown, ...(rows.length > size && last !== undefined ? { next: last.row } : {}) };
    },
    async all(table, partition) {
      return sorted(table, partition);
    },
  };
}

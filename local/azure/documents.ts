import { DatabaseSync, type StatementSync } from 'node:sqlite';

interface Dirty {
  readonly collection: string;
  readonly key: string;
  /** Absent: deleted. */
  readonly value?: string;
}

/**
 * Keyed JSON documents in memory, written through to one SQLite file. Changes become durable together at `flush`, so a
 * process that is killed leaves either all of a request's effects or none.
 */
export class Documents {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #remove: StatementSync;
  #dirty = new Map<string, Dirty>();

  /**
   * `file`: path of the database, or `:memory:`. Throws when another process has it open: two simulations on one state
   * would overwrite each other.
   */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(`
      PRAGMA busy_timeout = 2000;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS documents (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (collection, key)
      );
    `);
    this.#upsert = this.#database.prepare(
      'INSERT INTO documents (collection, key, value) VALUES (?, ?, ?) ' +
        'ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value',
    );
    this.#remove = this.#database.prepare('DELETE FROM documents WHERE collection = ? AND key = ?');
  }

  /** All documents of a collection, in order of their first insertion. */
  load(collection: string): readonly { readonly key: string; readonly value: unknown }[] {
    const rows = this.#database
      .prepare('SELECT key, value FROM documents WHERE collection = ? ORDER BY sequence')
      .all(collection);
    return rows.map((row) => ({ key: String(row.key), value: JSON.parse(String(row.value)) as unknown }));
  }

  set(collection: string, key: string, value: unknown): void {
    this.#mark({ collection, key, value: JSON.stringify(value) });
  }

  delete(collection: string, key: string): void {
    this.#mark({ collection, key });
  }

  /** Makes every change since the last flush durable, in one transaction. */
  flush(): void {
    if (this.#dirty.size === 0) return;
    const changes = this.#dirty;
    this.#dirty = new Map();
    this.#database.exec('BEGIN');
    for (const { collection, key, value } of changes.values()) {
      if (value === undefined) this.#remove.run(collection, key);
      else this.#upsert.run(collection, key, value);
    }
    this.#database.exec('COMMIT');
  }

  close(): void {
    this.flush();
    this.#database.close();
  }

  #mark(change: Dirty): void {
    const name = `${change.collection}\n${change.key}`;
    // Deleted and made again within one flush: the old row must go first, or the document keeps its old place in order.
    if (change.value !== undefined && this.#dirty.get(name)?.value === undefined && this.#dirty.has(name)) this.flush();
    this.#dirty.set(name, change);
  }
}

/** One collection of `Documents` as a map. */
export class Collection<T> {
  readonly #documents: Documents;
  readonly #name: string;
  readonly #items: Map<string, T>;

  constructor(documents: Documents, name: string) {
    this.#documents = documents;
    this.#name = name;
    this.#items = new Map(documents.load(name).map(({ key, value }) => [key, value as T]));
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  has(key: string): boolean {
    return this.#items.has(key);
  }

  set(key: string, value: T): void {
    this.#items.set(key, value);
    this.#documents.set(this.#name, key, value);
  }

  delete(key: string): void {
    if (this.#items.delete(key)) this.#documents.delete(this.#name, key);
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  entries(): IterableIterator<[string, T]> {
    return this.#items.entries();
  }
}

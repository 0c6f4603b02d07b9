import { isJsonObject, type JsonObject } from '../json.ts';

/** A document as it was read, with the ETag that a conditional write needs. */
export interface StoredDocument {
  readonly value: JsonObject;
  readonly etag: string;
}

/** When a document may be written: only if new, only if unchanged since it was read, or whatever is there. */
export type WriteCondition =
  | { readonly if: 'new' }
  | { readonly if: 'unchanged'; readonly etag: string }
  | { readonly if: 'any' };

/** JSON documents by path. */
export interface DocumentStore {
  read(path: string): Promise<StoredDocument | null>;
  /** `conflict`: the condition did not hold and nothing was written. */
  write(path: string, value: JsonObject, condition: WriteCondition): Promise<{ readonly etag: string } | 'conflict'>;
  readText(path: string): Promise<string | null>;
  writeText(path: string, text: string, contentType: string): Promise<void>;
  /** Names below a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  /** `etag`: only if it is unchanged since it was read; else it stays. */
  remove(path: string, etag?: string): Promise<void>;
}

/** One row: keys, and a value of any size up to 900 KB. */
export interface TableRow {
  readonly partition: string;
  readonly row: string;
  readonly value: JsonObject;
}

export interface TablePage {
  readonly rows: readonly TableRow[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
}

/** Rows by partition and row key. Keys hold none of `/ \ # ?` and no control characters. */
export interface TableStore {
  read(table: string, partition: string, row: string): Promise<JsonObject | null>;
  /** Writes whole rows, replacing what is there; rows of one partition go together. */
  upsert(table: string, rows: readonly TableRow[]): Promise<void>;
  /** Writes a row only if there is none: answers the row that is there now. */
  insertOrRead(table: string, row: TableRow): Promise<JsonObject>;
  remove(table: string, partition: string, row: string): Promise<void>;
  /**
   * Rows of a partition in order of their keys, from `fromRow` (inclusive).
   * @throws UnknownPositionError when `next` is none that a page has given.
   */
  page(
    table: string,
    partition: string,
    options: { readonly fromRow?: string; readonly toRow?: string; readonly size: number; readonly next?: string },
  ): Promise<TablePage>;
  all(table: string, partition: string): Promise<readonly TableRow[]>;
}

export interface Storage {
  readonly documents: DocumentStore;
  readonly tables: TableStore;
}

/** What the storage account answered when it could not do its part; a later try may pass. */
export class StorageError extends Error {
  constructor(action: string, cause: unknown) {
    super(`The storage account did not ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'StorageError';
  }
}

/** A document whose content is no JSON object: no later try will read it. */
export class MalformedDocumentError extends StorageError {
  constructor(path: string, cause: unknown) {
    super(`read ${path}`, cause);
    this.name = 'MalformedDocumentError';
  }
}

/** The value of a document from its text. @throws MalformedDocumentError when it is no JSON object. */
export function documentValue(path: string, text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw new MalformedDocumentError(path, error);
  }
  throw new MalformedDocumentError(path, new Error('the document is no JSON object'));
}

/** A position to read on from that this table has not given. */
export class UnknownPositionError extends Error {
  constructor() {
    super('The position to read on from is none that was given.');
    this.name = 'UnknownPositionError';
  }
}

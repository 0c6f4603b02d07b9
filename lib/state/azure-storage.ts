import type { TokenCredential } from '@azure/core-auth';
import type { TableClient, TableEntityResult, TransactionAction } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';
import { isJsonObject, type JsonObject } from '../json.ts';
import {
  documentValue,
  type Storage,
  StorageError,
  type TablePage,
  type TableRow,
  UnknownPositionError,
  type WriteCondition,
} from './storage.ts';

/** A string property of a table entity holds 64 KiB of UTF-16, so 32,768 characters; an entity holds 1 MiB. */
const CHUNK_CHARACTERS = 30_000;
/** Most operations that one transaction of a table takes, and the bytes a batch may have (4 MiB, with room to spare). */
const TRANSACTION_ROWS = 100;
const TRANSACTION_CHARACTERS = 1_000_000;
/** Longest wait for one answer, in wall time. */
const TIMEOUT_MS = 30_000;

export interface AzureStorageOptions {
  readonly blobServiceUrl: string;
  readonly tableServiceUrl: string;
  readonly container: string;
  readonly credential: TokenCredential;
}

/** Documents and tables in an Azure storage account. The SDKs are loaded at first use; container and tables are made when missing. */
export function createAzureStorage(options: AzureStorageOptions): Storage {
  const container = once(() => openContainer(options));
  const clients = new Map<string, () => Promise<TableClient>>();

  function table(name: string): Promise<TableClient> {
    let client = clients.get(name);
    if (client === undefined) {
      client = once(() => openTable(options, name));
      clients.set(name, client);
    }
    return client();
  }

  return {
    documents: {
      async read(path) {
        const blob = (await container()).getBlobClient(path);
        return attempt(`read ${path}`, async () => {
          try {
            const response = await blob.download(0, undefined, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
            const text = await streamText(response.readableStreamBody);
            return { value: documentValue(path, text), etag: response.etag ?? '' };
          } catch (error) {
            if (statusOf(error) === 404) return null;
            throw error;
          }
        });
      },
      async write(path, value, condition) {
        const blob = (await container()).getBlockBlobClient(path);
        const content = Buffer.from(JSON.stringify(value), 'utf8');
        return attempt(`write ${path}`, async () => {
          try {
            const { etag } = await blob.upload(content, content.byteLength, {
              conditions: blobConditions(condition),
              blobHTTPHeaders: { blobContentType: 'application/json' },
              abortSignal: AbortSignal.timeout(TIMEOUT_MS),
            });
            return { etag: etag ?? '' };
          } catch (error) {
            const status = statusOf(error);
            if (status === 412 || (status === 409 && condition.if === 'new')) return 'conflict';
            throw error;
          }
        });
      },
      async readText(path) {
        const blob = (await container()).getBlobClient(path);
        return attempt(`read ${path}`, async () => {
          try {
            const response = await blob.download(0, undefined, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
            return await streamText(response.readableStreamBody);
          } catch (error) {
            if (statusOf(error) === 404) return null;
            throw error;
          }
        });
      },
      async writeText(path, text, contentType) {
        const blob = (await container()).getBlockBlobClient(path);
        const content = Buffer.from(text, 'utf8');
        await attempt(`write ${path}`, () =>
          blob.upload(content, content.byteLength, {
            blobHTTPHeaders: { blobContentType: contentType },
            abortSignal: AbortSignal.timeout(TIMEOUT_MS),
          }),
        );
      },
      async list(prefix) {
        const client = await container();
        return attempt(`list ${prefix}`, async () => {
          const names: string[] = [];
          for await (const blob of client.listBlobsFlat({ prefix })) names.push(blob.name);
          return names.sort();
        });
      },
      async remove(path, etag) {
        const blob = (await container()).getBlobClient(path);
        await attempt(`remove ${path}`, async () => {
          try {
            await blob.deleteIfExists(etag === undefined ? {} : { conditions: { ifMatch: etag } });
          } catch (error) {
            if (statusOf(error) !== 412) throw error;
          }
        });
      },
    },
    tables: {
      async read(name, partition, row) {
        const client = await table(name);
        return attempt(`read ${name}`, async () => {
          try {
            return jsonOf(await client.getEntity(partition, row));
          } catch (error) {
            if (statusOf(error) === 404) return null;
            throw error;
          }
        });
      },
      async upsert(name, rows) {
        const client = await table(name);
        for (const batch of batchesOf(rows)) {
          const [first, ...others] = batch;
          if (first === undefined) continue;
          await attempt(`write ${name}`, async () => {
            if (others.length === 0) await client.upsertEntity(entityOf(first), 'Replace');
            else
              await client.submitTransaction(
                batch.map((row): TransactionAction => ['upsert', entityOf(row), 'Replace']),
              );
          });
        }
      },
      async insertOrRead(name, row) {
        const client = await table(name);
        return attempt(`write ${name}`, async () => {
          try {
            await client.createEntity(entityOf(row));
            return row.value;
          } catch (error) {
            if (statusOf(error) !== 409) throw error;
            return jsonOf(await client.getEntity(row.partition, row.row));
          }
        });
      },
      async remove(name, partition, row) {
        const client = await table(name);
        await attempt(`remove from ${name}`, async () => {
          try {
            await client.deleteEntity(partition, row);
          } catch (error) {
            if (statusOf(error) !== 404) throw error;
          }
        });
      },
      async page(name, partition, { fromRow, toRow, size, next }) {
        if (next !== undefined && !isPosition(next)) throw new UnknownPositionError();
        const client = await table(name);
        return attempt(`read ${name}`, async (): Promise<TablePage> => {
          const pages = client
            .listEntities({ queryOptions: { filter: filterOf(partition, fromRow, toRow) } })
            .byPage({ maxPageSize: size, ...(next === undefined ? {} : { continuationToken: next }) });
          try {
            for await (const page of pages) {
              const { continuationToken } = page as { continuationToken?: string };
              return { rows: page.map(rowOf), ...(continuationToken ? { next: continuationToken } : {}) };
            }
          } catch (error) {
            if (next !== undefined && statusOf(error) === 400) throw new UnknownPositionError();
            throw error;
          }
          return { rows: [] };
        });
      },
      async all(name, partition) {
        const client = await table(name);
        return attempt(`read ${name}`, async () => {
          const rows: TableRow[] = [];
          for await (const entity of client.listEntities({ queryOptions: { filter: filterOf(partition) } }))
            rows.push(rowOf(entity));
          return rows;
        });
      },
    },
  };
}

async function openContainer({ blobServiceUrl, container, credential }: AzureStorageOptions): Promise<ContainerClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const client = new BlobServiceClient(blobServiceUrl, credential).getContainerClient(container);
  await attempt(`open container ${container}`, () => client.createIfNotExists());
  return client;
}

async function openTable({ tableServiceUrl, credential }: AzureStorageOptions, name: string): Promise<TableClient> {
  const { TableClient } = await import('@azure/data-tables');
  const client = new TableClient(tableServiceUrl, name, credential);
  // createTable of this SDK treats "exists already" as done.
  await attempt(`open table ${name}`, () => client.createTable());
  return client;
}

/** Runs `open` once and shares its result; a failure is forgotten, so that the next call tries again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StorageError || error instanceof UnknownPositionError
      ? error
      : new StorageError(action, error);
  }
}

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : undefined;
}

function blobConditions(condition: WriteCondition): { ifMatch?: string; ifNoneMatch?: string } {
  switch (condition.if) {
    case 'new':
      return { ifNoneMatch: '*' };
    case 'unchanged':
      return { ifMatch: condition.etag };
    case 'any':
      return {};
  }
}

async function streamText(stream: NodeJS.ReadableStream | undefined): Promise<string> {
  if (stream === undefined) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether a text is a position as the SDK gives it: base64 of the keys where the next page begins. */
export function isPosition(text: string): boolean {
  try {
    const keys: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (!isJsonObject(keys)) return false;
    const { nextPartitionKey, nextRowKey } = keys;
    return typeof nextPartitionKey === 'string' && (nextRowKey === undefined || typeof nextRowKey === 'string');
  } catch {
    return false;
  }
}

function filterOf(partition: string, fromRow?: string, toRow?: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const parts = [`PartitionKey eq ${quoted(partition)}`];
  if (fromRow !== undefined) parts.push(`RowKey ge ${quoted(fromRow)}`);
  if (toRow !== undefined) parts.push(`RowKey lt ${quoted(toRow)}`);
  return parts.join(' and ');
}

type Entity = { partitionKey: string; rowKey: string; [chunk: string]: string };

function entityOf({ partition, row, value }: TableRow): Entity {
  const text = JSON.stringify(value);
  const entity: Entity = { partitionKey: partition, rowKey: row };
  for (let at = 0, n = 0; at < text.length; n++) {
    let end = Math.min(text.length, at + CHUNK_CHARACTERS);
    // Half of a surrogate pair would be stored as a replacement character.
    if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
    entity[`value${n}`] = text.slice(at, end);
    at = end;
  }
  return entity;
}

function jsonOf(entity: TableEntityResult<Record<string, unknown>>): JsonObject {
  let text = '';
  for (let n = 0; typeof entity[`value${n}`] === 'string'; n++) text += String(entity[`value${n}`]);
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new Error('the row holds no JSON object');
  return value;
}

function rowOf(entity: TableEntityResult<Record<string, unknown>>): TableRow {
  return { partition: String(entity.partitionKey), row: String(entity.rowKey), value: jsonOf(entity) };
}

function batchesOf(rows: readonly TableRow[]): TableRow[][] {
  const batches: TableRow[][] = [];
  let batch: TableRow[] = [];
  let characters = 0;
  for (const row of rows) {
    const size = JSON.stringify(row.value).length;
    const full = batch.length >= TRANSACTION_ROWS || characters + size > TRANSACTION_CHARACTERS;
    if (full || (batch[0] !== undefined && batch[0].partition !== row.partition)) {
      batches.push(batch);
      batch = [];
      characters = 0;
    }
    batch.push(row);
    characters += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Certificates, ensureCertificates } from '../../../local/azure/certificates.ts';
import { TokenIssuer } from '../../../local/azure/token-issuer.ts';
import { ManagedProcess } from '../../../local/supervisor/managed-process.ts';
import { eventually } from '../../support/eventually.ts';
import { httpJson, type JsonResponse } from '../../support/http-json.ts';

const root = process.cwd();
let directory: string;
let certificates: Certificates;
let token: string;
let storage: ManagedProcess;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hubkeeper-azurite-'));
  certificates = await ensureCertificates(join(directory, 'certificates'));
  token = new TokenIssuer(join(directory, 'token.pem')).issue('https://storage.azure.com', 3_600).token;
});

afterEach(async () => {
  await storage.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  storage = await ManagedProcess.start(
    {
      name: 'Storage',
      arguments: [
        join(root, 'local/supervisor/azurite.ts'),
        ...['--state', join(directory, 'storage')],
        ...['--certificate', certificates.storage.certificateFile, '--key', certificates.storage.keyFile],
      ],
      workingDirectory: root,
      environment: process.env,
      logFile: join(directory, 'storage.log'),
      readyWithinSeconds: 60,
    },
    () => {},
  );
}

function call(
  service: 'blob' | 'table',
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonResponse> {
  return httpJson({
    method,
    url: `${storage.report[service]}${path}`,
    body,
    headers: {
      authorization: `Bearer ${token}`,
      // Newer than anything Azurite knows, as current SDKs are.
      'x-ms-version': '2026-02-06',
      'x-ms-date': new Date().toUTCString(),
      accept: 'application/json',
      ...headers,
    },
    ca: readFileSync(certificates.caFile, 'utf8'),
  });
}

function putBlob(): Promise<JsonResponse> {
  return call('blob', 'PUT', '/documents/one.json', { one: 1 }, { 'x-ms-blob-type': 'BlockBlob' });
}

describe('storage', () => {
  it("takes the simulated identity's tokens for blobs and tables, and keeps both over a stop", async () => {
    await start();
    expect((await call('blob', 'PUT', '/documents?restype=container')).status).toBe(201);
    expect((await putBlob()).status).toBe(201);
    expect((await call('table', 'POST', '/Tables', { TableName: 'journal' })).status).toBe(201);
    await storage.stop();

    await start();

    expect((await call('blob', 'GET', '/documents/one.json')).body).toEqual({ one: 1 });
    expect((await call('table', 'POST', '/Tables', { TableName: 'journal' })).status).toBe(409);
  });

  it('refuses a token that is none', async () => {
    await start();

    expect(
      (await call('blob', 'PUT', '/documents?restype=container', undefined, { authorization: 'Bearer none' })).status,
    ).toBe(403);
  });

  it('keeps over a kill what had reached the disk', async () => {
    await start();
    await call('blob', 'PUT', '/documents?restype=container');
    await putBlob();
    await eventually('the blob is in the file', () =>
      readFileSync(join(directory, 'storage/__azurite_db_blob__.json'), 'utf8').includes('one.json') ? true : undefined,
    );
    storage.kill();
    await storage.ended;

    await start();

    expect((await call('blob', 'GET', '/documents/one.json')).body).toEqual({ one: 1 });
  });
});

import { TableClient } from '@azure/data-tables';
import { app, type HttpResponseInit } from '@azure/functions';
import { ManagedIdentityCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';

// A small app that touches everything which the local environment offers to the real one.

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The app setting ${name} is not there.`);
  return value;
}

const credential = new ManagedIdentityCredential();

app.http('health', {
  route: 'health',
  authLevel: 'function',
  methods: ['GET'],
  handler: (): HttpResponseInit => ({ jsonBody: { pid: process.pid } }),
});

app.http('remember', {
  route: 'notes/{name}',
  authLevel: 'function',
  methods: ['PUT', 'GET'],
  handler: async (request): Promise<HttpResponseInit> => {
    const name = request.params.name ?? '';
    const container = new BlobServiceClient(
      setting('AzureWebJobsStorage__blobServiceUri'),
      credential,
    ).getContainerClient('notes');
    const table = new TableClient(setting('AzureWebJobsStorage__tableServiceUri'), 'notes', credential);
    await Promise.all([container.createIfNotExists(), table.createTable()]);
    const blob = container.getBlockBlobClient(name);
    if (request.method === 'PUT') {
      const text = await request.text();
      await blob.upload(text, Buffer.byteLength(text));
      await table.upsertEntity({ partitionKey: 'notes', rowKey: name, text });
      return { status: 204 };
    }
    const inBlob = (await blob.downloadToBuffer()).toString('utf8');
    const { text: inTable } = await table.getEntity('notes', name);
    return { jsonBody: { inBlob, inTable } };
  },
});

app.http('arm', {
  route: 'arm',
  authLevel: 'function',
  methods: ['GET'],
  handler: async (): Promise<HttpResponseInit> => {
    const { token } = await credential.getToken('https://management.azure.com/.default');
    const response = await fetch(`${setting('HUBKEEPER_ARM_ENDPOINT')}/subscriptions?api-version=2022-12-01`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { jsonBody: { status: response.status } };
  },
});

const events: string[] = [];

app.eventGrid('onResourceEvent', {
  handler: ({ eventType, subject }) => {
    events.push(`${eventType} ${subject.toLowerCase()}`);
  },
});

app.http('events', {
  route: 'events',
  authLevel: 'function',
  methods: ['GET'],
  handler: (): HttpResponseInit => ({ jsonBody: events }),
});

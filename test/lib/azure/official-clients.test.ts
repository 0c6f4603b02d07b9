import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureCertificates } from '../../../local/azure/certificates.ts';
import { FIREWALL_ID, SUBSCRIPTION } from '../../support/alert-samples.ts';

// The official clients run as they do in the app, in a process of their own, against a server that writes down what
// they send: what is on the wire is what counts.

interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

let directory: string;
let server: Server;
let caFile: string;
let base: string;
let seen: Seen[];
let answer: { status: number; body: unknown };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hubkeeper-clients-'));
  const certificates = await ensureCertificates(directory);
  caFile = certificates.caFile;
  const { certificateFile, keyFile } = certificates.arm;
  server = createServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString('utf8');
      seen.push({
        method: request.method ?? '',
        url: new URL(request.url ?? '/', base),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  seen = [];
});

afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a module in a process of its own; what it prints last is its JSON result. */
async function run(script: string): Promise<unknown> {
  const credential = `{ getToken: async (scopes) => ({ token: 'for ' + scopes, expiresOnTimestamp: Date.now() + 3_600_000 }) }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', `const credential = ${credential};\n${script}`], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: caFile, NO_PROXY: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(errors);
  return JSON.parse(printed.trim());
}

const METRICS = () => `
  import { createFirewallMetrics } from './lib/azure/metrics.ts';
  const metrics = createFirewallMetrics({ endpoint: '${base}', tokenScope: 'https://metrics.example/.default', credential });
  const fromMs = Date.parse('2026-05-04T09:00:00Z');
  const query = { resourceId: '${FIREWALL_ID}', location: 'westeurope', fromMs, untilMs: fromMs + 120_000 };
  const result = await metrics.snatPortUtilization(query).catch((error) => error.problem);
  console.log(JSON.stringify(result));`;

describe('the official metrics client', () => {
  it('asks and reads as the wire has it, nulls included', async () => {
    const value = (timeStamp: string, more: object) => ({ timeStamp, ...more });
    answer = {
      status: 200,
      body: {
        values: [
          {
            starttime: '2026-05-04T09:00:00Z',
            endtime: '2026-05-04T09:02:00Z',
            interval: 'PT1M',
            namespace: 'Microsoft.Network/azureFirewalls',
            resourceregion: 'westeurope',
            resourceid: FIREWALL_ID,
            value: [
              {
                id: 'id',
                type: 'Microsoft.Insights/metrics',
                name: { value: 'SNATPortUtilization', localizedValue: 'SNAT port utilization' },
                unit: 'Percent',
                errorCode: 'Success',
                timeseries: [
                  {
                    metadatavalues: [{ name: { value: 'protocol', localizedValue: 'Protokoll' }, value: 'TCP' }],
                    data: [
                      value('2026-05-04T09:00:00Z', { average: 80.2, maximum: 91 }),
                      value('2026-05-04T09:01:00Z', { average: null, maximum: null }),
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    };

    const window = await run(METRICS());

    expect(window).toEqual({
      fromMs: Date.parse('2026-05-04T09:00:00Z'),
      untilMs: Date.parse('2026-05-04T09:02:00Z'),
      grainMinutes: 1,
      series: [
        {
          dimension: 'TCP',
          samples: [
            { atMs: Date.parse('2026-05-04T09:00:00Z'), average: 80.2, maximum: 91 },
            { atMs: Date.parse('2026-05-04T09:01:00Z'), average: null, maximum: null },
          ],
        },
      ],
    });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        headers: { authorization: 'Bearer for https://metrics.example/.default' },
        body: { resourceids: [FIREWALL_ID] },
      },
    ]);
    const { pathname, searchParams } = seen[0]?.url ?? new URL(base);
    expect(pathname).toBe(`${SUBSCRIPTION}/metrics:getBatch`);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      starttime: '2026-05-04T09:00:00.000Z',
      endtime: '2026-05-04T09:02:00.000Z',
      interval: 'PT1M',
      metricnamespace: 'Microsoft.Network/azureFirewalls',
      metricnames: 'SNATPortUtilization',
      aggregation: 'average,maximum',
      filter: "Protocol eq '*'",
    });
  });

  it('makes one try, and says who must act', async () => {
    answer = { status: 503, body: { error: { code: 'ServiceUnavailable', message: 'later' } } };

    expect(await run(METRICS())).toMatchObject({ code: 'MetricsUnavailable', actor: 'azure-temporary' });
    expect(seen).toHaveLength(1);
  });
});

describe('the official Event Grid client', () => {
  const publish = () => `
    import { createEventPublisher } from './lib/azure/event-publisher.ts';
    const publisher = createEventPublisher({ topicEndpoint: '${base}/api/events', credential, wait: async () => {} });
    console.log(JSON.stringify(await publisher.publish({
      kind: 'helpNeeded', baseline: 'prod', resource: '${FIREWALL_ID}', occasion: 'prod-7',
      at: '2026-05-04T09:13:00.000Z', data: { reason: 'The cap is reached.' },
    })));`;

  it('sends a batch of one CloudEvent of version 1.0', async () => {
    answer = { status: 200, body: {} };

    expect(await run(publish())).toEqual({ outcome: 'published', attempts: 1 });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        headers: {
          authorization: 'Bearer for https://eventgrid.azure.net/.default',
          'content-type': expect.stringContaining('application/cloudevents-batch+json'),
        },
        body: [
          {
            specversion: '1.0',
            id: expect.stringMatching(/^[0-9a-f]{32}$/),
            type: 'Hubkeeper.Reaction.HelpNeeded',
            source: '/hubkeeper/baselines/prod',
            subject: FIREWALL_ID,
            time: '2026-05-04T09:13:00.000Z',
            data: { baseline: 'prod', resource: FIREWALL_ID, occasion: 'prod-7', reason: 'The cap is reached.' },
          },
        ],
      },
    ]);
  });

  it('makes the three tries that we count, and no others of its own', async () => {
    answer = { status: 503, body: {} };

    expect(await run(publish())).toMatchObject({ outcome: 'failed', attempts: 3 });
    expect(seen).toHaveLength(3);
  });
});

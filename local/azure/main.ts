import { parseArgs } from 'node:util';
import { createLocalAppAddress } from './monitoring/local-app-address.ts';
import { createMetricsBatch } from './monitoring/metrics-batch.ts';
import { resourceTypes } from './resource-types/all.ts';
import { createSimulatedAzure } from './simulated-azure.ts';

/** Logs are lines of JSON on stderr; stdout has the one line that says that everything answers. */
function log(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields })}\n`);
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'identity-port': { type: 'string', default: '0' },
    database: { type: 'string', default: '.hubkeeper/azure.sqlite' },
    certificates: { type: 'string', default: '.hubkeeper/certificates' },
    speed: { type: 'string', default: '60' },
    seed: { type: 'string' },
    start: { type: 'string' },
    record: { type: 'string' },
    'ready-file': { type: 'string' },
  },
});

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) {
    log('error', 'Bad option', { option: `--${name}`, value: text, remedy: 'Give a number from 0.' });
    process.exit(2);
  }
  return number;
}

function startMs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    log('error', 'Bad option', { option: '--start', value: text, remedy: 'Give a time as in ISO 8601.' });
    process.exit(2);
  }
  return ms;
}

const azure = await createSimulatedAzure({
  port: whole('port', values.port),
  identityPort: whole('identity-port', values['identity-port']),
  database: values.database,
  certificates: values.certificates,
  speed: whole('speed', values.speed),
  resourceTypes,
  addressOf: createLocalAppAddress(values['ready-file']),
  dataPlane: (simulation, tokens) => createMetricsBatch(simulation.world, tokens),
  ...(values.seed === undefined ? {} : { seed: whole('seed', values.seed) }),
  ...(values.start === undefined ? {} : { startMs: startMs(values.start) }),
  ...(values.record === undefined ? {} : { record: values.record }),
  log,
}).catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  log('error', 'Cannot start', { reason, remedy: 'Free the port, or end the other simulation on this state.' });
  process.exit(1);
});

let ending = false;
async function end(reason: string): Promise<void> {
  if (ending) return;
  ending = true;
  log('info', 'Ending', { reason });
  await azure.close();
  process.exit(0);
}

process.on('SIGTERM', () => void end('SIGTERM'));
process.on('SIGINT', () => void end('SIGINT'));
process.stdin.on('close', () => void end('stdin closed'));
process.stdin.on('end', () => void end('stdin closed'));
process.stdin.resume();

process.stdout.write(
  `${JSON.stringify({
    ready: true,
    arm: azure.armUrl,
    caFile: azure.certificates.caFile,
    identityEndpoint: azure.identityEndpoint,
    identityHeader: azure.identityHeader,
    storageCertificateFile: azure.certificates.storage.certificateFile,
    storageKeyFile: azure.certificates.storage.keyFile,
  })}\n`,
);

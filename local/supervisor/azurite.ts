import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

// Azurite in a process of its own that ends with whoever holds its standard input. It prints one line when it listens:
// {"ready":true,"blob":URL,"queue":URL,"table":URL}

const ACCOUNT = 'devstoreaccount1';
/** Azurite writes its files every five seconds; a kill would lose as much, which no storage account would. */
const SAVE_EVERY_MS = 200;

const { values: options } = parseArgs({
  options: {
    state: { type: 'string' },
    memory: { type: 'boolean', default: false },
    certificate: { type: 'string' },
    key: { type: 'string' },
    'blob-port': { type: 'string', default: '0' },
    'queue-port': { type: 'string', default: '0' },
    'table-port': { type: 'string', default: '0' },
  },
});

function required(name: 'state' | 'certificate' | 'key'): string {
  const value = options[name];
  if (value === undefined) throw new Error(`--${name} is required.`);
  return value;
}

interface Loki {
  prototype: { autosaveEnable(this: { autosaveInterval: number }, ...rest: unknown[]): unknown };
}

const requireAsAzurite = createRequire(import.meta.resolve('azurite/package.json'));
const loki: Loki = requireAsAzurite('lokijs');
const { autosaveEnable } = loki.prototype;
loki.prototype.autosaveEnable = function (...rest) {
  this.autosaveInterval = SAVE_EVERY_MS;
  return autosaveEnable.apply(this, rest);
};

const urls = new Map<string, string>();
const print = console.log;
console.log = (...parts: unknown[]) => {
  print(...parts);
  const found = /Azurite (Blob|Queue|Table) service is successfully listening at (\S+)/.exec(String(parts[0]));
  if (found?.[1] === undefined) return;
  urls.set(found[1].toLowerCase(), `${found[2]}/${ACCOUNT}`);
  if (urls.size < 3) return;
  print(JSON.stringify({ ready: true, ...Object.fromEntries(urls) }));
};

const host = '127.0.0.1';
process.argv = [
  ...process.argv.slice(0, 2),
  ...['--blobHost', host, '--blobPort', options['blob-port']],
  ...['--queueHost', host, '--queuePort', options['queue-port']],
  ...['--tableHost', host, '--tablePort', options['table-port']],
  ...['--cert', required('certificate'), '--key', required('key'), '--oauth', 'basic'],
  ...(options.memory ? ['--inMemoryPersistence'] : ['--location', required('state')]),
  ...['--skipApiVersionCheck', '--silent', '--disableTelemetry'],
];
requireAsAzurite('./dist/src/azurite.js');

// Azurite listens for its first signal alone; a second one must not stop it while it closes its files.
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();

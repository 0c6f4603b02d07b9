/**
 * The embedded Functions host as a process:
 *
 *     node local/host/main.ts --app dist/main.cjs --host-json host.json --database FILE
 *         [--port N] [--control-port N] [--clock URL] [--require-keys] [--keys-file FILE]
 *         [--faults JSON] [--log-level LEVEL] [--ignore-stdin]
 *
 * App settings come from the environment. When it answers it prints one JSON line
 * `{"ready":true,"functions":"http://127.0.0.1:PORT","control":"http://127.0.0.1:PORT2/_host"}`; logs are JSON lines on
 * stderr. It ends on SIGTERM, and when its stdin closes, for then its supervisor has died.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SimulatedClock } from '../clock.ts';
import { clockFromMaster, joinClock } from './clock-link.ts';
import { functionsCore } from './core.ts';
import { createEmbeddedHost } from './embedded-host.ts';
import { readFaultSwitches } from './faults.ts';
import { setHostEnvironment } from './host-environment.ts';
import { hostKeysFromFile, makeHostKeys } from './host-keys.ts';
import { isLogLevel, jsonLineLog, messageOf } from './host-log.ts';
import { readHostSettings } from './host-settings.ts';
import { loadApp } from './load-app.ts';

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    'host-json': { type: 'string' },
    database: { type: 'string' },
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    clock: { type: 'string' },
    'require-keys': { type: 'boolean', default: false },
    'keys-file': { type: 'string' },
    faults: { type: 'string' },
    'log-level': { type: 'string' },
    'ignore-stdin': { type: 'boolean', default: false },
  },
});

function required(name: 'app' | 'host-json' | 'database'): string {
  const value = values[name];
  if (value === undefined) throw new Error(`The option --${name} is missing.`);
  return value;
}

async function main(): Promise<void> {
  const hostJson: unknown = JSON.parse(readFileSync(required('host-json'), 'utf8'));
  const settings = process.env;
  const level = values['log-level']?.toLowerCase() ?? readHostSettings(hostJson, settings).logLevel;
  if (!isLogLevel(level)) throw new Error(`--log-level "${level}" is no level.`);
  const log = jsonLineLog((line) => process.stderr.write(line), level);
  const wallMs = Date.now();
  const clock =
    values.clock === undefined
      ? new SimulatedClock({ simulatedMs: wallMs, wallMs, speed: 1 })
      : await clockFromMaster(values.clock);
  // The app may read it while it loads; with port 0 it is known only later.
  setHostEnvironment(Number(values.port));
  loadApp(required('app'));
  const host = createEmbeddedHost({
    core: functionsCore,
    hostJson,
    settings,
    databaseFile: required('database'),
    clock,
    port: Number(values.port),
    controlPort: Number(values['control-port']),
    requireKeys: values['require-keys'],
    keys: values['keys-file'] === undefined ? makeHostKeys() : hostKeysFromFile(values['keys-file']),
    log,
    onSuperseded: () => process.exit(1),
  });
  if (values.faults !== undefined) host.setFaults(readFaultSwitches(JSON.parse(values.faults)));
  if (host.functions.length === 0) throw new Error('The app registered no function.');
  await host.start();
  if (values.clock !== undefined) await joinClock(values.clock, `${host.controlUrl}/clock`);

  let ending = false;
  const end = (reason: string): void => {
    if (ending) return;
    ending = true;
    log('information', 'The embedded host ends', { reason });
    clock.stop();
    void host.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  if (!values['ignore-stdin']) {
    process.stdin.on('end', () => end('stdin closed'));
    process.stdin.on('error', () => end('stdin closed'));
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, functions: host.functionsUrl, control: host.controlUrl })}\n`);
}

/** As a language worker does: what nobody caught ends the process, and whoever supervises it starts another. */
function die(message: string, thrown: unknown): never {
  process.stderr.write(`${JSON.stringify({ level: 'critical', message, error: messageOf(thrown) })}\n`);
  process.exit(1);
}

process.on('uncaughtException', (thrown) => die('An exception was not caught', thrown));
process.on('unhandledRejection', (thrown) => die('A rejection was not handled', thrown));
main().catch((thrown) => die('The embedded host cannot start', thrown));

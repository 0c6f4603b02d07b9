import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LocalEnvironment, type Ready } from './supervisor/local-environment.ts';
import { StartFailure } from './supervisor/managed-process.ts';
import { entriesOf, type StartOptions } from './supervisor/options.ts';
import { PortTaken, readPort } from './supervisor/port.ts';
import { provisionOnce } from './supervisor/provision.ts';
import { logsDirectory } from './supervisor/state-files.ts';
import { StateLocked } from './supervisor/state-lock.ts';

const LOOK_FOR_NPM_EVERY_MS = 500;

const root = resolve(import.meta.dirname, '..');

interface Flags {
  readonly fresh: boolean;
  readonly state: string;
  readonly readyFile?: string;
  readonly speed: number;
  readonly stepped: boolean;
  readonly seed: number;
  readonly startTime?: string;
  readonly record?: string;
  readonly empty: boolean;
  readonly requireKeys: boolean;
  readonly kubeconfig?: string;
  readonly storageInMemory: boolean;
  readonly endWithInput: boolean;
  readonly app: string;
  readonly host: 'embedded' | 'core-tools';
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

function isoTime(text: string): string {
  if (Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('It must be a time as in ISO 8601.');
  return text;
}

/** @throws StartFailure with the way to get them. */
function requireCoreTools(): void {
  if (spawnSync('func', ['--version'], { stdio: 'ignore' }).status === 0) return;
  throw new StartFailure(
    'Azure Functions Core Tools (func) are not on the PATH. Install them with ' +
      '"npm install --global azure-functions-core-tools@4", or run the same app on the embedded host with "npm start".',
  );
}

function optionsOf(flags: Flags): StartOptions {
  if (flags.kubeconfig !== undefined) {
    throw new RangeError(
      '--kubeconfig comes with the simulated cluster, which is not in this version. Start without it.',
    );
  }
  const stateDirectory = resolve(flags.state);
  return {
    root,
    stateDirectory,
    readyFile: flags.readyFile === undefined ? join(stateDirectory, 'ready.json') : resolve(flags.readyFile),
    fresh: flags.fresh,
    empty: flags.empty,
    requireKeys: flags.requireKeys,
    speed: flags.stepped ? 0 : flags.speed,
    seed: flags.seed,
    startTime: flags.startTime,
    recordFile: flags.record === undefined ? undefined : resolve(flags.record),
    storageInMemory: flags.storageInMemory,
    endWithInput: flags.endWithInput,
    appFile: resolve(flags.app),
    hostJsonFile: join(root, 'host.json'),
    host: flags.host === 'core-tools' ? 'coreTools' : 'embedded',
    functionsPort: readPort(process.env, 'HUBKEEPER_FUNCTIONS_PORT', 7071),
    armPort: readPort(process.env, 'HUBKEEPER_ARM_PORT', 7072),
    entries: entriesOf(root),
    cliFile: join(root, 'dist/hubkeeper.cjs'),
    specFile: join(root, 'samples/aks-baseline.yaml'),
  };
}

function introduce(ready: Ready, options: StartOptions): void {
  const time = options.speed === 0 ? 'moves only when told' : `runs ${options.speed} times as fast as yours`;
  const lines = [
    ['Functions', `${ready.functions}/api`],
    ['Simulated Azure', `${ready.arm} (trust ${here(ready.caFile)})`],
    ['Simulated time', time],
    ['Ready file', here(options.readyFile)],
    ['Logs', here(logsDirectory(options.stateDirectory))],
  ] as const;
  for (const [name, value] of lines) console.log(`${`${name}:`.padEnd(17)}${value}`);
}

function here(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

async function provision(options: StartOptions, ready: Ready, caFile: string, signal: AbortSignal): Promise<void> {
  if (options.empty) return;
  const result = await provisionOnce(options, ready, caFile, signal);
  if (signal.aborted) return;
  const spec = here(options.specFile);
  switch (result) {
    case 'done':
      console.log(`${spec} is provisioned. Ask the API: ${askText(options, ready)}`);
      return;
    case 'already':
      console.log(`${spec} was provisioned by an earlier start; --fresh begins anew.`);
      return;
    case 'waiting':
      console.log(`${spec} waits for an approval: npm run hubkeeper -- approvals. The environment stays up.`);
      return;
    case 'failed':
      console.log(`${spec} could not be provisioned; what was said above tells why. The environment stays up.`);
      return;
    default:
      result satisfies never;
  }
}

/** A call that answers: with keys, the key is read from the ready file and goes into a header. */
function askText(options: StartOptions, ready: Ready): string {
  const address = `${ready.functions}/api/baselines`;
  if (!options.requireKeys) return `curl ${address}`;
  return `curl -H "x-functions-key: KEY" ${address} (KEY is functionKey in ${here(options.readyFile)})`;
}

/** Runs an environment until it is told to stop. Exit code 1 when it could not start or not go on. */
async function start(flags: Flags): Promise<void> {
  const stop = new AbortController();
  let failure: Error | undefined;
  const options = optionsOf(flags);
  const environment = new LocalEnvironment(options, {
    note: (message) => console.log(message),
    lost: (reason) => {
      failure = reason;
      stop.abort(reason.message);
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
  if (options.endWithInput) process.stdin.on('end', () => stop.abort('standard input ended')).resume();
  endWithNpm(stop);
  const stopped = once(stop.signal, 'abort');

  try {
    if (options.host === 'coreTools') requireCoreTools();
    const started = environment.start();
    // Stopping makes the start fail, which is then no news.
    started.catch(() => {});
    const ready = await Promise.race([started, stopped.then(() => undefined)]);
    if (ready !== undefined) {
      introduce(ready, options);
      await provision(options, ready, environment.trustedCertificatesFile, stop.signal);
      if (!stop.signal.aborted) console.log('Ctrl-C stops it.');
      await stopped;
      console.log(`Stopping (${stop.signal.reason}).`);
    }
  } catch (error) {
    if (!isForPeople(error)) throw error;
    failure = error;
  } finally {
    await environment.stop();
  }
  if (failure !== undefined) {
    console.error(failure.message);
    process.exitCode = 1;
    return;
  }
  console.log(options.storageInMemory ? 'Stopped.' : 'Stopped. npm start continues it.');
}

/** Under npm: ends when npm has gone without a word, since nobody would know what to stop any more. */
function endWithNpm(stop: AbortController): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = () => {
    if (process.ppid !== parent) stop.abort('npm has ended');
  };
  setInterval(look, LOOK_FOR_NPM_EVERY_MS).unref();
}

function isForPeople(error: unknown): error is Error {
  return error instanceof StartFailure || error instanceof PortTaken || error instanceof StateLocked;
}

const program = new Command('npm start --').description(
  "Hubkeeper's local environment: the app on an embedded Functions host, against a simulated Azure.",
);
program
  .command('start', { isDefault: true })
  .description('Start it, provision samples/aks-baseline.yaml if that was not done before, and stay up.')
  .option('--fresh', 'forget what an earlier run left', false)
  .option('--state <dir>', 'folder of everything that survives a stop', '.hubkeeper')
  .option('--ready-file <file>', 'JSON with every address, written when they answer (default: DIR/ready.json)')
  .option('--speed <n>', 'simulated seconds for each real second', positiveNumber, 60)
  .addOption(new Option('--stepped', 'time moves only when told').default(false).conflicts('speed'))
  .option('--seed <n>', 'makes what is drawn by lot repeatable', wholeNumber, 1)
  .option('--start-time <time>', 'simulated time of the very first start, as in ISO 8601 (default: now)', isoTime)
  .option('--record <file>', 'write every ARM exchange as a JSON line')
  .option('--empty', 'provision nothing', false)
  .option('--require-keys', 'ask for function keys as Azure does', false)
  .option('--kubeconfig <file>', 'comes with the simulated cluster, which is not in this version')
  .option('--app <file>', 'the built app', join(root, 'dist/main.cjs'))
  .addOption(
    new Option('--host <kind>', 'what runs the functions').choices(['embedded', 'core-tools']).default('embedded'),
  )
  .addOption(new Option('--storage-in-memory', 'lose the storage account at the end').default(false).hideHelp())
  .addOption(new Option('--end-with-input', 'stop when standard input ends').default(false).hideHelp())
  .addHelpText(
    'after',
    `
Ports: HUBKEEPER_FUNCTIONS_PORT (7071), HUBKEEPER_ARM_PORT (7072); 0 picks a free one.
HUBKEEPER_CLUSTER_PORT (7073) comes with the simulated cluster, which is not in this version.

Examples:
  npm start                                   provision the sample and stay up
  npm start -- --fresh --speed 600            anew, ten simulated minutes a second
  npm start -- --empty --record arm.jsonl     nothing provisioned, every ARM exchange recorded`,
  )
  .action(start);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

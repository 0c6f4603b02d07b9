import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ready } from '../../local/supervisor/local-environment.ts';
import { eventually } from './eventually.ts';
import { httpJson, type JsonResponse } from './http-json.ts';

/** How a scenario's environment is started. */
export interface EnvironmentOptions {
  /** Time moves only by `advance`. Default true. */
  readonly stepped?: boolean;
  /** Simulated seconds for each real second where `stepped` is false. */
  readonly speed?: number;
  readonly seed?: number;
  /**
   * Name of the recording of every ARM exchange, without extension; `null` records nothing. Default: by process and
   * number.
   */
  readonly record?: string | null;
  /** The scenario sends ARM what no Azure would take: its recording lies apart from those that must be legal. */
  readonly illegal?: boolean;
  readonly requireKeys?: boolean;
  /** State of an earlier environment that was stopped with `keepState`. */
  readonly stateDirectory?: string;
  /** Keep storage in files, so that it survives a stop. Default: as `stateDirectory` is given or not. */
  readonly keepStorage?: boolean;
  /** Another app than the product: a bundle, as built by `buildApp`. */
  readonly appFile?: string;
  /** Further environment variables of the processes: app settings, say. */
  readonly settings?: Readonly<Record<string, string>>;
}

const RECORDINGS = 'test-output/recordings';
const ILLEGAL_RECORDINGS = 'test-output/illegal-recordings';
/** Wall time for all processes to come up on a busy machine. */
const START_WITHIN_SECONDS = 120;
/** Wall time in which a supervisor must be gone after it was told to stop; it kills what hangs before that. */
const STOP_WITHIN_SECONDS = 30;
/** One advance may run through hours of simulated work. */
const ADVANCE_TIMEOUT_SECONDS = 300;
const LOG_TAIL_CHARACTERS = 8_000;

const root = process.cwd();
let counter = 0;

/** Node as the project wants it, whatever runs the tests. */
function nodeFile(): string {
  const installed = join(root, 'node_modules/node/bin/node');
  return existsSync(installed) ? installed : process.execPath;
}

/** Builds the product (which takes no time when nothing changed), or another app into a folder of its own. */
export function buildApp(app?: { readonly entryFile: string; readonly outputDirectory: string }): void {
  const forOther = app === undefined ? [] : ['--app', app.entryFile, '--output', app.outputDirectory, '--no-cli'];
  const { status, stderr } = spawnSync(nodeFile(), [join(root, 'scripts/build.ts'), ...forOther], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The app could not be built: ${stderr}`);
}

/** A local environment in processes of its own, for one scenario. Always `stop()` it: in `afterEach` or `afterAll`. */
export class TestEnvironment {
  readonly stateDirectory: string;
  /** Where ARM exchanges are recorded; `null`: nowhere. */
  readonly recordFile: string | null;
  readonly #child: ChildProcess;
  readonly #readyFile: string;
  #output = '';
  #ca = '';

  constructor(child: ChildProcess, stateDirectory: string, readyFile: string, recordFile: string | null) {
    this.#child = child;
    this.stateDirectory = stateDirectory;
    this.#readyFile = readyFile;
    this.recordFile = recordFile;
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    // It may be gone before its input is closed: that is no news.
    child.stdin?.on('error', () => {});
  }

  /**
   * What the ready file says now; the host's process id changes when it is started again.
   * @throws with what was printed and logged when the environment has ended, which takes the file away.
   */
  get ready(): Ready {
    if (!existsSync(this.#readyFile)) throw new Error(`${this.#whyUnready()}\n${this.#output}\n${this.logs()}`);
    return JSON.parse(readFileSync(this.#readyFile, 'utf8'));
  }

  #whyUnready(): string {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null)
      return existsSync(this.stateDirectory)
        ? 'The environment is stopping, or has not come up yet.'
        : `Somebody has removed the state folder ${this.stateDirectory} while the environment runs.`;
    return `The environment has ended (${signalCode ?? `exit code ${exitCode}`}).`;
  }

  /** What the supervisor printed. */
  get output(): string {
    return this.#output;
  }

  /** @throws with everything that was printed when it does not come up. */
  async untilReady(): Promise<void> {
    const seen = eventually(
      'the environment is ready',
      () => {
        if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          throw new Error(`The environment ended instead of coming up.\n${this.#output}`);
        }
        return existsSync(this.#readyFile) ? true : undefined;
      },
      START_WITHIN_SECONDS,
    );
    await seen.catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.#output}\n${this.logs()}`);
    });
    this.#ca = readFileSync(this.ready.caFile, 'utf8');
  }

  /** A call to the app: `api('PUT', '/api/baselines/main', yamlText)`. A string body goes as YAML. */
  api<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonResponse<Body>> {
    const { functions, functionKey } = this.ready;
    const key: Record<string, string> = functionKey === undefined ? {} : { 'x-functions-key': functionKey };
    return httpJson<Body>({
      method,
      url: `${functions}${path}`,
      body,
      headers: { 'x-hubkeeper-user': 'scenario', ...key, ...headers },
    });
  }

  /** A control of the simulation: `sim('GET', 'state')`. */
  sim<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    timeoutSeconds?: number,
  ): Promise<JsonResponse<Body>> {
    const url = `${this.ready.arm}/_sim/${path}`;
    return httpJson<Body>({
      method,
      url,
      body,
      ca: this.#ca,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    });
  }

  /** Somebody else's call to ARM: `armAs('colleague', 'DELETE', '/subscriptions/…?api-version=…')`. */
  armAs<Body = unknown>(
    principal: string,
    method: string,
    armPath: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonResponse<Body>> {
    return httpJson<Body>({
      method,
      url: `${this.ready.arm}${armPath}`,
      body,
      headers: { 'x-sim-principal': principal, ...headers },
      ca: this.#ca,
    });
  }

  /** A control of the host: `hostControl('GET', 'instances')`. */
  hostControl<Body = unknown>(method: string, path: string, body?: unknown): Promise<JsonResponse<Body>> {
    const { control } = this.ready;
    if (control === null) throw new Error('This host has no controls.');
    return httpJson<Body>({ method, url: `${control}/${path}`, body });
  }

  /** Moves time on, through everything that falls due, until nothing is runnable. @throws when the simulation refuses. */
  async advance(seconds: number): Promise<void> {
    const { status, body } = await this.sim('POST', 'clock', { advanceSeconds: seconds }, ADVANCE_TIMEOUT_SECONDS);
    if (status !== 200) throw new Error(`The clock did not move: ${status} ${JSON.stringify(body)}`);
  }

  /**
   * Moves time on in steps until there is something to see.
   * @throws with `what` after `maximumSeconds` of simulated time.
   */
  async advanceUntil<Value>(
    what: string,
    look: () => Promise<Value | undefined>,
    maximumSeconds: number,
    stepSeconds = 60,
  ): Promise<Value> {
    for (let passed = 0; ; passed += stepSeconds) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (passed >= maximumSeconds)
        throw new Error(`After ${passed} simulated seconds it had not come to this: ${what}.`);
      await this.advance(stepSeconds);
    }
  }

  /** Kills the Functions host outright and waits until the supervisor has brought it back. */
  async killHost(): Promise<void> {
    const { pid } = this.ready;
    process.kill(pid, 'SIGKILL');
    await eventually('the host is back', () => (this.ready.pid === pid ? undefined : true));
  }

  /** Kills the supervisor outright, as a crash of the machine would; the others end by themselves. State stays. */
  async crash(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Everything the processes logged, for a failing test's message. */
  logs(): string {
    const files = ['functions', 'azure', 'storage'].map((name) => join(this.stateDirectory, 'logs', `${name}.log`));
    return files
      .filter((file) => existsSync(file))
      .map((file) => `== ${file}\n${readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARACTERS)}`)
      .join('\n');
  }

  /** Ends every process. With `keepState` the state folder stays, for another start or a look into it. */
  async stop({ keepState = false }: { readonly keepState?: boolean } = {}): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_WITHIN_SECONDS * 1000) });
      this.#child.stdin?.end();
      this.#child.kill('SIGTERM');
      await exited.catch(() => this.#child.kill('SIGKILL'));
    }
    // After a crash the others may still be writing their last.
    if (!keepState) rmSync(this.stateDirectory, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Starts an environment on free ports in a state folder of its own, with nothing provisioned. */
export async function startEnvironment(options: EnvironmentOptions = {}): Promise<TestEnvironment> {
  if (options.appFile === undefined) buildApp();
  counter += 1;
  const stateDirectory = options.stateDirectory ?? mkdtempSync(join(tmpdir(), 'hubkeeper-scenario-'));
  const readyFile = join(stateDirectory, 'ready.json');
  rmSync(readyFile, { force: true });
  const recordFile = recordFileOf(options);
  const keepStorage = options.keepStorage ?? options.stateDirectory !== undefined;
  const child = spawn(
    nodeFile(),
    [
      join(root, 'local/main.ts'),
      ...['start', '--empty', '--end-with-input', '--state', stateDirectory, '--ready-file', readyFile],
      ...(options.stepped === false ? ['--speed', String(options.speed ?? 60)] : ['--stepped']),
      ...['--seed', String(options.seed ?? 1)],
      ...(options.stepped === false ? [] : ['--start-time', fiveMinutesPast()]),
      ...(recordFile === null ? [] : ['--record', recordFile]),
      ...(options.requireKeys === true ? ['--require-keys'] : []),
      ...(keepStorage ? [] : ['--storage-in-memory']),
      ...(options.appFile === undefined ? [] : ['--app', options.appFile]),
    ],
    {
      cwd: root,
      env: { ...environmentOfPeople(), HUBKEEPER_FUNCTIONS_PORT: '0', HUBKEEPER_ARM_PORT: '0', ...options.settings },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const environment = new TestEnvironment(child, stateDirectory, readyFile, recordFile);
  try {
    await environment.untilReady();
  } catch (error) {
    await environment.stop({ keepState: options.stateDirectory !== undefined });
    throw error;
  }
  return environment;
}

/** The present hour's fifth minute: what is due on the hour comes at the same place in every run of a scenario. */
function fiveMinutesPast(): string {
  const hourMs = 3_600_000;
  return new Date(Math.floor(Date.now() / hourMs) * hourMs + 5 * 60_000).toISOString();
}

/** Without what the test runner set for itself: libraries act differently under it. */
function environmentOfPeople(): NodeJS.ProcessEnv {
  const { NODE_ENV: _, JEST_WORKER_ID: __, ...rest } = process.env;
  return rest;
}

function recordFileOf({ record, illegal = false }: EnvironmentOptions): string | null {
  if (record === null) return null;
  const folder = join(root, illegal ? ILLEGAL_RECORDINGS : RECORDINGS);
  mkdirSync(folder, { recursive: true });
  return join(folder, `${record ?? `scenario-${process.pid}-${counter}`}.jsonl`);
}

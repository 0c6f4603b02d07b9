import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readHostKey } from './function-key.ts';
import type { Surroundings } from './host-environment.ts';
import { type KeeperEvents, KeptProcess } from './kept-process.ts';
import { awaitLeftovers, noteProcesses } from './leftovers.ts';
import { type ManagedProcess, type ProcessEnd, StartFailure } from './managed-process.ts';
import type { StartOptions } from './options.ts';
import { pickFreePort, requireFreePort } from './port.ts';
import { subscribeToResourceEvents } from './resource-events.ts';
import {
  type AzureReport,
  azureSpecification,
  type HostReport,
  hostSpecification,
  readAzureReport,
  readHostReport,
  readStorageReport,
  type StorageReport,
  storageSpecification,
} from './specifications.ts';
import { certificatesDirectory, forgetState, prepareState } from './state-files.ts';
import { lockState, type StateLock, StateLocked } from './state-lock.ts';
import { writeJsonAtomically } from './write-atomically.ts';

/** The ready file: where everything is. The first three are base URLs. */
export interface Ready {
  readonly functions: string;
  readonly arm: string;
  /** Kubernetes API of the simulated cluster; `null` as long as there is none. */
  readonly cluster: string | null;
  /** Certificate authority to trust for `arm`. */
  readonly caFile: string;
  /** The Functions host. */
  readonly pid: number;
  /** Base URL of the host's own controls; `null` under Core Tools. */
  readonly control: string | null;
  /** Only where keys are asked for. */
  readonly functionKey?: string;
}

/** What the owner of an environment learns while it runs. */
export interface EnvironmentEvents {
  note(message: string): void;
  /** It cannot go on. */
  lost(reason: Error): void;
}

/** Port of a base URL. */
function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** @throws StateLocked, StartFailure when the folder cannot be made or written to. */
function openState(stateDirectory: string): StateLock {
  try {
    mkdirSync(stateDirectory, { recursive: true });
    return lockState(stateDirectory);
  } catch (error) {
    if (error instanceof StateLocked || !(error instanceof Error)) throw error;
    throw new StartFailure(
      `The state folder ${stateDirectory} cannot be used (${error.message}). Give another one with --state DIR.`,
    );
  }
}

/** Simulated Azure, storage and Functions host, in processes of their own, kept alive. */
export class LocalEnvironment {
  readonly #options: StartOptions;
  readonly #events: EnvironmentEvents;
  readonly #azure: KeptProcess;
  readonly #storage: KeptProcess;
  readonly #host: KeptProcess;
  #lock: StateLock | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  #azureReport: AzureReport | undefined;
  #storageReport: StorageReport | undefined;
  #hostReport: HostReport | undefined;
  #functionsPort = 0;
  /** What the running host was told. */
  #told: string | undefined;

  constructor(options: StartOptions, events: EnvironmentEvents) {
    this.#options = options;
    this.#events = events;
    this.#azure = new KeptProcess(
      () => this.#specifyAzure(),
      this.#keeper((process) => this.#azureIsUp(process)),
    );
    this.#storage = new KeptProcess(
      () => this.#specifyStorage(),
      this.#keeper((process) => this.#storageIsUp(process)),
    );
    this.#host = new KeptProcess(
      () => this.#specifyHost(),
      this.#keeper((process) => this.#hostIsUp(process)),
    );
  }

  /**
   * Starts everything and writes the ready file.
   * @throws StateLocked, PortTaken, StartFailure: each with a message for people.
   */
  start(): Promise<Ready> {
    const starting = this.#start();
    this.#starting = starting;
    return starting;
  }

  async #start(): Promise<Ready> {
    const { stateDirectory, readyFile, fresh, functionsPort, armPort, recordFile } = this.#options;
    this.#lock = openState(stateDirectory);
    // A reader must not take the file of an earlier run for this one's.
    rmSync(readyFile, { force: true });
    await awaitLeftovers(stateDirectory);
    await requireFreePort(functionsPort);
    await requireFreePort(armPort);
    if (fresh) await forgetState(stateDirectory);
    await prepareState(stateDirectory);
    if (recordFile !== undefined) mkdirSync(dirname(recordFile), { recursive: true });
    this.#functionsPort =
      this.#options.host === 'coreTools' && functionsPort.port === 0 ? await pickFreePort() : functionsPort.port;
    await this.#azure.start();
    await this.#storage.start();
    await this.#host.start();
    return this.#ready();
  }

  /** Ends everything: first the host, which uses the others. Safe to call at any time, more than once. */
  async stop(): Promise<void> {
    if (this.#lock === undefined) return;
    rmSync(this.#options.readyFile, { force: true });
    await this.#host.stop();
    await Promise.all([this.#azure.stop(), this.#storage.stop()]);
    await Promise.allSettled([this.#starting]);
    this.#notePids();
    this.#lock.release();
    this.#lock = undefined;
  }

  #keeper(up: (process: ManagedProcess) => Promise<void>): KeeperEvents {
    return {
      up,
      down: (name: string, { exitCode, signal }: ProcessEnd) =>
        this.#events.note(`${name} ended (${signal ?? `exit code ${exitCode}`}); starting it again.`),
      lost: (reason) => this.#events.lost(reason),
      pidsChanged: () => this.#notePids(),
    };
  }

  #notePids(): void {
    const pids = [this.#azure, this.#storage, this.#host].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    noteProcesses(this.#options.stateDirectory, pids);
  }

  #specifyAzure() {
    return azureSpecification(
      this.#options,
      this.#azureReport === undefined ? this.#options.armPort.port : portOf(this.#azureReport.armUrl),
    );
  }

  #specifyStorage() {
    const before = this.#storageReport;
    return storageSpecification(
      this.#options,
      known(this.#azureReport),
      before === undefined ? [0, 0, 0] : [portOf(before.blobUrl), portOf(before.queueUrl), portOf(before.tableUrl)],
    );
  }

  #specifyHost() {
    const surroundings = this.#surroundings();
    this.#told = JSON.stringify(surroundings);
    return hostSpecification(
      this.#options,
      surroundings,
      this.#hostReport === undefined ? this.#functionsPort : portOf(this.#hostReport.functionsUrl),
    );
  }

  #surroundings(): Surroundings {
    const { armUrl, identityEndpoint, identityHeader } = known(this.#azureReport);
    return {
      armUrl,
      identityEndpoint,
      identityHeader,
      ...known(this.#storageReport),
      trustedCertificatesFile: this.trustedCertificatesFile,
    };
  }

  /** Certificates that clients of the simulation trust: ours and those that were trusted before. */
  get trustedCertificatesFile(): string {
    return join(certificatesDirectory(this.#options.stateDirectory), 'trusted.pem');
  }

  async #azureIsUp(managed: ManagedProcess): Promise<void> {
    const report = readAzureReport(managed.report);
    this.#azureReport = report;
    const inherited = process.env.NODE_EXTRA_CA_CERTS;
    const files = [...(inherited === undefined || inherited === '' ? [] : [inherited]), report.caFile];
    writeFileSync(
      this.trustedCertificatesFile,
      files
        .map((file) => readFileSync(file, 'utf8').trimEnd())
        .join('\n')
        .concat('\n'),
    );
    await this.#tellHost();
  }

  async #storageIsUp(managed: ManagedProcess): Promise<void> {
    this.#storageReport = readStorageReport(managed.report);
    await this.#tellHost();
  }

  /** A host keeps the addresses and the identity it was started with: when they changed, it starts anew. */
  async #tellHost(): Promise<void> {
    if (this.#hostReport === undefined || this.#told === JSON.stringify(this.#surroundings())) return;
    await this.#host.restart();
  }

  async #hostIsUp(managed: ManagedProcess): Promise<void> {
    this.#hostReport = readHostReport(managed.report);
    await this.#subscribe();
    const ready = this.#ready();
    mkdirSync(dirname(this.#options.readyFile), { recursive: true });
    writeJsonAtomically(this.#options.readyFile, ready, 0o600);
  }

  async #subscribe(): Promise<void> {
    const { armUrl, caFile } = known(this.#azureReport);
    const { functionsUrl } = known(this.#hostReport);
    const { requireKeys, stateDirectory } = this.#options;
    const key = requireKeys ? { eventGridKey: readHostKey(stateDirectory, 'eventGridKey') } : {};
    const problem = await subscribeToResourceEvents({ armUrl, caFile, functionsUrl, ...key });
    if (problem !== undefined) this.#events.note(problem);
  }

  #ready(): Ready {
    const { armUrl, caFile } = known(this.#azureReport);
    const { functionsUrl, controlUrl } = known(this.#hostReport);
    const pid = known(this.#host.pid);
    const ready = { functions: functionsUrl, arm: armUrl, cluster: null, caFile, pid, control: controlUrl };
    if (!this.#options.requireKeys) return ready;
    return { ...ready, functionKey: readHostKey(this.#options.stateDirectory, 'functionKey') };
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('A process was asked about before it was ready.');
  return value;
}

import { join } from 'node:path';
import { readAppSettings } from './app-settings.ts';
import { clientEnvironment, hostEnvironment, type Surroundings } from './host-environment.ts';
import type { ProcessSpecification } from './managed-process.ts';
import type { StartOptions } from './options.ts';
import { certificatesDirectory, databaseOf, functionKeysFile, logOf, storageDirectory } from './state-files.ts';

/** What the simulated Azure reports when it is ready. */
export interface AzureReport {
  readonly armUrl: string;
  /** The certificate authority that everything in here trusts. */
  readonly caFile: string;
  readonly identityEndpoint: string;
  readonly identityHeader: string;
  readonly storageCertificateFile: string;
  readonly storageKeyFile: string;
}

/** What storage reports when it is ready. */
export interface StorageReport {
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
}

/** What the Functions host reports when it is ready. */
export interface HostReport {
  readonly functionsUrl: string;
  /** Base URL of the host's own controls; Core Tools has none. */
  readonly controlUrl: string | null;
}

/** Slow machines load the SDKs slowly. */
const READY_WITHIN_SECONDS = 60;
/** Core Tools fetches the extension bundle on its first start. */
const CORE_TOOLS_READY_WITHIN_SECONDS = 300;

export function azureSpecification(options: StartOptions, port: number): ProcessSpecification {
  return {
    name: 'Simulated Azure',
    arguments: [
      options.entries.azure,
      ...['--port', String(port)],
      ...['--database', databaseOf(options.stateDirectory, 'azure')],
      ...['--certificates', certificatesDirectory(options.stateDirectory)],
      ...['--speed', String(options.speed)],
      ...['--seed', String(options.seed)],
      ...(options.startTime === undefined ? [] : ['--start', options.startTime]),
      ...['--ready-file', options.readyFile],
      ...(options.recordFile === undefined ? [] : ['--record', options.recordFile]),
    ],
    workingDirectory: options.root,
    environment: { ...process.env },
    logFile: logOf(options.stateDirectory, 'azure'),
    readyWithinSeconds: READY_WITHIN_SECONDS,
  };
}

/** @param ports of blob, queue and table service; zeros pick free ones. */
export function storageSpecification(
  options: StartOptions,
  azure: AzureReport,
  ports: readonly [number, number, number],
): ProcessSpecification {
  return {
    name: 'Storage (Azurite)',
    arguments: [
      options.entries.storage,
      ...['--state', storageDirectory(options.stateDirectory)],
      ...(options.storageInMemory ? ['--memory'] : []),
      ...['--certificate', azure.storageCertificateFile, '--key', azure.storageKeyFile],
      ...['--blob-port', String(ports[0]), '--queue-port', String(ports[1]), '--table-port', String(ports[2])],
    ],
    workingDirectory: options.root,
    environment: { ...process.env },
    logFile: logOf(options.stateDirectory, 'storage'),
    readyWithinSeconds: READY_WITHIN_SECONDS,
  };
}

export function hostSpecification(
  options: StartOptions,
  surroundings: Surroundings,
  port: number,
): ProcessSpecification {
  const common = {
    environment: hostEnvironment(process.env, readAppSettings(options.root), surroundings),
    logFile: logOf(options.stateDirectory, 'functions'),
  };
  if (options.host === 'coreTools') {
    const functionsUrl = `http://127.0.0.1:${port}`;
    return {
      ...common,
      name: 'Functions host (Core Tools)',
      program: 'func',
      arguments: ['start', '--port', String(port)],
      workingDirectory: join(options.appFile, '..'),
      readyWithinSeconds: CORE_TOOLS_READY_WITHIN_SECONDS,
      answers: { url: functionsUrl, report: { functions: functionsUrl } },
    };
  }
  return {
    ...common,
    name: 'Functions host',
    arguments: [
      options.entries.host,
      ...['--app', options.appFile],
      ...['--host-json', options.hostJsonFile],
      ...['--database', databaseOf(options.stateDirectory, 'functions')],
      ...['--port', String(port)],
      ...['--clock', `${surroundings.armUrl}/_sim/clock`],
      ...(options.requireKeys ? ['--require-keys', '--keys-file', functionKeysFile(options.stateDirectory)] : []),
    ],
    workingDirectory: options.root,
    readyWithinSeconds: READY_WITHIN_SECONDS,
  };
}

/** The environment of the command line tool. */
export function cliEnvironment(
  functionsUrl: string,
  functionKey: string | undefined,
  caFile: string,
): Record<string, string> {
  return {
    ...clientEnvironment(process.env, caFile),
    HUBKEEPER_URL: functionsUrl,
    HUBKEEPER_USER: process.env.HUBKEEPER_USER ?? process.env.USER ?? 'local-operator',
    ...(functionKey === undefined ? {} : { HUBKEEPER_KEY: functionKey }),
  };
}

function text(report: Readonly<Record<string, unknown>>, who: string, key: string): string {
  const value = report[key];
  if (typeof value !== 'string') throw new TypeError(`${who} reported no ${key} when it was ready.`);
  return value;
}

export function readAzureReport(report: Readonly<Record<string, unknown>>): AzureReport {
  const read = (key: string) => text(report, 'Simulated Azure', key);
  return {
    armUrl: read('arm'),
    caFile: read('caFile'),
    identityEndpoint: read('identityEndpoint'),
    identityHeader: read('identityHeader'),
    storageCertificateFile: read('storageCertificateFile'),
    storageKeyFile: read('storageKeyFile'),
  };
}

export function readStorageReport(report: Readonly<Record<string, unknown>>): StorageReport {
  const read = (key: string) => text(report, 'Storage', key);
  return { blobUrl: read('blob'), queueUrl: read('queue'), tableUrl: read('table') };
}

export function readHostReport(report: Readonly<Record<string, unknown>>): HostReport {
  const control = report.control;
  return {
    functionsUrl: text(report, 'The Functions host', 'functions'),
    controlUrl: typeof control === 'string' ? control : null,
  };
}

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { ArmAnswer, ArmRequest } from './arm-request.ts';
import { createArmServer } from './arm-server.ts';
import { type Certificates, ensureCertificates } from './certificates.ts';
import { ClockMaster } from './clock-master.ts';
import type { Control } from './control.ts';
import { simulationControls } from './controls.ts';
import { createIdentityEndpoint, IDENTITY_PATH } from './identity-endpoint.ts';
import { Recorder } from './recorder.ts';
import { RequestCounter } from './request-activity.ts';
import type { ResourceType } from './resource-type.ts';
import { Simulation } from './simulation.ts';
import { TokenIssuer } from './token-issuer.ts';

export interface SimulatedAzureOptions {
  /** Of HTTPS; 0 takes the port of the last start if it is free, else any. */
  readonly port?: number;
  /** Of the identity endpoint; 0 as above. */
  readonly identityPort?: number;
  /** SQLite file; default in memory. */
  readonly database?: string;
  /** Folder of certificates and keys, made on first use. */
  readonly certificates: string;
  readonly resourceTypes: readonly ResourceType[];
  /** Simulated seconds for each real second; 0 (default): time moves only by `POST /_sim/clock`. */
  readonly speed?: number;
  readonly startMs?: number;
  readonly seed?: number;
  readonly pageSize?: number;
  /** File for every ARM exchange, one JSON line each. */
  readonly record?: string;
  /** More controls under `/_sim/`. */
  readonly controls?: (simulation: Simulation) => readonly Control[];
  /** Services beside ARM on the same address (metrics, logs): answers, or undefined for what is not theirs. */
  readonly dataPlane?: (simulation: Simulation, tokens: TokenIssuer) => (request: ArmRequest) => ArmAnswer | undefined;
  /** Where the address of an action group's receiver leads; by default to itself. */
  readonly addressOf?: (url: string) => string;
  readonly log?: (level: 'error' | 'warning', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface SimulatedAzure {
  readonly simulation: Simulation;
  readonly clockMaster: ClockMaster;
  /** `https://127.0.0.1:PORT` */
  readonly armUrl: string;
  /** `http://127.0.0.1:PORT/msi/token` */
  readonly identityEndpoint: string;
  readonly identityHeader: string;
  readonly certificates: Certificates;
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 120_000;

/** Starts simulated Azure: ARM with its controls on HTTPS, the managed identity endpoint on HTTP, both on the loopback. */
export async function createSimulatedAzure(options: SimulatedAzureOptions): Promise<SimulatedAzure> {
  const certificates = await ensureCertificates(options.certificates);
  const tokens = new TokenIssuer(join(options.certificates, 'token-key.pem'));
  const database = options.database ?? ':memory:';
  if (database !== ':memory:') mkdirSync(dirname(database), { recursive: true });
  const activity = new RequestCounter();
  const simulation = new Simulation({
    database,
    activity,
    resourceTypes: options.resourceTypes,
    tokens,
    speed: options.speed ?? 0,
    ...(options.addressOf === undefined ? {} : { addressOf: options.addressOf }),
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
  });
  const clockMaster = new ClockMaster(simulation.clockKeeper, simulation.settings, activity);
  const identityHeader = ensureSecret(join(options.certificates, 'identity-header'));
  const arm = createArmServer({
    certificate: readFileSync(certificates.arm.certificateFile, 'utf8'),
    key: readFileSync(certificates.arm.keyFile, 'utf8'),
    simulation,
    tokens,
    activity,
    recorder: new Recorder(options.record),
    controls: [...simulationControls(simulation, clockMaster), ...(options.controls?.(simulation) ?? [])],
    ...(options.dataPlane === undefined ? {} : { dataPlane: options.dataPlane(simulation, tokens) }),
    log: options.log ?? (() => undefined),
  });
  const identity = createIdentityEndpoint({
    tokens,
    secret: identityHeader,
    lifeSeconds: () => simulation.settings.get('tokenLifeSeconds'),
  });
  // Clients keep connections; one that is closed while they send shows as a fault that nobody asked for.
  arm.keepAliveTimeout = KEEP_ALIVE_MS;
  identity.keepAliveTimeout = KEEP_ALIVE_MS;
  const ports = simulation.settings.get('ports');
  const armPort = await listen(arm, options.port ?? 0, ports.arm);
  const identityPort = await listen(identity, options.identityPort ?? 0, ports.identity);
  simulation.settings.set('ports', { arm: armPort, identity: identityPort });
  simulation.flush();
  return {
    simulation,
    clockMaster,
    armUrl: `https://127.0.0.1:${armPort}`,
    identityEndpoint: `http://127.0.0.1:${identityPort}${IDENTITY_PATH}`,
    identityHeader,
    certificates,
    close: async () => {
      await Promise.all([close(arm), close(identity)]);
      simulation.close();
    },
  };
}

/** Clients of a killed simulation find it again where it was. */
async function listen(server: Server, port: number, lastPort: number): Promise<number> {
  if (port !== 0 || lastPort === 0) return listenOn(server, port);
  try {
    return await listenOn(server, lastPort);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return listenOn(server, 0);
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(error);
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port.'));
      else resolve(address.port);
    });
  });
}

function close(server: Server & { closeAllConnections?(): void }): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections?.();
  });
}

function ensureSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = randomBytes(24).toString('hex');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

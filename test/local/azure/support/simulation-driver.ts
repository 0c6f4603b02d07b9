import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArmAnswer } from '../../../../local/azure/arm-request.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../local/azure/json.ts';
import { Simulation, type SimulationOptions } from '../../../../local/azure/simulation.ts';
import { TokenIssuer } from '../../../../local/azure/token-issuer.ts';
import { toyTypes } from './toy-types.ts';

export const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000001';
export const GROUP = `${SUBSCRIPTION}/resourceGroups/rg`;
export const BASE_URL = 'https://127.0.0.1:7072';
export const START_MS = Date.UTC(2026, 0, 5, 8);

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** The simulation without network, and verbs that tests speak in. */
export class SimulationDriver {
  readonly directory = mkdtempSync(join(tmpdir(), 'simulated-azure-'));
  readonly tokens = new TokenIssuer(join(this.directory, 'token-key.pem'));
  readonly #options: Partial<SimulationOptions>;
  simulation: Simulation;

  constructor(options: Partial<SimulationOptions> = {}) {
    this.#options = options;
    this.simulation = this.#start();
  }

  /** By the app, with a good token, unless headers say otherwise. */
  call(method: string, url: string, body?: Json, headers: Readonly<Record<string, string>> = {}): Answer {
    const path = url.startsWith(BASE_URL) ? url.slice(BASE_URL.length) : url;
    const separator = path.includes('?') ? '&' : '?';
    return readAnswer(
      this.simulation.handle({
        method,
        url: path.includes('api-version=') ? path : `${path}${separator}api-version=${versionFor(path)}`,
        headers: { authorization: `Bearer ${this.token()}`, ...headers },
        body: body === undefined ? '' : JSON.stringify(body),
        baseUrl: BASE_URL,
      }),
    );
  }

  /** By somebody else. */
  callAs(principal: string, method: string, url: string, body?: Json): Answer {
    return this.call(method, url, body, { 'x-sim-principal': principal });
  }

  token(): string {
    return this.tokens.issue('https://management.azure.com', 3600).token;
  }

  /** Moves the clock through each due item in order. */
  advance(seconds: number): void {
    const { clock } = this.simulation.clockKeeper;
    const targetMs = clock.nowMs() + seconds * 1000;
    for (;;) {
      const dueMs = clock.nextDueMs();
      if (dueMs === null || dueMs > targetMs) break;
      clock.moveTo(dueMs);
    }
    clock.moveTo(targetMs);
    this.simulation.clockKeeper.save();
  }

  /** Ends the process, as it were, and starts it anew on the same files. */
  restart(): void {
    this.simulation.close();
    this.simulation = this.#start();
  }

  dispose(): void {
    this.simulation.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #start(): Simulation {
    return new Simulation({
      database: join(this.directory, 'azure.sqlite'),
      resourceTypes: toyTypes,
      tokens: this.tokens,
      speed: 0,
      startMs: START_MS,
      ...this.#options,
    });
  }
}

/** A driver with the resource group `rg` in it. */
export function driverWithGroup(options: Partial<SimulationOptions> = {}): SimulationDriver {
  const driver = new SimulationDriver(options);
  driver.call('PUT', GROUP, { location: 'westeurope' });
  return driver;
}

function versionFor(path: string): string {
  if (/\/locks/i.test(path)) return '2020-05-01';
  if (/policyAssignments/.test(path)) return '2025-03-01';
  if (/roleAssignments|permissions|roleDefinitions/.test(path)) return '2022-04-01';
  if (/Microsoft\.Toy\//i.test(path)) return '2025-01-01';
  return '2021-04-01';
}

function readAnswer(answer: ArmAnswer): Answer {
  const body = isJsonObject(answer.body) ? answer.body : {};
  const error = isJsonObject(body.error) ? body.error : {};
  return {
    status: answer.status,
    body,
    headers: answer.headers,
    code: typeof error.code === 'string' ? error.code : undefined,
    message: typeof error.message === 'string' ? error.message : undefined,
  };
}

/** `properties.{name}` of a body. */
export function property(body: JsonObject, name: string): Json | undefined {
  return isJsonObject(body.properties) ? body.properties[name] : undefined;
}

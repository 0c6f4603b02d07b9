import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as df from 'durable-functions';
import { SimulatedClock } from '../../../../local/clock.ts';
import { functionsCore } from '../../../../local/host/core.ts';
import {
  createEmbeddedHost,
  type EmbeddedHost,
  type EmbeddedHostOptions,
} from '../../../../local/host/embedded-host.ts';
import { registerTestApp, resetTestApp } from './test-app.ts';

export const START = Date.parse('2026-11-20T08:00:00.000Z');

/** The test app's timer is due once a year; what tests do ends before that. */
export const LATER = START + 30 * 86_400_000;

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Status {
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
}

/** A running host with the test app, a stepped clock and a database of its own. */
export interface Fixture {
  readonly host: EmbeddedHost;
  readonly clock: SimulatedClock;
  readonly databaseFile: string;
  readonly logs: readonly LogEntry[];
  /** Stops the host and starts another on the same database, as a new process would. */
  restart(options?: Partial<EmbeddedHostOptions>): Promise<EmbeddedHost>;
  start(name: string, input: unknown, instanceId?: string): Promise<string>;
  status(instanceId: string): Promise<Status>;
  /** Jumps from due item to due item until nothing is due before `untilMs` (default: ever); then stands at `untilMs`. */
  run(untilMs?: number): Promise<void>;
  management(method: string, path: string, body?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function startFixture(
  options: Partial<EmbeddedHostOptions> = {},
  register: (durable: typeof df) => void = registerTestApp,
): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-host-'));
  const clock = new SimulatedClock({ simulatedMs: START, wallMs: 0, speed: 0 });
  const databaseFile = join(folder, 'host.db');
  const logs: LogEntry[] = [];
  const make = async (more: Partial<EmbeddedHostOptions>): Promise<EmbeddedHost> => {
    functionsCore.reset();
    resetTestApp();
    register(df);
    const made = createEmbeddedHost({
      core: functionsCore,
      hostJson: {},
      settings: { TICK_SCHEDULE: '0 0 0 1 1 *' },
      databaseFile,
      clock,
      log: (level, message, fields = {}) => logs.push({ level, message, fields }),
      ...options,
      ...more,
    });
    await made.start();
    return made;
  };
  let host = await make({});
  /** A crash of the host closes all connections; callers try again, as they must with any service. */
  const management = async (method: string, path: string, body?: string): Promise<Response> => {
    const url = `${host.functionsUrl}/runtime/webhooks/durabletask/${path}`;
    const init = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await fetch(url, { method, ...init });
      } catch (thrown) {
        if (attempt === 100) throw thrown;
      }
    }
  };
  return {
    get host() {
      return host;
    },
    clock,
    databaseFile,
    logs,
    management,
    restart: async (more = {}) => {
      await host.stop();
      host = await make(more);
      return host;
    },
    start: async (name, input, instanceId = randomUUID()) => {
      const body = input === undefined ? '' : JSON.stringify(input);
      const response = await management('POST', `orchestrators/${name}/${instanceId}`, body);
      // 409: the answer to an earlier attempt was lost in a crash.
      if (response.status !== 202 && response.status !== 409) throw new Error(await response.text());
      return instanceId;
    },
    status: async (instanceId) => (await (await management('GET', `instances/${instanceId}`)).json()) as Status,
    run: async (untilMs = Number.POSITIVE_INFINITY) => {
      for (;;) {
        const { nextDueMs } = await host.settle();
        if (nextDueMs === null || nextDueMs > untilMs) break;
        await host.settle(nextDueMs);
      }
      if (Number.isFinite(untilMs)) await host.settle(untilMs);
    },
    close: async () => {
      clock.stop();
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

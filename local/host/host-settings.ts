import { cpus } from 'node:os';
import { isLogLevel, type LogLevel } from './host-log.ts';
import { isJsonObject } from './json-value.ts';

/** App settings (environment variables of the app). */
export type AppSettings = Readonly<Record<string, string | undefined>>;

/** What the host takes from host.json, with the documented defaults. */
export interface HostSettings {
  /** Without slashes; `api` by default, may be empty. */
  readonly routePrefix: string;
  readonly hubName: string;
  readonly defaultVersion: string | undefined;
  /** Wall time; 5 minutes by default (Consumption); `null`: unbounded. */
  readonly functionTimeoutMs: number | null;
  /** By default 10 for each core. */
  readonly maxConcurrentActivityFunctions: number;
  /** By default 10 for each core. */
  readonly maxConcurrentOrchestratorFunctions: number;
  readonly maxOrchestrationActions: number;
  readonly storeInputsInOrchestrationHistory: boolean;
  readonly logLevel: LogLevel;
}

const DEFAULT_FUNCTION_TIMEOUT_MS = 5 * 60_000;
const DEFAULT_MAX_ORCHESTRATION_ACTIONS = 100_000;

/** Reads a parsed host.json. Throws an error that names the entry for a value that is none. */
export function readHostSettings(hostJson: unknown, settings: AppSettings): HostSettings {
  const root = isJsonObject(hostJson) ? hostJson : {};
  const http = section(root, 'extensions', 'http');
  const durable = section(root, 'extensions', 'durableTask');
  const logLevels = section(root, 'logging', 'logLevel');
  const concurrency = 10 * cpus().length;
  const level = String(logLevels.default ?? 'Information').toLowerCase();
  if (!isLogLevel(level))
    throw new Error(`host.json: logging.logLevel.default is "${logLevels.default}", which is no level.`);
  return {
    routePrefix: textOf(http.routePrefix, 'extensions.http.routePrefix', 'api').replace(/^\/+|\/+$/g, ''),
    hubName: resolveSettings(textOf(durable.hubName, 'extensions.durableTask.hubName', 'TestHubName'), settings),
    defaultVersion:
      durable.defaultVersion === undefined ? undefined : textOf(durable.defaultVersion, 'defaultVersion', ''),
    functionTimeoutMs: functionTimeoutMs(root.functionTimeout),
    maxConcurrentActivityFunctions: countOf(durable, 'maxConcurrentActivityFunctions', concurrency),
    maxConcurrentOrchestratorFunctions: countOf(durable, 'maxConcurrentOrchestratorFunctions', concurrency),
    maxOrchestrationActions: countOf(durable, 'maxOrchestrationActions', DEFAULT_MAX_ORCHESTRATION_ACTIONS),
    storeInputsInOrchestrationHistory: durable.storeInputsInOrchestrationHistory === true,
    logLevel: level,
  };
}

/** Replaces each `%NAME%` by that app setting. Throws when there is none of that name. */
export function resolveSettings(text: string, settings: AppSettings): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Error(`The app setting "${name}" is not set, but "${text}" refers to it.`);
    return value;
  });
}

function functionTimeoutMs(value: unknown): number | null {
  if (value === undefined) return DEFAULT_FUNCTION_TIMEOUT_MS;
  if (value === '-1') return null;
  const parts = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(String(value));
  if (parts === null) throw new Error(`host.json: functionTimeout "${value}" is no time span like 00:05:00.`);
  const [, days = '0', hours, minutes, seconds] = parts;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function section(root: Record<string, unknown>, ...names: readonly string[]): Record<string, unknown> {
  let at: Record<string, unknown> = root;
  for (const name of names) {
    const next = at[name];
    at = isJsonObject(next) ? next : {};
  }
  return at;
}

function textOf(value: unknown, name: string, otherwise: string): string {
  if (value === undefined) return otherwise;
  if (typeof value !== 'string') throw new Error(`host.json: ${name} must be a text.`);
  return value;
}

function countOf(section_: Record<string, unknown>, name: string, otherwise: number): number {
  const value = section_[name];
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new Error(`host.json: extensions.durableTask.${name} must be a whole number of at least 1.`);
  }
  return value;
}

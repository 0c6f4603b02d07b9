/**
 * The module `@azure/functions-core`: what the Functions host offers to `@azure/functions`. One per process, as in a
 * language worker; a second host in the same process shares it.
 *
 * Jest maps the module's name to this file (`moduleNameMapper` in jest.config.json); `main.ts` does it with
 * `module.registerHooks` before it loads the app.
 */
import type { HostLog, LogLevel } from './host-log.ts';
import type { TypedData } from './typed-data.ts';

export const version = '3.14.0';
export const hostVersion = '4.1048.200';

export type FunctionCallback = (...args: unknown[]) => unknown;

export interface Binding {
  readonly type?: string;
  readonly direction?: string;
  readonly name?: string;
  readonly [option: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: unknown;
}

export interface Registration {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData | undefined }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: { readonly traceParent: string; readonly traceState: string; readonly attributes: object };
  readonly retryContext: undefined;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly metadata: FunctionMetadata;
  readonly request: InvocationRequest;
  state: 'preInvocationHooks' | 'postInvocationHooks' | 'invocation' | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationResponse {
  readonly invocationId?: string;
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData }[];
  readonly returnValue?: TypedData | null;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>;
  invokeFunction(context: object, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: object, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>> | Record<string, string>;
}

export type LogCategory = 'user' | 'system' | 'customMetric';
export type HookName = 'preInvocation' | 'postInvocation' | 'appStart' | 'appTerminate' | 'log';
export type HookContext = Record<string, unknown>;
export type HookCallback = (context: HookContext) => unknown;

const HOOK_NAMES: readonly string[] = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'];

export class Disposable {
  #dispose: (() => unknown) | undefined;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  static from(...items: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const item of items) item.dispose();
    });
  }

  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
}

/** What the embedded host itself asks of the module. */
export interface FunctionsCore {
  /** What the app has registered, in order. */
  registrations(): readonly Registration[];
  programmingModel(): ProgrammingModel | undefined;
  hooks(name: HookName): readonly HookCallback[];
  /** Data that all hooks of the app share while it lives. */
  appHookData(): Record<string, unknown>;
  /** From now on registering a function is an error, as in the worker after its first metadata request. */
  lock(): void;
  /** Where log lines of the app go that belong to no invocation. */
  setLog(log: HostLog | undefined): void;
  /** Forgets functions and hooks, so that a test can register others. */
  reset(): void;
}

let registered = new Map<string, Registration>();
let registeredHooks: { readonly name: HookName; readonly callback: HookCallback }[] = [];
let hookDataOfApp: Record<string, unknown> = {};
let model: ProgrammingModel | undefined;
let locked = false;
let sink: HostLog | undefined;

class SystemError extends Error {
  readonly isAzureFunctionsSystemError = true;
}

class SystemRangeError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}

/** Registers a function. Throws once the host has started, and for a name that is taken. */
export function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (locked) throw new SystemError('A function can only be registered during app startup.');
  const { name } = metadata;
  if (registered.has(name)) throw new SystemError(`A function with name "${name}" has already been registered.`);
  registered.set(name, { metadata, callback });
  return new Disposable(() => {
    if (locked) throw new SystemError('A function can only be disposed during app startup.');
    registered.delete(name);
  });
}

/** Registers a hook. Throws a RangeError for a name that is none. */
export function registerHook(name: string, callback: HookCallback): Disposable {
  if (!isHookName(name)) throw new SystemRangeError(`Unrecognized hook "${name}"`);
  const hook = { name, callback };
  registeredHooks.push(hook);
  return new Disposable(() => {
    registeredHooks = registeredHooks.filter((other) => other !== hook);
  });
}

export function setProgrammingModel(programmingModel: ProgrammingModel): void {
  if (locked) throw new SystemError('The programming model can only be set during app startup.');
  model = programmingModel;
}

export function getProgrammingModel(): ProgrammingModel {
  if (model === undefined) throw new SystemError('No programming model has been set.');
  return model;
}

/** A log line that belongs to no invocation. */
export function log(level: LogLevel, category: LogCategory, message: string): void {
  const context = runLogHooks({ level, category, message, invocationContext: undefined });
  sink?.(context.level, 'Log of the app', { category, text: context.message });
}

/** Lets the app's log hooks change a line before it is written. */
export function runLogHooks(line: {
  level: LogLevel;
  category: LogCategory;
  message: string;
  invocationContext: unknown;
}): {
  level: LogLevel;
  message: string;
} {
  const context = { ...line, hookData: {}, appHookData: hookDataOfApp };
  for (const hook of registeredHooks) if (hook.name === 'log') hook.callback(context);
  return { level: context.level, message: context.message };
}

export const functionsCore: FunctionsCore = {
  registrations: () => [...registered.values()],
  programmingModel: () => model,
  hooks: (name) => registeredHooks.filter((hook) => hook.name === name).map((hook) => hook.callback),
  appHookData: () => hookDataOfApp,
  lock: () => {
    locked = true;
  },
  setLog: (log_) => {
    sink = log_;
  },
  reset: () => {
    // The programming model stays: `@azure/functions` sets it only once in the life of a process.
    registered = new Map();
    registeredHooks = [];
    hookDataOfApp = {};
    locked = false;
  },
};

function isHookName(name: string): name is HookName {
  return HOOK_NAMES.includes(name);
}

import { randomBytes, randomUUID } from 'node:crypto';
import type { FunctionsCore, HookContext, InvocationResponse } from './core.ts';
import { runLogHooks } from './core.ts';
import type { HostLog } from './host-log.ts';
import type { IndexedFunction } from './indexed-function.ts';
import { isJsonObject } from './json-value.ts';
import type { TypedData } from './typed-data.ts';

/** What the worker keeps of an error: message and stack. Everything else a function put on it is lost. */
export interface WorkerError {
  readonly message: string;
  readonly stack: string;
}

export interface InvocationOutcome {
  readonly invocationId: string;
  readonly response?: InvocationResponse;
  readonly error?: WorkerError;
  /** What the function really returned, before it took its wire form. */
  readonly result?: unknown;
}

/** What a function is called with. */
export interface InvocationInput {
  readonly trigger: TypedData | undefined;
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
  /** The value of every durable client input, as JSON text. */
  readonly durableClient: string;
}

/**
 * Runs one function through the pipeline of the language worker: arguments, preInvocation hooks, function,
 * postInvocation hooks, response. Never throws: an error of the function is part of the outcome.
 */
export async function invokeFunction(
  core: FunctionsCore,
  target: IndexedFunction,
  input: InvocationInput,
  log: HostLog,
): Promise<InvocationOutcome> {
  const invocationId = randomUUID();
  let invocationContext: unknown;
  const context = {
    invocationId,
    metadata: target.metadata,
    state: undefined as 'preInvocationHooks' | 'postInvocationHooks' | 'invocation' | undefined,
    request: {
      invocationId,
      functionId: target.name,
      inputData: inputData(target, input),
      triggerMetadata: input.triggerMetadata ?? {},
      traceContext: { traceParent: traceParent(), traceState: '', attributes: {} },
      retryContext: undefined,
    },
    log: (level: Parameters<HostLog>[0], category: 'user' | 'system' | 'customMetric', message: string) => {
      // A replayed line of an orchestrator was written when it ran for the first time.
      if (isReplaying(invocationContext)) return;
      const line = runLogHooks({ level, category, message, invocationContext });
      log(line.level, 'Log of a function', { function: target.name, invocationId, category, text: line.message });
    },
  };
  try {
    const model = core.programmingModel();
    if (model === undefined) throw new Error('The app has set no programming model.');
    const invocation = model.getInvocationModel(context);
    const { context: userContext, inputs } = await invocation.getArguments();
    invocationContext = userContext;
    const hookData = {};
    const appHookData = core.appHookData();
    const before: HookContext = {
      hookData,
      appHookData,
      invocationContext: userContext,
      functionCallback: target.callback,
      inputs,
    };
    context.state = 'preInvocationHooks';
    for (const hook of core.hooks('preInvocation')) await hook(before);
    const callback = before.functionCallback;
    if (typeof callback !== 'function')
      throw new TypeError('A preInvocation hook replaced the function by no function.');
    const after: HookContext = { hookData, appHookData, invocationContext: userContext, inputs: before.inputs };
    after.result = null;
    after.error = null;
    context.state = 'invocation';
    try {
      after.result = await invocation.invokeFunction(
        userContext,
        Array.isArray(before.inputs) ? before.inputs : [],
        callback as IndexedFunction['callback'],
      );
    } catch (thrown) {
      after.error = thrown ?? new Error('Unknown error');
    }
    context.state = 'postInvocationHooks';
    for (const hook of core.hooks('postInvocation')) await hook(after);
    if (after.error !== null && after.error !== undefined) throw after.error;
    const response = await invocation.getResponse(userContext, after.result);
    return { invocationId, response, result: after.result };
  } catch (thrown) {
    return { invocationId, error: workerError(thrown) };
  }
}

function inputData(
  target: IndexedFunction,
  input: InvocationInput,
): readonly { readonly name: string; readonly data: TypedData | undefined }[] {
  return Object.entries(target.metadata.bindings)
    .filter(([, binding]) => binding.direction === 'in')
    .map(([name]) => ({
      name,
      data: name === target.triggerName ? input.trigger : { string: input.durableClient },
    }));
}

function isReplaying(context: unknown): boolean {
  return isJsonObject(context) && isJsonObject(context.df) && context.df.isReplaying === true;
}

/** As the worker does: a thrown value that is no Error becomes one whose message is the text or its JSON. */
function workerError(thrown: unknown): WorkerError {
  if (thrown instanceof Error || isErrorLike(thrown)) return { message: thrown.message, stack: thrown.stack ?? '' };
  if (thrown === undefined || thrown === null) return { message: 'Unknown error', stack: '' };
  if (typeof thrown === 'string') return { message: thrown, stack: '' };
  return { message: JSON.stringify(thrown) ?? String(thrown), stack: '' };
}

/** Errors made in another realm (a test runner's sandbox) are errors too. */
function isErrorLike(thrown: unknown): thrown is { message: string; stack?: string } {
  return isJsonObject(thrown) && Object.prototype.toString.call(thrown) === '[object Error]';
}

function traceParent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

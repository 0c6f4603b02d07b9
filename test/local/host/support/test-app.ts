/** A small app made with the real packages. It registers its functions each time `registerTestApp` is called. */
import { app, type HttpRequest, type InvocationContext, type Timer } from '@azure/functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';

/** What an orchestrator generator is. */
export type Steps = Generator<Task, unknown, unknown>;

/** What activities and other functions did, in order. */
export const journal: string[] = [];

/** Lets a test decide what the activity `work` does with an input; `run` counts the runs for that input from 1. */
export const behaviour: { work: (input: unknown, run: number) => unknown } = { work: (input) => input };

let runs = new Map<string, number>();

export function resetTestApp(): void {
  journal.length = 0;
  runs = new Map();
  behaviour.work = (input) => input;
}

function work(input: unknown): unknown {
  const key = JSON.stringify(input) ?? 'undefined';
  const run = (runs.get(key) ?? 0) + 1;
  runs.set(key, run);
  journal.push(`work ${key}`);
  return behaviour.work(input, run);
}

export function inSeconds(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

function* fanOut(context: OrchestrationContext): Steps {
  const { count } = context.df.getInput<{ count: number }>() ?? { count: 0 };
  const tasks = Array.from({ length: count }, (_, index) => context.df.callActivity('work', { index }));
  const results = yield context.df.Task.all(tasks);
  yield context.df.createTimer(inSeconds(context, 2700));
  const last = yield context.df.callActivity('work', { last: true });
  return { results, last };
}

function* chain(context: OrchestrationContext): Steps {
  const { steps } = context.df.getInput<{ steps: number }>() ?? { steps: 0 };
  const done: unknown[] = [];
  for (let step = 0; step < steps; step += 1) done.push(yield context.df.callActivity('work', { step }));
  return { done };
}

function* withRetry(context: OrchestrationContext): Steps {
  const options = new df.RetryOptions(10_000, 3);
  options.backoffCoefficient = 2;
  try {
    return { result: yield context.df.callActivityWithRetry('work', options, { retried: true }) };
  } catch (thrown) {
    return { failed: (thrown as Error).message, at: context.df.currentUtcDateTime.toISOString() };
  }
}

function* sleep(context: OrchestrationContext): Steps {
  const { seconds } = context.df.getInput<{ seconds: number }>() ?? { seconds: 0 };
  yield context.df.createTimer(inSeconds(context, seconds));
  return { at: context.df.currentUtcDateTime.toISOString() };
}

function* approval(context: OrchestrationContext): Steps {
  const event = context.df.waitForExternalEvent('approve');
  const timeout = context.df.createTimer(inSeconds(context, 3600));
  const winner = yield context.df.Task.any([event, timeout]);
  if (winner !== event) return { decision: 'timed out' };
  timeout.cancel();
  return { decision: event.result };
}

function* twoEvents(context: OrchestrationContext): Steps {
  yield context.df.callActivity('work', { before: 'events' });
  const first = yield context.df.waitForExternalEvent('first');
  const second = yield context.df.waitForExternalEvent('second');
  return { first, second };
}

function* sameEventTwice(context: OrchestrationContext): Steps {
  const earlier = context.df.waitForExternalEvent('same');
  const later = context.df.waitForExternalEvent('same');
  return yield context.df.Task.all([earlier, later]);
}

function* counter(context: OrchestrationContext): Steps {
  const { value, end } = context.df.getInput<{ value: number; end: number }>() ?? { value: 0, end: 0 };
  context.df.setCustomStatus({ value });
  yield context.df.createTimer(inSeconds(context, 60));
  if (value < end) context.df.continueAsNew({ value: value + 1, end });
  return { value };
}

function* parent(context: OrchestrationContext): Steps {
  const { name, input, id } = context.df.getInput<{ name: string; input: unknown; id?: string }>() ?? { name: '' };
  try {
    return { child: yield context.df.callSubOrchestrator(name, input, id) };
  } catch (thrown) {
    return { failed: (thrown as Error).message };
  }
}

function* failing(context: OrchestrationContext): Steps {
  yield context.df.callActivity('work', { before: 'failure' });
  throw new Error('it went wrong');
}

export function registerTestApp(): void {
  df.app.activity('work', { handler: (input: unknown) => work(input) });
  for (const each of [
    { fanOut },
    { chain },
    { withRetry },
    { sleep },
    { approval },
    { twoEvents },
    { sameEventTwice },
    { counter },
    { parent },
    { failing },
  ]) {
    for (const [name, orchestrator] of Object.entries(each)) df.app.orchestration(name, orchestrator);
  }
  df.app.client.http('startOrchestration', {
    route: 'orchestrators/{name}/{id?}',
    methods: ['POST'],
    handler: async (request: HttpRequest, client: df.DurableClient) => {
      const { name = '', id } = request.params;
      const text = await request.text();
      const input: unknown = text === '' ? undefined : JSON.parse(text);
      const instanceId = await client.startNew(name, { ...(id === undefined ? {} : { instanceId: id }), input });
      return { status: 202, jsonBody: { instanceId } };
    },
  });
  app.timer('tick', {
    schedule: '%TICK_SCHEDULE%',
    handler: (timer: Timer, context: InvocationContext) => {
      journal.push(`tick ${timer.isPastDue ? 'past due' : 'on time'}`);
      context.log('tick');
    },
  });
}

/** A small app made with the real packages. It registers its functions each time `registerTestApp` is called. */
import { app, type HttpRequest, type InvocationContext, type Timer } from '@azure/functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';

type Steps = Generator<Task, unknown, unknown>;

/** What activities did, in order; tests read and clear it. */
export const journal: string[] = [];

/** Lets a test decide what an activity does with an input. */
export const behaviour: { work: (input: unknown, attempt: number) => unknown } = { work: (input) => input };

let attempts = new Map<string, number>();

export function resetTestApp(): void {
  journal.length = 0;
  attempts = new Map();
  behaviour.work = (input) => input;
}

function work(input: unknown): unknown {
  const key = JSON.stringify(input);
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  journal.push(`work ${key}`);
  return behaviour.work(input, attempt);
}

function inSeconds(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

export function* fanOut(context: OrchestrationContext): Steps {
  const { count } = context.df.getInput<{ count: number }>() ?? { count: 0 };
  const tasks = Array.from({ length: count }, (_, index) => context.df.callActivity('work', { index }));
  const results = yield context.df.Task.all(tasks);
  yield context.df.createTimer(inSeconds(context, 2700));
  const last = yield context.df.callActivity('work', { last: true });
  return { results, last };
}

export function* chain(context: OrchestrationContext): Steps {
  const { steps } = context.df.getInput<{ steps: number }>() ?? { steps: 0 };
  const done: unknown[] = [];
  for (let step = 0; step < steps; step += 1) done.push(yield context.df.callActivity('work', { step }));
  return { done };
}

export function* withRetry(context: OrchestrationContext): Steps {
  const options = new df.RetryOptions(10_000, 3);
  options.backoffCoefficient = 2;
  try {
    return { result: yield context.df.callActivityWithRetry('work', options, { retried: true }) };
  } catch (thrown) {
    return { failed: (thrown as Error).message, at: context.df.currentUtcDateTime.toISOString() };
  }
}

export function registerTestApp(): void {
  df.app.activity('work', { handler: (input: unknown) => work(input) });
  df.app.orchestration('fanOut', fanOut);
  df.app.orchestration('chain', chain);
  df.app.orchestration('withRetry', withRetry);
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

import { afterEach, describe, expect, it } from '@jest/globals';
import type { OrchestrationContext } from 'durable-functions';
import * as df from 'durable-functions';
import { type Fixture, LATER, startFixture } from './support/host-fixture.ts';
import { inSeconds, type Steps } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

/** Runs one orchestrator to its end, with activities `a` and `b` (which succeed) and `c` (which fails). */
async function outcomeOf(
  orchestrator: (context: OrchestrationContext) => Steps,
  events: readonly string[] = [],
): Promise<{ readonly runtimeStatus: string; readonly output: unknown; readonly loud: boolean }> {
  fixture = await startFixture({}, () => {
    df.app.activity('a', { handler: () => ({ from: 'a' }) });
    df.app.activity('b', { handler: () => ({ from: 'b' }) });
    df.app.activity('c', {
      handler: () => {
        throw new Error('c fails');
      },
    });
    df.app.orchestration('trap', orchestrator);
  });
  const id = await fixture.start('trap', {});
  await fixture.host.settle();
  for (const name of events) await fixture.management('POST', `instances/${id}/raiseEvent/${name}`, '{}');
  await fixture.run(LATER);
  const { runtimeStatus, output } = await fixture.status(id);
  const loud = fixture.logs.some(({ message }) => message === 'An orchestration was failed by the embedded host');
  return { runtimeStatus, output, loud };
}

describe('what would hang or diverge in Azure fails the instance loudly', () => {
  it.each<[string, (context: OrchestrationContext) => Steps, readonly string[], RegExp]>([
    [
      'an error without a message',
      function* (context) {
        yield context.df.callActivity('a', {});
        throw new Error('');
      },
      [],
      /without a message/,
    ],
    [
      'a thrown text',
      function* (context) {
        yield context.df.callActivity('a', {});
        throw 'a text';
      },
      [],
      /without a message/,
    ],
    [
      'a pending task that is yielded again',
      function* (context) {
        const slow = context.df.createTimer(inSeconds(context, 100));
        yield context.df.Task.any([slow, context.df.callActivity('a', {})]);
        yield context.df.Task.any([slow, context.df.callActivity('b', {})]);
        return {};
      },
      [],
      /yielded a second time/,
    ],
    [
      'an activity that was yielded alone and again in Task.all',
      function* (context) {
        const first = context.df.callActivity('a', {});
        yield first;
        yield context.df.Task.all([first, context.df.callActivity('b', {})]);
        return {};
      },
      [],
      /yielded a second time/,
    ],
    [
      'retryTimeoutInMilliseconds',
      function* (context) {
        const options = new df.RetryOptions(1000, 2);
        options.retryTimeoutInMilliseconds = 500;
        yield context.df.callActivityWithRetry('c', options, {});
        return {};
      },
      [],
      /retryTimeoutInMilliseconds/,
    ],
    [
      'a timer that lives when the orchestration continues as new',
      function* (context) {
        const timer = context.df.createTimer(inSeconds(context, 100));
        yield context.df.Task.any([timer, context.df.callActivity('a', {})]);
        context.df.continueAsNew({});
      },
      [],
      /timer 0 was recorded and still runs/,
    ],
    [
      'an event whose name is a number',
      function* (context) {
        yield context.df.waitForExternalEvent('7');
        return {};
      },
      [],
      /name of digits/,
    ],
    [
      'an event whose name differs in case',
      function* (context) {
        yield context.df.waitForExternalEvent('approve');
        return {};
      },
      ['Approve'],
      /differ only in case/,
    ],
    [
      'an activity that does not exist',
      function* (context) {
        yield context.df.callActivity('nowhere', {});
        return {};
      },
      [],
      /'nowhere' doesn't exist, is disabled, or is not an activity/,
    ],
    [
      'a sub-orchestration that does not exist',
      function* (context) {
        yield context.df.callSubOrchestrator('a', {});
        return {};
      },
      [],
      /'a' doesn't exist, is disabled, or is not an orchestrator/,
    ],
    [
      'a sub-orchestration under the id of an instance that runs',
      function* (context) {
        yield context.df.callSubOrchestrator('trap', {}, context.df.instanceId);
        return {};
      },
      [],
      /which is Pending: the parent would wait/,
    ],
    [
      'tasks that both sides count differently after a failure inside Task.all',
      function* (context) {
        const retried = context.df.callActivityWithRetry('c', new df.RetryOptions(1000, 3), {});
        try {
          yield context.df.Task.all([context.df.callActivity('c', { once: true }), retried]);
        } catch {
          yield context.df.callActivity('b', {});
        }
        return {};
      },
      [],
      /the extension counts a timer as task 2, the SDK activity b/,
    ],
    [
      'an end while Task.all still waits for an event after a failure',
      function* (context) {
        try {
          yield context.df.Task.all([context.df.callActivity('c', {}), context.df.waitForExternalEvent('never')]);
        } catch {
          return { caught: true };
        }
        return {};
      },
      [],
      /still waits for the event "never"/,
    ],
    [
      'a custom status of more than 16 KB',
      function* (context) {
        context.df.setCustomStatus({ text: 'x'.repeat(9000) });
        yield context.df.callActivity('a', {});
        return {};
      },
      [],
      /custom status has \d+ bytes/,
    ],
    [
      'callHttp',
      function* (context) {
        yield context.df.callHttp({ method: 'GET', url: 'http://127.0.0.1/' });
        return {};
      },
      [],
      /callHttp is not supported by the embedded host/,
    ],
    [
      'entities',
      function* (context) {
        yield context.df.callEntity(new df.EntityId('counter', 'k'), 'add', 1);
        return {};
      },
      [],
      /callEntity is not supported by the embedded host/,
    ],
  ])('%s', async (_, orchestrator, events, expected) => {
    const { runtimeStatus, output, loud } = await outcomeOf(orchestrator, events);

    expect(output).toMatch(/^Orchestrator function 'trap' failed: /);
    expect(output).toMatch(expected);
    expect(runtimeStatus).toBe('Failed');
    expect(loud).toBe(true);
  });
});

describe('what the SDK itself refuses fails the instance with its text', () => {
  it.each<[string, (context: OrchestrationContext) => Steps, RegExp]>([
    [
      'Task.all of nothing',
      function* (context) {
        yield context.df.Task.all([]);
        return {};
      },
      /at least one Task/,
    ],
    [
      'yielding no task',
      function* () {
        yield 5 as never;
        return {};
      },
      /programming constraint violation/,
    ],
    ['no generator', (async () => ({})) as never, /next is not a function/],
  ])('%s', async (_, orchestrator, expected) => {
    const { output, loud } = await outcomeOf(orchestrator);

    expect(output).toMatch(expected);
    expect(loud).toBe(false);
  });
});

describe('what is allowed', () => {
  it('waiting again for an event that lost a race', async () => {
    const { output } = await outcomeOf(
      function* (context) {
        const go = context.df.waitForExternalEvent('go');
        const first = context.df.createTimer(inSeconds(context, 10));
        if ((yield context.df.Task.any([go, first])) !== first) first.cancel();
        return { got: yield go };
      },
      ['go'],
    );

    expect(output).toEqual({ got: {} });
  });

  it('going on after a failure inside Task.all, once its rest has ended', async () => {
    const { output } = await outcomeOf(function* (context) {
      try {
        yield context.df.Task.all([context.df.callActivity('c', {}), context.df.createTimer(inSeconds(context, 60))]);
      } catch (thrown) {
        const next = yield context.df.callActivity('b', {});
        return { caught: (thrown as Error).message, next };
      }
      return {};
    });

    expect(output).toEqual({ caught: "Activity function 'c' failed: c fails \n c fails", next: { from: 'b' } });
  });
});

describe('a non-deterministic orchestrator', () => {
  it.each<[string, (context: OrchestrationContext) => Steps, RegExp]>([
    [
      'another activity',
      function* (context) {
        yield context.df.callActivity('b', {});
        return yield context.df.waitForExternalEvent('go');
      },
      /for task 0 the history recorded activity a, now the code asks for activity b/,
    ],
    [
      'another kind of task',
      function* (context) {
        yield context.df.createTimer(inSeconds(context, 5));
        return yield context.df.waitForExternalEvent('go');
      },
      /for task 0 the history recorded activity a, now the code asks for a timer/,
    ],
    [
      'a task less',
      function* (context) {
        return yield context.df.waitForExternalEvent('go');
      },
      /for task 0 the history recorded activity a, now the code asks for nothing/,
    ],
  ])(
    'fails the instance, naming the task, what was recorded, and what it asks for now: %s',
    async (_, later, expected) => {
      let orchestrator: (context: OrchestrationContext) => Steps = function* (context) {
        yield context.df.callActivity('a', {});
        return yield context.df.waitForExternalEvent('go');
      };
      fixture = await startFixture({}, () => {
        df.app.activity('a', { handler: () => ({}) });
        df.app.activity('b', { handler: () => ({}) });
        df.app.orchestration('trap', (context) => orchestrator(context));
      });
      const id = await fixture.start('trap', {});
      await fixture.host.settle();

      orchestrator = later;
      await fixture.restart();
      await fixture.management('POST', `instances/${id}/raiseEvent/go`, '{}');
      await fixture.host.settle();

      const { runtimeStatus, output } = await fixture.status(id);
      expect(runtimeStatus).toBe('Failed');
      expect(output).toMatch(expected);
    },
  );
});

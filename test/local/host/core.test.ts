import { app } from '@azure/functions';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import { SimulatedClock } from '../../../local/clock.ts';
import { functionsCore, registerFunction, registerHook } from '../../../local/host/core.ts';
import { createEmbeddedHost } from '../../../local/host/embedded-host.ts';
import { indexFunctions } from '../../../local/host/indexed-function.ts';
import { type Fixture, startFixture } from './support/host-fixture.ts';

let fixture: Fixture | undefined;

afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
  functionsCore.reset();
});

const ACTIVITY = { type: 'activityTrigger', direction: 'in', name: 'input' };

function refusal(
  name: string,
  bindings: Record<string, { type?: string; direction?: string; name?: string; route?: string }>,
): string {
  const { refused } = indexFunctions([{ metadata: { name, bindings }, callback: () => undefined }]);
  return refused[0]?.reason ?? '';
}

describe('registration', () => {
  it('refuses a second function of a name', () => {
    registerFunction({ name: 'one', bindings: { input: ACTIVITY } }, () => undefined);

    expect(() => registerFunction({ name: 'one', bindings: { input: ACTIVITY } }, () => undefined)).toThrow(
      'already been registered',
    );
  });

  it('is over once the host has started', async () => {
    fixture = await startFixture();

    expect(() => app.http('late', { handler: () => ({}) })).toThrow('during app startup');
  });

  it('knows the hooks by name', () => {
    expect(() => registerHook('between', () => undefined)).toThrow(
      expect.objectContaining({ name: 'RangeError', isAzureFunctionsSystemError: true }),
    );
  });

  it('sees what the real packages register', async () => {
    fixture = await startFixture();

    expect(fixture.host.functions.map(({ name, triggerType }) => `${name} ${triggerType}`)).toEqual(
      expect.arrayContaining(['work activitytrigger', 'chain orchestrationtrigger', 'tick timertrigger']),
    );
    expect(fixture.host.refused).toEqual([]);
  });

  it.each<[string, string, Parameters<typeof refusal>[1], RegExp]>([
    ['a name that begins with a digit', '1st', { input: ACTIVITY }, /must begin with a letter/],
    ['a name that is too long', 'x'.repeat(129), { input: ACTIVITY }, /at most 128/],
    ['the name host', 'Host', { input: ACTIVITY }, /reserved/],
    ['a binding name with a dot', 'fine', { 'in.put': ACTIVITY }, /alphanumeric/],
    [
      'binding names that differ in case',
      'fine',
      { input: ACTIVITY, INPUT: { type: 'durableClient', direction: 'in' } },
      /only in case/,
    ],
    ['no trigger', 'fine', { input: { type: 'durableClient', direction: 'in' } }, /exactly one trigger, not 0/],
    ['two triggers', 'fine', { a: ACTIVITY, b: ACTIVITY }, /exactly one trigger, not 2/],
    [
      'a trigger that is missing here',
      'fine',
      { a: { type: 'queueTrigger', direction: 'in' } },
      /queueTrigger are not supported/,
    ],
    ['an entity', 'fine', { a: { type: 'entityTrigger', direction: 'in' } }, /entityTrigger are not supported/],
    [
      'an output that is missing here',
      'fine',
      { a: ACTIVITY, b: { type: 'queue', direction: 'out' } },
      /queue are not supported/,
    ],
    ['a reserved route', 'fine', { a: { type: 'httpTrigger', direction: 'in', route: 'runtime/x' } }, /must not begin/],
  ])('drops a function with %s', (_, name, bindings, expected) => {
    expect(refusal(name, bindings)).toMatch(expected);
  });

  it('drops a function whose name differs from another only in case', () => {
    const one = (name: string) => ({ metadata: { name, bindings: { input: ACTIVITY } }, callback: () => undefined });

    const { functions, refused } = indexFunctions([one('same'), one('Same')]);

    expect(functions.map((each) => each.name)).toEqual(['same']);
    expect(refused.map((each) => each.name)).toEqual(['Same']);
  });
});

describe('hooks', () => {
  it('run around the function, may change it, and share their data', async () => {
    const order: string[] = [];
    fixture = await startFixture({}, () => {
      app.hook.appStart(() => void order.push('appStart'));
      app.hook.appTerminate(() => void order.push('appTerminate'));
      app.hook.preInvocation((context) => {
        order.push('pre');
        context.hookData.mark = 'shared';
        const original = context.functionHandler;
        context.functionHandler = async (...values) => {
          order.push('wrapped');
          return original(...values);
        };
      });
      app.hook.postInvocation((context) => {
        order.push(`post ${context.hookData.mark}`);
        context.result = { body: 'changed' };
      });
      app.http('hooked', {
        handler: () => {
          order.push('function');
          return { body: 'original' };
        },
      });
    });

    const response = await fetch(`${fixture.host.functionsUrl}/api/hooked`);

    expect(await response.text()).toBe('changed');
    await fixture.host.stop();
    expect(order).toEqual(['appStart', 'pre', 'wrapped', 'function', 'post shared', 'appTerminate']);
  });

  it('may take an error away or make one', async () => {
    fixture = await startFixture({}, () => {
      app.hook.postInvocation((context) => {
        const failed = context.error !== null && context.error !== undefined;
        context.error = failed ? null : new Error('made by a hook');
        if (failed) context.result = { body: 'rescued' };
      });
      app.http('fails', {
        handler: () => {
          throw new Error('no');
        },
      });
      app.http('works', { handler: () => ({ body: 'fine' }) });
    });

    expect(await (await fetch(`${fixture.host.functionsUrl}/api/fails`)).text()).toBe('rescued');
    expect((await fetch(`${fixture.host.functionsUrl}/api/works`)).status).toBe(500);
  });

  it('may change log lines', async () => {
    fixture = await startFixture({}, () => {
      app.hook.log((context) => {
        context.message = context.message.replace('secret', '***');
      });
      app.http('logs', {
        handler: (_, context) => {
          context.warn('a secret');
          return {};
        },
      });
    });

    await fetch(`${fixture.host.functionsUrl}/api/logs`);

    expect(fixture.logs).toContainEqual({
      level: 'warning',
      message: 'Log of a function',
      fields: expect.objectContaining({ function: 'logs', text: 'a ***' }),
    });
  });
});

describe('logs of orchestrators', () => {
  it('appear once, not again when the line is replayed', async () => {
    fixture = await startFixture({}, () => {
      df.app.activity('nothing', { handler: () => ({}) });
      df.app.orchestration('talk', function* (context) {
        context.log('one');
        yield context.df.callActivity('nothing', {});
        context.log('two');
        yield context.df.callActivity('nothing', {});
        context.log('three');
        return {};
      });
    });

    await fixture.start('talk', {});
    await fixture.host.settle();

    const texts = fixture.logs
      .filter(({ message }) => message === 'Log of a function')
      .map(({ fields }) => fields.text);
    expect(texts).toEqual(['one', 'two', 'three']);
  });
});

describe('HTTP streaming', () => {
  it('is refused', async () => {
    const clock = new SimulatedClock({ simulatedMs: 0, wallMs: 0, speed: 0 });
    const host = createEmbeddedHost({
      core: {
        ...functionsCore,
        programmingModel: () => ({
          name: 'streaming',
          version: '1',
          getInvocationModel: () => {
            throw new Error('not called');
          },
          getCapabilities: () => ({ HttpUri: 'http://127.0.0.1:55000' }),
        }),
      },
      hostJson: {},
      settings: {},
      databaseFile: ':memory:',
      clock,
    });

    await expect(host.start()).rejects.toThrow('HTTP streaming');
  });
});

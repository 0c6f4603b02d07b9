import { afterEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../local/clock.ts';
import { type Fixture, LATER, START, startFixture } from './support/host-fixture.ts';
import { behaviour, journal } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

describe('activities', () => {
  it('fan out, then the orchestration waits on the simulated clock', async () => {
    fixture = await startFixture();

    const id = await fixture.start('fanOut', { count: 5 }, 'fan-1');
    const { nextDueMs } = await fixture.host.settle();
    const waiting = await fixture.status(id);
    await fixture.run(LATER);

    expect(nextDueMs).toBe(START + 2_700_000);
    expect(waiting.runtimeStatus).toBe('Running');
    const done = await fixture.status(id);
    expect(done.runtimeStatus).toBe('Completed');
    expect(done.output).toEqual({
      results: [{ index: 0 }, { index: 1 }, { index: 2 }, { index: 3 }, { index: 4 }],
      last: { last: true },
    });
    expect(journal).toHaveLength(6);
  });

  it('write the history that the protocol describes', async () => {
    fixture = await startFixture();

    const id = await fixture.start('fanOut', { count: 2 });
    await fixture.run(LATER);

    const { history = [] } = fixture.host.history(id) ?? {};
    const episodes = history.map((event) => event.EventType).join(' ');
    expect(episodes).toMatch(/^12 0 4 4 13 12 5 (13 12 )?5 10 13 12 11 4 13 12 5 1 13$/);
    expect(history.filter((event) => event.EventType === 4).map((event) => event.EventId)).toEqual([0, 1, 3]);
    expect(history.every((event) => event.IsPlayed)).toBe(true);
    expect(history.find((event) => event.EventType === 4)?.Input).toBeNull();
  });

  it('are retried with growing delays, and the failure comes one interval after the last attempt', async () => {
    fixture = await startFixture();
    behaviour.work = () => {
      throw new Error('no luck');
    };

    const id = await fixture.start('withRetry', {});
    await fixture.run(LATER);

    const { output } = await fixture.status(id);
    expect(journal).toHaveLength(3);
    expect(output).toEqual({
      failed: "Activity function 'work' failed: no luck \n no luck",
      at: at(10 + 20 + 40),
    });
  });

  it('need no further attempt after a success', async () => {
    fixture = await startFixture();
    behaviour.work = (input, run) => {
      if (run === 1) throw new Error('no luck');
      return { input, run };
    };

    const id = await fixture.start('withRetry', {});
    await fixture.run(LATER);

    expect((await fixture.status(id)).output).toEqual({ result: { input: { retried: true }, run: 2 } });
  });

  it('run no more at once than host.json allows', async () => {
    fixture = await startFixture({
      hostJson: { extensions: { durableTask: { maxConcurrentActivityFunctions: 2 } } },
    });
    let running = 0;
    let most = 0;
    behaviour.work = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return {};
    };

    await fixture.start('fanOut', { count: 9 });
    await fixture.host.settle();

    expect(journal).toHaveLength(9);
    expect(most).toBe(2);
  });

  it('fail when they are past functionTimeout, and that is reported', async () => {
    fixture = await startFixture({ hostJson: { functionTimeout: '00:00:01' } });
    behaviour.work = () => new Promise(() => undefined);

    const id = await fixture.start('chain', { steps: 1 });
    await fixture.host.settle();

    const { runtimeStatus, output } = await fixture.status(id);
    expect(runtimeStatus).toBe('Failed');
    expect(output).toContain('Timeout value of 00:00:01 exceeded by function: work');
    expect(fixture.logs).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'A function ran into functionTimeout' }),
    );
    expect(fixture.host.statistics().chain).toMatchObject({ activityTimeouts: 1, activityFailures: 1 });
  });

  it('lose what looks like a credential from their errors', async () => {
    fixture = await startFixture();
    behaviour.work = () => {
      throw new Error('refused: AccountKey=abc123;more');
    };

    const id = await fixture.start('chain', { steps: 1 });
    await fixture.host.settle();

    const { output } = await fixture.status(id);
    expect(output).toContain("Activity function 'work' failed: refused: [Hidden Credential]");
    expect(JSON.stringify([output, fixture.logs, fixture.host.history(id)])).not.toContain('abc123');
  });

  it('see what they see in Azure: values that went through JSON, booleans as .NET prints them', async () => {
    const seen: unknown[] = [];
    fixture = await startFixture({}, (df) => {
      df.app.activity('look', { handler: (input: unknown) => void seen.push(input) });
      df.app.orchestration('encode', function* (context) {
        for (const input of [true, false, 'text', '12', 7, null, undefined, [1], { at: new Date(0), no: undefined }]) {
          yield context.df.callActivity('look', input);
        }
        return { seen: true };
      });
    });

    const id = await fixture.start('encode', {});
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ seen: true });
    expect(seen).toEqual([
      'True',
      'False',
      'text',
      '12',
      7,
      undefined,
      undefined,
      [1],
      { at: '1970-01-01T00:00:00.000Z' },
    ]);
  });
});

describe('timers', () => {
  it('fire on the simulated clock, not before', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sleep', { seconds: 90 });
    await fixture.run(START + 89_999);
    const before = await fixture.status(id);
    await fixture.run(START + 90_000);
    const after = await fixture.status(id);

    expect(before.runtimeStatus).toBe('Running');
    expect(after.output).toEqual({ at: at(90) });
  });

  it('further away than six days are chains of three days', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sleep', { seconds: 10 * 86_400 });
    await fixture.run(LATER);

    const { history = [] } = fixture.host.history(id) ?? {};
    const fireAt = history.filter((event) => event.EventType === 10).map((event) => event.FireAt);
    expect(fireAt).toEqual([at(3 * 86_400), at(6 * 86_400), at(10 * 86_400)]);
    expect((await fixture.status(id)).output).toEqual({ at: at(10 * 86_400) });
  });

  it('of exactly six days are one timer', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sleep', { seconds: 6 * 86_400 });
    await fixture.run(LATER);

    const { history = [] } = fixture.host.history(id) ?? {};
    expect(history.filter((event) => event.EventType === 10)).toHaveLength(1);
  });

  it('that were not cancelled hold the completion until they fire', async () => {
    fixture = await startFixture({}, (df) => {
      df.app.orchestration('careless', function* (context) {
        const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
        yield context.df.Task.any([context.df.waitForExternalEvent('go'), timer]);
        return { done: true };
      });
    });

    const id = await fixture.start('careless', {});
    await fixture.management('POST', `instances/${id}/raiseEvent/go`, '{}');
    await fixture.host.settle();
    const held = await fixture.status(id);
    await fixture.run(START + 60_000);

    expect(held.runtimeStatus).toBe('Running');
    expect(fixture.logs).toContainEqual(
      expect.objectContaining({ message: 'An orchestration is held', level: 'warning' }),
    );
    expect((await fixture.status(id)).runtimeStatus).toBe('Completed');
  });

  it('that were cancelled leave nothing due', async () => {
    fixture = await startFixture();

    const id = await fixture.start('approval', {});
    await fixture.host.settle();
    await fixture.management('POST', `instances/${id}/raiseEvent/approve`, '{"by":"someone"}');
    const { nextDueMs } = await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ decision: { by: 'someone' } });
    expect(nextDueMs).toBeGreaterThan(LATER);
  });
});

describe('a clock that runs', () => {
  it('fires timers by itself, sooner by its speed', async () => {
    let fire: (value: unknown) => void = () => undefined;
    const fired = new Promise((resolve) => {
      fire = resolve;
    });
    const clock = new SimulatedClock({ simulatedMs: START, wallMs: Date.now(), speed: 36_000 });
    fixture = await startFixture({ clock });
    behaviour.work = (input) => {
      if (JSON.stringify(input).includes('last')) fire(clock.nowMs());
      return {};
    };

    await fixture.start('fanOut', { count: 1 });

    expect(await fired).toBeGreaterThanOrEqual(START + 2_700_000);
    clock.stop();
  });
});

describe('external events', () => {
  it('that never come lose against the timer', async () => {
    fixture = await startFixture();

    const id = await fixture.start('approval', {});
    await fixture.run(LATER);

    expect((await fixture.status(id)).output).toEqual({ decision: 'timed out' });
  });

  it('that come early and in another order are kept', async () => {
    fixture = await startFixture();

    const id = await fixture.start('twoEvents', {});
    await fixture.management('POST', `instances/${id}/raiseEvent/second`, '{"n":2}');
    await fixture.management('POST', `instances/${id}/raiseEvent/first`, '{"n":1}');
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ first: { n: 1 }, second: { n: 2 } });
  });

  it('of one name go to the last wait first', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sameEventTwice', {});
    await fixture.host.settle();
    await fixture.management('POST', `instances/${id}/raiseEvent/same`, '{"n":1}');
    await fixture.host.settle();
    await fixture.management('POST', `instances/${id}/raiseEvent/same`, '{"n":2}');
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual([{ n: 2 }, { n: 1 }]);
  });

  it('that an abandoned wait swallows are reported', async () => {
    fixture = await startFixture({}, (df) => {
      df.app.orchestration('abandon', function* (context) {
        const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
        yield context.df.Task.any([context.df.waitForExternalEvent('go'), timer]);
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
        return { got: yield context.df.waitForExternalEvent('go') };
      });
    });

    const id = await fixture.start('abandon', {});
    await fixture.run(START + 60_000);
    await fixture.management('POST', `instances/${id}/raiseEvent/go`, '{}');
    await fixture.run(START + 120_000);

    expect((await fixture.status(id)).runtimeStatus).toBe('Running');
    expect(fixture.logs.filter(({ message }) => message.includes('abandoned wait'))).toHaveLength(1);
  });
});

describe('continueAsNew', () => {
  it('begins generations with a history of their own', async () => {
    fixture = await startFixture();

    const id = await fixture.start('counter', { value: 0, end: 3 });
    const first = fixture.host.history(id)?.executionId;
    await fixture.run(LATER);

    const { output, customStatus, input, createdTime } = await fixture.status(id);
    const last = fixture.host.history(id);
    expect(output).toEqual({ value: 3 });
    expect(input).toEqual({ value: 3, end: 3 });
    expect(customStatus).toEqual({ value: 3 });
    expect(createdTime).toBe(at(180).replace('.000', ''));
    expect(last?.executionId).not.toBe(first);
    expect(last?.history.filter((event) => event.EventType === 0)).toHaveLength(1);
    expect(fixture.host.statistics().counter).toMatchObject({ generations: 4, episodes: 8 });
  });

  it('quotes a text once more', async () => {
    fixture = await startFixture({}, (df) => {
      df.app.orchestration('quote', function* (context) {
        const input = context.df.getInput<unknown>();
        if (input === 'x') context.df.continueAsNew('y');
        else yield context.df.createTimer(context.df.currentUtcDateTime);
        return { input };
      });
    });

    const id = await fixture.start('quote', 'x');
    await fixture.run(LATER);

    expect((await fixture.status(id)).output).toEqual({ input: '"y"' });
  });
});

describe('sub-orchestrations', () => {
  it('give their output to the parent, under an id made from its execution', async () => {
    fixture = await startFixture();

    const id = await fixture.start('parent', { name: 'chain', input: { steps: 2 } });
    await fixture.host.settle();

    const parent = fixture.host.history(id);
    const child = fixture.host.history(`${parent?.executionId}:0`);
    expect((await fixture.status(id)).output).toEqual({ child: { done: [{ step: 0 }, { step: 1 }] } });
    expect(child?.parentInstanceId).toBe(id);
  });

  it('tell the parent when they fail', async () => {
    fixture = await startFixture();

    const id = await fixture.start('parent', { name: 'failing', input: {}, id: 'child-1' });
    await fixture.host.settle();

    expect((await fixture.status('child-1')).output).toBe("Orchestrator function 'failing' failed: it went wrong");
    expect((await fixture.status(id)).output).toEqual({
      failed: expect.stringMatching(/^Orchestrator function 'failing' failed: it went wrong \n /),
    });
  });

  it('tell the parent when they are terminated', async () => {
    fixture = await startFixture();

    const id = await fixture.start('parent', { name: 'sleep', input: { seconds: 60 }, id: 'child-1' });
    await fixture.host.settle();
    await fixture.management('POST', 'instances/child-1/terminate?reason=enough');
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ failed: expect.stringContaining('enough') });
  });
});

describe('suspending', () => {
  it('lets timers run but takes nothing in until the instance is resumed', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sleep', { seconds: 60 });
    await fixture.host.settle();
    await fixture.management('POST', `instances/${id}/suspend?reason=look`);
    await fixture.run(START + 120_000);
    const suspended = await fixture.status(id);
    await fixture.management('POST', `instances/${id}/resume?reason=go`);
    await fixture.host.settle();

    expect(suspended.runtimeStatus).toBe('Suspended');
    expect((await fixture.status(id)).output).toEqual({ at: at(120) });
    const types = fixture.host.history(id)?.history.map((event) => event.EventType);
    expect(types).toEqual([12, 0, 10, 13, 12, 19, 13, 12, 20, 11, 1, 13]);
  });

  it('can be ended by a termination', async () => {
    fixture = await startFixture();

    const id = await fixture.start('sleep', { seconds: 60 });
    await fixture.management('POST', `instances/${id}/suspend?reason=look`);
    await fixture.host.settle();
    await fixture.management('POST', `instances/${id}/terminate?reason=over`);
    const { nextDueMs } = await fixture.host.settle();

    expect((await fixture.status(id)).runtimeStatus).toBe('Terminated');
    expect(nextDueMs).toBeGreaterThan(LATER);
  });
});

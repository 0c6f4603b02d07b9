import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import type { FaultSwitches } from '../../../local/host/faults.ts';
import { type Fixture, LATER, START, startFixture } from './support/host-fixture.ts';
import { behaviour, journal, registerTestApp } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

const EXPECTED = {
  results: [{ index: 0 }, { index: 1 }, { index: 2 }],
  last: { last: true },
};

async function runWith(switches: FaultSwitches): Promise<unknown> {
  fixture = await startFixture();
  fixture.host.setFaults(switches);
  const id = await fixture.start('fanOut', { count: 3 }, 'crash-me');
  await fixture.run(LATER);
  return (await fixture.status(id)).output;
}

function crashes(): number {
  return fixture.logs.filter(({ message }) => message === 'The embedded host crashes').length;
}

describe('a host that crashes', () => {
  it.each([1, 2, 3, 4])('before activity %i comes to the same end', async (k) => {
    expect(await runWith({ crashBeforeActivity: k })).toEqual(EXPECTED);
    expect(crashes()).toBe(1);
  });

  it.each([1, 2, 3, 4])(
    'after activity %i, its result not stored, runs it again and comes to the same end',
    async (k) => {
      expect(await runWith({ crashAfterActivity: k })).toEqual(EXPECTED);
      expect(crashes()).toBe(1);
      expect(journal.length).toBeGreaterThan(4);
    },
  );

  it('around every activity, once before and once after each, comes to the same end', async () => {
    expect(await runWith({ crashAroundEveryActivity: true })).toEqual(EXPECTED);
    expect(crashes()).toBe(8);
  });

  it.each([1, 2, 3, 4])('before or after the commit of episode %i comes to the same end', async (k) => {
    expect(await runWith({ crashBeforeCommit: k })).toEqual(EXPECTED);
    expect(crashes()).toBe(1);
    await fixture.close();

    expect(await runWith({ crashAfterCommit: k })).toEqual(EXPECTED);
    expect(crashes()).toBe(1);
  });

  it('around every commit and every activity comes to the same end, with each task recorded once', async () => {
    const output = await runWith({ crashAroundEveryActivity: true, crashAroundEveryCommit: true });

    const { history = [] } = fixture.host.history('crash-me') ?? {};
    expect(output).toEqual(EXPECTED);
    expect(history.filter((event) => event.EventType === 4).map((event) => event.EventId)).toEqual([0, 1, 2, 4]);
    expect(history.filter((event) => event.EventType === 5)).toHaveLength(4);
    expect(history.filter((event) => event.EventType === 11)).toHaveLength(1);
  });

  it('while timers, sub-orchestrations, retries and generations are under way comes to the same end', async () => {
    fixture = await startFixture();
    fixture.host.setFaults({ crashAroundEveryActivity: true, crashAroundEveryCommit: true });
    behaviour.work = (input, run) => {
      if (JSON.stringify(input).includes('retried') && run < 4) throw new Error('no luck');
      return input;
    };

    await fixture.start('counter', { value: 0, end: 2 }, 'counter-1');
    await fixture.start('parent', { name: 'chain', input: { steps: 2 } }, 'parent-1');
    await fixture.start('withRetry', {}, 'retry-1');
    await fixture.run(LATER);

    expect((await fixture.status('counter-1')).output).toEqual({ value: 2 });
    expect((await fixture.status('parent-1')).output).toEqual({ child: { done: [{ step: 0 }, { step: 1 }] } });
    expect((await fixture.status('retry-1')).output).toEqual({ result: { retried: true } });
  });
});

describe('many crashes', () => {
  it('in a row do not pile up', async () => {
    fixture = await startFixture();
    fixture.host.setFaults({ crashAroundEveryActivity: true });

    const id = await fixture.start('fanOut', { count: 60 });
    await fixture.run(LATER);

    expect((await fixture.status(id)).runtimeStatus).toBe('Completed');
    expect(crashes()).toBe(122);
  });
});

describe('a new process on the same database', () => {
  it('takes up timers and keeps finished instances', async () => {
    fixture = await startFixture();
    await fixture.start('sleep', { seconds: 60 }, 'sleeper');
    await fixture.start('chain', { steps: 1 }, 'chain-1');
    await fixture.host.settle();

    await fixture.restart();
    const { nextDueMs } = await fixture.host.settle();
    await fixture.run(LATER);

    expect(nextDueMs).toBe(START + 60_000);
    expect((await fixture.status('chain-1')).runtimeStatus).toBe('Completed');
    expect((await fixture.status('sleeper')).runtimeStatus).toBe('Completed');
  });

  it('fires timers that fell due while nothing ran', async () => {
    fixture = await startFixture();
    await fixture.start('sleep', { seconds: 60 }, 'sleeper');
    await fixture.host.settle();

    await fixture.host.stop();
    fixture.clock.moveTo(START + 3_600_000);
    await fixture.restart();
    await fixture.host.settle();

    const { output } = await fixture.status('sleeper');
    expect(output).toEqual({ at: new Date(START + 3_600_000).toISOString() });
  });
});

describe('work of a dropped host', () => {
  it('has no effect on the store, neither by its result nor through a durable client', async () => {
    let goOn: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const problems: string[] = [];
    fixture = await startFixture({}, () => {
      registerTestApp();
      df.app.client.generic('act', {
        trigger: { type: 'activityTrigger', name: 'input' },
        handler: async (_, client) => {
          if (problems.push('run') > 1) return { run: 2 };
          begun();
          await new Promise<void>((resolve) => {
            goOn = resolve;
          });
          await (client as df.DurableClient)
            .startNew('chain', { instanceId: 'ghost', input: { steps: 1 } })
            .catch((thrown: unknown) => problems.push(String(thrown)));
          return { run: 1 };
        },
      });
      df.app.orchestration('useAct', function* (context) {
        return yield context.df.callActivity('act', {});
      });
    });

    const id = await fixture.start('useAct', {});
    await hasBegun;
    fixture.host.crash();
    goOn();
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ run: 2 });
    expect(problems).toContainEqual(expect.stringContaining('503'));
    expect((await fixture.management('GET', 'instances/ghost')).status).toBe(404);
  });

  it('ends when another process has opened the database', async () => {
    let isSuperseded = false;
    fixture = await startFixture({
      onSuperseded: () => {
        isSuperseded = true;
      },
    });
    await fixture.start('sleep', { seconds: 60 }, 'sleeper');
    await fixture.host.settle();

    const other = new DatabaseSync(fixture.databaseFile);
    other.exec("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
    await fixture.host.settle(START + 60_000);
    const messages = other.prepare('SELECT COUNT(*) AS count FROM inbox').get();
    other.close();

    expect(isSuperseded).toBe(true);
    expect(messages?.count).toBe(0);
  });
});

describe('the switch that runs every activity twice', () => {
  it('takes the second result, and says when the two differ', async () => {
    fixture = await startFixture();
    fixture.host.setFaults({ runActivitiesTwice: true });
    behaviour.work = (_, run) => ({ run });

    const id = await fixture.start('chain', { steps: 2 });
    await fixture.host.settle();

    expect((await fixture.status(id)).output).toEqual({ done: [{ run: 2 }, { run: 2 }] });
    expect(journal).toHaveLength(4);
    expect(fixture.host.statistics().chain?.differingSecondRuns).toBe(2);
  });

  it('says nothing about equal results', async () => {
    fixture = await startFixture();
    fixture.host.setFaults({ runActivitiesTwice: true });

    await fixture.start('chain', { steps: 2 });
    await fixture.host.settle();

    expect(journal).toHaveLength(4);
    expect(fixture.host.statistics().chain?.differingSecondRuns).toBe(0);
  });
});

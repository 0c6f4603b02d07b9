import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import { type Fixture, LATER, START, startFixture } from './support/host-fixture.ts';
import { registerTestApp } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

async function send(method: string, path: string, body?: string): Promise<number> {
  return (await fixture.management(method, path, body)).status;
}

describe('starting', () => {
  it('answers 202 with the management URLs', async () => {
    fixture = await startFixture();

    const response = await fixture.management('POST', 'orchestrators/sleep/s-1', '{"seconds":60}');
    const body = (await response.json()) as Record<string, string>;

    expect(response.status).toBe(202);
    expect(body.id).toBe('s-1');
    expect(response.headers.get('location')).toBe(body.statusQueryGetUri);
    expect((await fetch(body.statusQueryGetUri ?? '')).status).toBe(202);
  });

  it.each([
    ['an unknown function', 'orchestrators/nobody', '{}', 400],
    ['an activity', 'orchestrators/work', '{}', 400],
    ['a body that is not JSON', 'orchestrators/sleep', '{', 400],
    ['an id that begins with @', 'orchestrators/sleep/@a', '{}', 400],
    ['an id with a sharp sign', 'orchestrators/sleep/a%23b', '{}', 400],
    ['an id that is too long', `orchestrators/sleep/${'x'.repeat(257)}`, '{}', 400],
  ])('refuses %s', async (_, path, body, expected) => {
    fixture = await startFixture();

    expect(await send('POST', path, body)).toBe(expected);
  });

  it('without an input gives the orchestrator an empty text', async () => {
    fixture = await startFixture({}, () => {
      df.app.orchestration('show', function* (context) {
        yield context.df.createTimer(context.df.currentUtcDateTime);
        return { input: context.df.getInput() };
      });
    });

    const id = await fixture.start('show', undefined);
    await fixture.run(LATER);

    expect((await fixture.status(id)).output).toEqual({ input: '' });
  });

  it('answers 409 for the id of a live instance, and uses the id of a finished one anew', async () => {
    fixture = await startFixture();
    await fixture.start('sleep', { seconds: 60 }, 's-1');

    const whilePending = await send('POST', 'orchestrators/sleep/s-1', '{}');
    await fixture.host.settle();
    const whileRunning = await send('POST', 'orchestrators/sleep/s-1', '{}');
    await fixture.run(LATER);
    const afterwards = await send('POST', 'orchestrators/chain/s-1', '{"steps":1}');
    await fixture.host.settle();

    expect([whilePending, whileRunning, afterwards]).toEqual([409, 409, 202]);
    expect((await fixture.status('s-1')).output).toEqual({ done: [{ step: 0 }] });
  });

  it('again makes an instance with the same input', async () => {
    fixture = await startFixture();
    await fixture.start('chain', { steps: 2 }, 'c-1');
    await fixture.host.settle();

    const response = await fixture.management('POST', 'instances/c-1/restart');
    const { id } = (await response.json()) as { id: string };
    await fixture.host.settle();

    expect(id).not.toBe('c-1');
    expect(await fixture.status(id)).toMatchObject({ input: { steps: 2 }, runtimeStatus: 'Completed' });
  });
});

describe('status', () => {
  it('is 202 while it goes on, 200 when it has ended, 404 for an unknown id', async () => {
    fixture = await startFixture();
    await fixture.start('sleep', { seconds: 60 }, 's-1');
    await fixture.host.settle();

    const running = await fixture.management('GET', 'instances/s-1');
    await fixture.run(LATER);
    const done = await fixture.management('GET', 'instances/s-1?showHistory=true&showHistoryOutput=true');

    expect(running.status).toBe(202);
    expect(running.headers.get('retry-after')).toBe('5');
    expect(done.status).toBe(200);
    expect(await done.json()).toMatchObject({
      name: 'sleep',
      instanceId: 's-1',
      runtimeStatus: 'Completed',
      input: { seconds: 60 },
      createdTime: '2026-11-20T08:00:00Z',
      lastUpdatedTime: '2026-11-20T08:01:00Z',
      historyEvents: [
        expect.objectContaining({ EventType: 'ExecutionStarted' }),
        expect.objectContaining({ EventType: 'TimerCreated' }),
        expect.objectContaining({ EventType: 'TimerFired' }),
        expect.objectContaining({ EventType: 'ExecutionCompleted', Result: { at: '2026-11-20T08:01:00.000Z' } }),
      ],
    });
    expect(await send('GET', 'instances/nobody')).toBe(404);
  });

  it('of a failed instance is 500 on demand', async () => {
    fixture = await startFixture();
    await fixture.start('failing', {}, 'f-1');
    await fixture.host.settle();

    expect(await send('GET', 'instances/f-1')).toBe(200);
    expect(await send('GET', 'instances/f-1?returnInternalServerErrorOnFailure=true')).toBe(500);
  });

  it('of many instances can be filtered, and comes in pages', async () => {
    fixture = await startFixture();
    for (const id of ['a-1', 'a-2', 'b-1']) await fixture.start('sleep', { seconds: 60 }, id);
    await fixture.run(START + 60_000);
    await fixture.start('sleep', { seconds: 60 }, 'a-3');
    await fixture.host.settle();
    const ids = async (query: string): Promise<readonly string[]> => {
      const response = await fixture.management('GET', `instances/?${query}`);
      return ((await response.json()) as { instanceId: string }[]).map((each) => each.instanceId);
    };

    const page = await fixture.management('GET', 'instances/?top=3');

    expect(await ids('runtimeStatus=Completed,Failed')).toEqual(['a-1', 'a-2', 'b-1']);
    expect(await ids('instanceIdPrefix=a-')).toEqual(['a-1', 'a-2', 'a-3']);
    expect(await ids('createdTimeFrom=2026-11-20T08:00:30Z')).toEqual(['a-3']);
    expect(await ids('createdTimeTo=2026-11-20T08:00:30Z')).toHaveLength(3);
    expect(page.headers.get('x-ms-continuation-token')).toBe('3');
  });
});

describe('messages', () => {
  it.each(['terminate?reason=x', 'suspend?reason=x', 'resume?reason=x', 'raiseEvent/go'])(
    '%s is 404 for an unknown and 410 for a finished instance',
    async (verb) => {
      fixture = await startFixture();
      await fixture.start('chain', { steps: 0 }, 'done');
      await fixture.host.settle();

      expect(await send('POST', `instances/nobody/${verb}`, '{}')).toBe(404);
      expect(await send('POST', `instances/done/${verb}`, '{}')).toBe(410);
    },
  );

  it('that are not JSON are refused', async () => {
    fixture = await startFixture();
    await fixture.start('approval', {}, 'a-1');

    expect(await send('POST', 'instances/a-1/raiseEvent/approve', 'not json')).toBe(400);
  });

  it('that are not supported say so', async () => {
    fixture = await startFixture();
    await fixture.start('chain', { steps: 0 }, 'done');
    const rewind = await fixture.management('POST', 'instances/done/rewind?reason=x');
    const entity = await fixture.management('GET', 'entities/counter/k');

    expect([rewind.status, entity.status]).toEqual([501, 501]);
    expect(await rewind.text()).toContain('not supported by the embedded host');
    expect(await entity.text()).toContain('not supported by the embedded host');
  });
});

describe('purging', () => {
  it('removes a finished instance with all its rows, and leaves a live one', async () => {
    fixture = await startFixture();
    await fixture.start('chain', { steps: 1 }, 'done');
    await fixture.start('sleep', { seconds: 60 }, 'live');
    await fixture.host.settle();

    const purged = await fixture.management('DELETE', 'instances/done');

    expect(await purged.json()).toEqual({ instancesDeleted: 1 });
    expect(await send('DELETE', 'instances/done')).toBe(404);
    expect(await send('DELETE', 'instances/live')).toBe(412);
    expect(fixture.host.history('done')).toBeUndefined();
    await fixture.run(LATER);
    expect((await fixture.status('live')).runtimeStatus).toBe('Completed');
  });

  it('by filter needs a time, and takes only finished instances', async () => {
    fixture = await startFixture();
    await fixture.start('chain', { steps: 0 }, 'done');
    await fixture.start('sleep', { seconds: 60 }, 'live');
    await fixture.host.settle();

    const response = await fixture.management('DELETE', 'instances/?createdTimeFrom=2026-11-20T00:00:00Z');

    expect(await response.json()).toEqual({ instancesDeleted: 1 });
    expect(await send('DELETE', 'instances/?runtimeStatus=Completed')).toBe(400);
    expect((await fixture.status('live')).runtimeStatus).toBe('Running');
  });
});

describe('the durable client of the SDK', () => {
  it('starts, watches, signals, suspends, ends and purges instances over the loopback endpoint', async () => {
    const seen: unknown[] = [];
    fixture = await startFixture({}, () => {
      registerTestApp();
      df.app.client.http('drive', {
        handler: async (_, client) => {
          const id = await client.startNew('approval', { instanceId: 'driven', input: { a: 1 } });
          seen.push(id);
          seen.push((await client.getStatus(id)).name);
          await client.suspend(id, 'look');
          await client.resume(id, 'go');
          await client.raiseEvent(id, 'approve', { ok: true });
          await client.startNew('sleep', { instanceId: 'ended', input: { seconds: 60 } });
          await client.startNew('sleep', { instanceId: 'asleep', input: { seconds: 60 } });
          await client.terminate('ended', 'enough');
          seen.push((await client.getStatusAll()).length);
          seen.push(await client.getStatus('nobody').catch((thrown: Error) => thrown.message.includes('404')));
          seen.push(
            await client
              .startNew('sleep', { instanceId: 'asleep' })
              .catch((thrown: Error) => /409/.test(thrown.message)),
          );
          return { jsonBody: client.createHttpManagementPayload(id) };
        },
      });
    });

    const response = await fetch(`${fixture.host.functionsUrl}/api/drive`);
    const payload = (await response.json()) as Record<string, string>;
    await fixture.host.settle();

    expect(seen).toEqual(['driven', 'approval', 3, true, true]);
    expect(payload.statusQueryGetUri).toContain(
      `${fixture.host.functionsUrl}/runtime/webhooks/durabletask/instances/driven?`,
    );
    expect((await fixture.status('driven')).output).toEqual({ decision: { ok: true } });
    expect((await fixture.status('ended')).runtimeStatus).toBe('Terminated');
  });
});

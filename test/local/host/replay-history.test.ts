import { afterEach, describe, expect, it } from '@jest/globals';
import type { OrchestrationContext } from 'durable-functions';
import * as df from 'durable-functions';
import { functionsCore } from '../../../local/host/core.ts';
import { type ReplayReport, replayHistory } from '../../../local/host/replay-history.ts';
import { type Fixture, LATER, startFixture } from './support/host-fixture.ts';
import { inSeconds, type Steps } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

function* released(context: OrchestrationContext): Steps {
  const a = yield context.df.callActivity('a', {});
  yield context.df.createTimer(inSeconds(context, 60));
  yield context.df.Task.all([context.df.callActivity('a', {}), context.df.callActivity('b', {})]);
  return { a };
}

/** Records a history of `released`, and replays it against `today`. */
async function replay(today: (context: OrchestrationContext) => Steps): Promise<ReplayReport> {
  let orchestrator = released;
  fixture = await startFixture({}, () => {
    df.app.activity('a', { handler: () => ({ from: 'a' }) });
    df.app.activity('b', { handler: () => ({ from: 'b' }) });
    df.app.orchestration('story', (context) => orchestrator(context));
  });
  const id = await fixture.start('story', {});
  await fixture.run(LATER);
  const recorded = JSON.parse(JSON.stringify(fixture.host.history(id))) as { history: never[] };
  orchestrator = today as typeof released;
  return replayHistory({ core: functionsCore, name: 'story', history: recorded.history });
}

describe('replayHistory', () => {
  it('finds that unchanged code fits', async () => {
    expect(await replay(released)).toMatchObject({ matches: true });
  });

  it.each<[string, (context: OrchestrationContext) => Steps, number, RegExp]>([
    [
      'another activity',
      function* (context) {
        const a = yield context.df.callActivity('b', {});
        return { a };
      },
      1,
      /For task 0 activity a is recorded, now it asks for activity b/,
    ],
    [
      'a task more',
      function* (context) {
        yield context.df.Task.all([context.df.callActivity('a', {}), context.df.callActivity('b', {})]);
        return {};
      },
      1,
      /Now it schedules task 1/,
    ],
    [
      'a task less',
      function* (context) {
        const a = yield context.df.callActivity('a', {});
        yield context.df.createTimer(inSeconds(context, 60));
        yield context.df.callActivity('a', {});
        return { a };
      },
      3,
      /Task 3, activity b, is recorded, now it is not scheduled/,
    ],
    [
      'an end that comes earlier',
      function* (context) {
        const a = yield context.df.callActivity('a', {});
        return { a };
      },
      2,
      /is recorded, now it is not scheduled/,
    ],
    [
      'another output',
      function* (context) {
        yield* released(context);
        return { a: 'changed' };
      },
      4,
      /Recorded was the end .*now it is \{"a":"changed"\}/,
    ],
    [
      'a failure',
      function* (context) {
        yield* released(context);
        throw new Error('new check');
      },
      4,
      /Now it fails: new check/,
    ],
  ])('finds %s', async (_, today, episode, expected) => {
    const report = await replay(today);

    expect(report).toEqual({ matches: false, episode: expect.any(Number), reason: expect.stringMatching(expected) });
    expect(report.matches ? 0 : report.episode).toBeGreaterThanOrEqual(episode);
  });

  it('says when there is no such orchestrator, or no beginning', async () => {
    await replay(released);

    expect(await replayHistory({ core: functionsCore, name: 'nobody', history: [] })).toMatchObject({ matches: false });
    expect(await replayHistory({ core: functionsCore, name: 'story', history: [] })).toMatchObject({ matches: false });
  });
});

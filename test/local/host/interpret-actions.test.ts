import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventType, type HistoryEvent } from '../../../local/host/history-event.ts';
import { type Action, ActionType, interpretActions, type Task } from '../../../local/host/interpret-actions.ts';

const START = '2026-11-20T08:00:00.000Z';

function event(type: number, more: Partial<HistoryEvent> = {}): HistoryEvent {
  return { EventType: type, EventId: -1, IsPlayed: false, Timestamp: START, ...more };
}

const BEGIN = [event(EventType.OrchestratorStarted), event(EventType.ExecutionStarted)];

function activity(functionName: string): Action {
  return { actionType: ActionType.CallActivity, functionName };
}

function any(...compoundActions: Action[]): Action {
  return { actionType: ActionType.WhenAny, compoundActions };
}

function all(...compoundActions: Action[]): Action {
  return { actionType: ActionType.WhenAll, compoundActions };
}

function waitFor(externalEventName: string): Action {
  return { actionType: ActionType.WaitForExternalEvent, externalEventName };
}

function completed(id: number): HistoryEvent {
  return event(EventType.TaskCompleted, { TaskScheduledId: id, Result: '{}' });
}

function failed(id: number): HistoryEvent {
  return event(EventType.TaskFailed, { TaskScheduledId: id, Reason: 'r', Details: 'd' });
}

function fired(id: number): HistoryEvent {
  return event(EventType.TimerFired, { TimerId: id });
}

function names(tasks: readonly Task[]): readonly string[] {
  return tasks.map((task) => (task.kind === 'timer' ? 'timer' : task.name));
}

describe('interpretActions', () => {
  it('starts the next action only when the one before has settled', () => {
    const actions = [activity('a'), activity('b')];

    const first = interpretActions(actions, BEGIN);
    const second = interpretActions(actions, [...BEGIN, completed(0)]);
    const third = interpretActions(actions, [...BEGIN, completed(0), failed(1)]);

    expect([names(first.tasks), first.finished]).toEqual([['a'], false]);
    expect([names(second.tasks), second.finished]).toEqual([['a', 'b'], false]);
    expect(third.finished).toBe(true);
  });

  it('numbers depth first through compounds', () => {
    const nested = all(activity('a'), any(activity('b'), waitFor('e'), all(activity('c'))), activity('d'));

    expect(names(interpretActions([nested], BEGIN).tasks)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('numbers parallel retries as their failures come in', () => {
    const retry = (functionName: string): Action => ({
      actionType: ActionType.CallActivityWithRetry,
      functionName,
      retryOptions: { firstRetryIntervalInMilliseconds: 1000, maxNumberOfAttempts: 2 },
    });
    const history = [...BEGIN, failed(1), failed(0), fired(2), fired(3), completed(4), failed(5)];

    const { tasks, finished, open } = interpretActions([all(retry('a'), retry('b'))], history);

    expect(names(tasks)).toEqual(['a', 'b', 'timer', 'timer', 'b', 'a', 'timer']);
    expect(finished).toBe(false);
    expect([...open]).toEqual([6]);
  });

  it.each<[number | undefined, number | undefined, readonly number[]]>([
    [undefined, undefined, [1000, 1000, 1000]],
    [2, undefined, [1000, 2000, 4000]],
    [10, 5000, [1000, 5000, 5000]],
  ])('grows delays by %s up to %s', (backoffCoefficient, maxRetryIntervalInMilliseconds, expected) => {
    const action: Action = {
      actionType: ActionType.CallActivityWithRetry,
      functionName: 'a',
      retryOptions: {
        firstRetryIntervalInMilliseconds: 1000,
        maxNumberOfAttempts: 3,
        ...(backoffCoefficient === undefined ? {} : { backoffCoefficient }),
        ...(maxRetryIntervalInMilliseconds === undefined ? {} : { maxRetryIntervalInMilliseconds }),
      },
    };
    const history = [...BEGIN, failed(0), fired(1), failed(2), fired(3), failed(4), fired(5)];

    const { tasks, finished } = interpretActions([action], history);

    const delays = tasks.flatMap((task) => (task.kind === 'timer' ? [task.fireAtMs - Date.parse(START)] : []));
    expect(delays).toEqual(expected);
    expect(finished).toBe(true);
  });

  it('stops at continueAsNew', () => {
    const actions = [activity('a'), { actionType: ActionType.ContinueAsNew, input: { n: 1 } }, activity('b')];

    const { continueAsNew, tasks } = interpretActions(actions, [...BEGIN, completed(0)]);

    expect(continueAsNew).toEqual({ input: { n: 1 } });
    expect(names(tasks)).toEqual(['a']);
  });

  it('keeps early events, oldest first', () => {
    const raise = (name: string): HistoryEvent => event(EventType.EventRaised, { Name: name });
    const actions = [activity('a'), waitFor('x'), waitFor('y'), waitFor('x')];

    const run = interpretActions(actions, [...BEGIN, raise('x'), raise('x'), raise('y'), completed(0)]);

    expect(run.finished).toBe(true);
  });

  it('says which actions are not supported', () => {
    expect(interpretActions([{ actionType: ActionType.CallHttp }], BEGIN).problem).toContain('callHttp');
    expect(interpretActions([{ actionType: 99 }], BEGIN).problem).toContain('Action 99');
  });

  const tree = fc.letrec<{ action: Action }>((tie) => ({
    action: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a', 'b', 'c').map(activity),
      fc.constantFrom('x', 'y').map(waitFor),
      fc.constant<Action>({ actionType: ActionType.CreateTimer, fireAt: '2026-11-20T09:00:00.000Z' }),
      fc.constantFrom('r', 's').map((functionName) => ({
        actionType: ActionType.CallActivityWithRetry,
        functionName,
        retryOptions: { firstRetryIntervalInMilliseconds: 1000, maxNumberOfAttempts: 2 },
      })),
      fc.array(tie('action'), { minLength: 1, maxLength: 3 }).map((parts) => any(...parts)),
      fc.array(tie('action'), { minLength: 1, maxLength: 3 }).map((parts) => all(...parts)),
    ),
  })).action;

  /** Settles what is open, in an order that the numbers choose. */
  function play(actions: readonly Action[], choices: readonly number[]): readonly HistoryEvent[] {
    const history = [...BEGIN];
    for (const choice of choices) {
      const { tasks, open, awaitedEvents } = interpretActions(actions, history);
      const ids = [...open];
      const options = ids.length + awaitedEvents.length;
      if (options === 0) break;
      const at = choice % options;
      const id = ids[at];
      if (id === undefined) history.push(event(EventType.EventRaised, { Name: awaitedEvents[at - ids.length] ?? '' }));
      else if (tasks[id]?.kind === 'timer') history.push(fired(id));
      else history.push(choice % 2 === 0 ? completed(id) : failed(id));
    }
    return history;
  }

  const choices = fc.array(fc.nat(1000), { maxLength: 25 });

  it('never takes back or renumbers a task as the history grows', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), choices, (actions, order) => {
        const history = play(actions, order);
        const final = interpretActions(actions, history).tasks;
        for (let length = 0; length <= history.length; length += 1) {
          const { tasks } = interpretActions(actions, history.slice(0, length));
          expect(tasks).toEqual(final.slice(0, tasks.length));
        }
        expect(final.map((task) => task.id)).toEqual(final.map((_, index) => index));
      }),
    );
  });

  it('comes to the end of every list when everything settles', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), (actions) => {
        const history = play(
          actions,
          Array.from({ length: 500 }, (_, index) => index * 2),
        );

        const { finished, open } = interpretActions(actions, history);

        expect(finished).toBe(true);
        expect(open.size).toBe(0);
      }),
    );
  });
});

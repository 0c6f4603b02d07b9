import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type BaselineHead, headFromJson, headToJson, newHead } from '../../../lib/state/baseline-head.ts';
import {
  openAlerts,
  type Reaction,
  type RecordedSignal,
  reactionOf,
  reactionsOf,
  restEndOf,
  withEvaluation,
  withHandled,
  withReactionEnded,
  withReactionGivenUp,
  withReactionRestarted,
  withSignal,
} from '../../../lib/state/reactions.ts';
import { NO_RELIEF } from '../../../lib/state/snat-relief.ts';
import { FIREWALL_ID } from '../../support/alert-samples.ts';

const KIND = 'relieveSnatExhaustion';
const NOW = '2026-05-04T09:13:00.000Z';

function signal(change: Partial<RecordedSignal> = {}): RecordedSignal {
  return {
    alertId: '/alerts/1',
    alertRule: 'rule',
    condition: 'Fired',
    severity: 'Sev1',
    at: '2026-05-04T09:12:31.4410071Z',
    thresholdPercent: 80,
    valuePercent: 86.4,
    ...change,
  };
}

const record = (head: BaselineHead, change: Partial<RecordedSignal> = {}, target = FIREWALL_ID) =>
  withSignal(head, { kind: KIND, target, signal: signal(change), nowIso: NOW });

/** Why a reaction is given up, and until when it rests. */
const REST = { code: 'ReactionGivenUp', message: 'It died.', at: NOW, restsUntil: '2099-01-01T00:00:00.000Z' };

describe('withSignal', () => {
  it('names an operation and an orchestration for the first firing', () => {
    const recorded = record(newHead('prod'));

    expect(recorded).toMatchObject({
      isNew: true,
      operationId: 'prod-1',
      start: expect.stringMatching(/^relieveSnatExhaustion\.[0-9a-f]{32}\.1$/),
    });
    expect(recorded.start?.length).toBeLessThanOrEqual(90);
    expect(reactionOf(recorded.head, KIND, FIREWALL_ID.toUpperCase())).toMatchObject({
      sequence: 1,
      handled: 0,
      operationId: 'prod-1',
      signal: { valuePercent: 86.4, receivedAt: NOW },
    });
    expect(headFromJson(headToJson(recorded.head))).toEqual(recorded.head);
  });

  it('changes nothing for a copy', () => {
    const first = record(newHead('prod'));
    const copy = record(first.head);

    expect(copy.head).toBe(first.head);
    expect(copy).toEqual({ head: first.head, isNew: false, operationId: 'prod-1' });
  });

  it('lets another alert join what is at work', () => {
    const first = record(newHead('prod'));
    const second = record(first.head, { alertId: '/alerts/2' });

    expect(second).toMatchObject({ isNew: true, operationId: 'prod-1' });
    expect(second.start).toBeUndefined();
    expect(reactionOf(second.head, KIND, FIREWALL_ID)).toMatchObject({ sequence: 2, instances: 1 });
  });

  it('only notes the end of an alert', () => {
    const over = record(newHead('prod'), { condition: 'Resolved' });

    expect(over).toMatchObject({ isNew: true, operationId: null });
    expect(over.start).toBeUndefined();
    expect(reactionOf(over.head, KIND, FIREWALL_ID)).toMatchObject({ sequence: 0, signal: null, instance: null });
    expect(over.head.counters.operation).toBe(0);
  });

  it('keeps targets apart', () => {
    const first = record(newHead('prod'));
    const second = record(first.head, {}, `${FIREWALL_ID}-2`);

    expect(second).toMatchObject({ isNew: true, operationId: 'prod-2' });
    expect(second.start).not.toBe(first.start);
    expect(reactionsOf(second.head)).toHaveLength(2);
  });

  const alert = fc.record({
    alertId: fc.constantFrom('/alerts/1', '/alerts/2', '/alerts/3'),
    condition: fc.constantFrom('Fired' as const, 'Resolved' as const),
    at: fc.constantFrom('2026-05-04T09:00:00Z', '2026-05-04T09:10:00.1234567Z', '2026-05-04T09:20:00Z'),
  });

  it('comes to the same end in whatever order and however often deliveries come', () => {
    const deliveries = fc.array(alert, { maxLength: 12 });
    const shuffled = deliveries.chain((list) =>
      fc.record({
        list: fc.constant(list),
        other: fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2, maxLength: list.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ list, other }) => {
        const stateAfter = (changes: typeof list) => {
          const head = changes.reduce((current, change) => record(current, change).head, newHead('prod'));
          const reaction = reactionOf(head, KIND, FIREWALL_ID);
          return {
            operations: head.counters.operation,
            sequence: reaction?.sequence,
            instances: reaction?.instances,
            open:
              reaction === undefined
                ? []
                : openAlerts(reaction, '2026-05-04T00:00:00Z')
                    .map(({ alert, firedAt }) => `${alert} ${firedAt}`)
                    .sort(),
          };
        };

        expect(stateAfter(other)).toEqual(stateAfter(list));
      }),
    );
  });

  it('takes a time that is still to come for now', () => {
    const times = fc.date({
      min: new Date('2020-01-01T00:00:00Z'),
      max: new Date('2226-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    const openAfter = (changes: readonly (Partial<RecordedSignal> & { readonly nowIso?: string })[]) => {
      const head = changes.reduce(
        (current, { nowIso = NOW, ...change }) =>
          withSignal(current, { kind: KIND, target: FIREWALL_ID, signal: signal(change), nowIso }).head,
        newHead('prod'),
      );
      const reaction = reactionOf(head, KIND, FIREWALL_ID);
      return reaction === undefined ? [] : openAlerts(reaction, '1970-01-01T00:00:00Z');
    };
    fc.assert(
      fc.property(times, (time) => {
        const at = time.toISOString();
        const [fired] = openAfter([{ at }]);
        expect(fired?.firedAt).toBe(at < NOW ? at : NOW);

        // An end of then is no end of what fires afterwards.
        const next = '2026-05-04T09:14:00.000Z';
        expect(
          openAfter([
            { condition: 'Resolved', at },
            { at: next, nowIso: next },
          ]),
        ).toHaveLength(1);
      }),
    );
  });

  it('stays small however many alerts come', () => {
    let head = newHead('prod');
    for (let n = 0; n < 500; n++) head = record(head, { alertId: `/alerts/${n}` }).head;

    expect(JSON.stringify(head.reactions).length).toBeLessThan(16_384);
  });
});

describe('the end of a reaction', () => {
  it('takes the orchestration off when it has taken everything in', () => {
    const { head, start = '' } = record(newHead('prod'));
    const ended = withReactionEnded(withHandled(head, KIND, FIREWALL_ID, 1), KIND, FIREWALL_ID, start);

    expect(ended.again).toBe(false);
    expect(reactionOf(ended.head, KIND, FIREWALL_ID)).toMatchObject({ instance: null, operationId: null, sequence: 1 });
    expect(record(ended.head, { alertId: '/alerts/2' })).toMatchObject({
      operationId: 'prod-2',
      start: expect.stringMatching(/\.2$/),
    });
  });

  it('has it look again when something came meanwhile', () => {
    const { head, start = '' } = record(newHead('prod'));
    const later = record(withHandled(head, KIND, FIREWALL_ID, 1), { alertId: '/alerts/2' }).head;

    const ended = withReactionEnded(later, KIND, FIREWALL_ID, start);

    expect(ended).toEqual({ head: later, again: true });
  });

  it('is not for others to declare', () => {
    const { head } = record(newHead('prod'));

    expect(withReactionEnded(head, KIND, FIREWALL_ID, 'other.1')).toEqual({ head, again: false });
    expect(withReactionRestarted(head, KIND, FIREWALL_ID, 'other.1', NOW)).toEqual({ head });
    expect(withReactionGivenUp(head, KIND, FIREWALL_ID, 'other.1', REST)).toBe(head);
    expect(withHandled(head, KIND, 'elsewhere', 1)).toBe(head);
  });

  it('never takes in more than came', () => {
    const { head } = record(newHead('prod'));

    expect(reactionOf(withHandled(head, KIND, FIREWALL_ID, 9), KIND, FIREWALL_ID)?.handled).toBe(1);
  });
});

describe('withReactionGivenUp', () => {
  it('drops what was asked for, lets the target rest, and says how the operation ended', () => {
    const { head, start = '' } = record(newHead('prod'));

    const over = withReactionGivenUp(head, KIND, FIREWALL_ID, start, REST);

    expect(reactionOf(over, KIND, FIREWALL_ID)).toMatchObject({
      instance: null,
      operationId: null,
      handled: 1,
      restsUntil: REST.restsUntil,
      relief: {
        outcomes: [{ operationId: 'prod-1', state: 'failed', code: REST.code, message: REST.message, at: REST.at }],
      },
    });
  });

  it('lets the next signal name another one at once', () => {
    const { head, start = '' } = record(newHead('prod'));

    const next = record(withReactionGivenUp(head, KIND, FIREWALL_ID, start, REST), { alertId: '/alerts/2' });

    expect(next.start).toMatch(/\.2$/);
    expect(next.operationId).toBe('prod-2');
    expect(restEndOf(reactionOf(next.head, KIND, FIREWALL_ID))).toBeNull();
  });

  it('leaves no relief with what has none', () => {
    const { head, start = '' } = withEvaluation(newHead('prod'), 'remediateDrift', 'prod', NOW);

    const over = reactionOf(withReactionGivenUp(head, 'remediateDrift', 'prod', start, REST), 'remediateDrift', 'prod');

    expect(over).not.toHaveProperty('relief');
    expect(restEndOf(over)).toBe(REST.restsUntil);
  });

  it('is read from an older document as well, which has every rest in a relief', () => {
    const { head } = withEvaluation(newHead('prod'), 'remediateDrift', 'prod', NOW);
    const before = { ...NO_RELIEF, lookAgainAt: REST.restsUntil };
    const older = reactionsOf(head).map((one) => ({ ...one, relief: before }));

    expect(restEndOf(older[0])).toBe(REST.restsUntil);
    expect(restEndOf({ ...(older[0] as Reaction), kind: KIND })).toBeNull();
  });
});

describe('withEvaluation', () => {
  it('names an orchestration without an alert, once', () => {
    const asked = withEvaluation(newHead('prod'), KIND, FIREWALL_ID, NOW);
    const again = withEvaluation(asked.head, KIND, FIREWALL_ID, NOW);

    expect(asked.start).toMatch(/\.1$/);
    expect(again).toEqual({ head: asked.head });
    expect(record(asked.head).start).toBeUndefined();
  });
});

describe('openAlerts', () => {
  const openAfter = (...changes: readonly Partial<RecordedSignal>[]) => {
    const head = changes.reduce((current, change) => record(current, change).head, newHead('prod'));
    const reaction = reactionOf(head, KIND, FIREWALL_ID);
    return reaction === undefined ? -1 : openAlerts(reaction, '2026-05-04T00:00:00Z').length;
  };
  const at = (time: string) => `2026-05-04T${time}Z`;

  it('counts a firing until its end, whichever comes first', () => {
    expect(openAfter({ at: at('09:00:00') })).toBe(1);
    expect(openAfter({ at: at('09:00:00') }, { condition: 'Resolved', at: at('09:05:00') })).toBe(0);
    expect(openAfter({ condition: 'Resolved', at: at('09:05:00') }, { at: at('09:00:00') })).toBe(0);
  });

  it('counts a rule without state that fires again', () => {
    expect(openAfter({ condition: 'Resolved', at: at('09:05:00') }, { at: at('09:10:00') })).toBe(1);
  });

  it('counts each alert by itself, in whatever order the others came and went', () => {
    const one = fc.record({ minute: fc.integer({ min: 10, max: 50 }), isResolved: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (alerts, order) => {
        const deliveries = alerts.flatMap(({ minute, isResolved }, index) => {
          const alertId = `/alerts/${index}`;
          const fired = { alertId, at: at(`09:${minute}:00`) };
          return isResolved ? [fired, { alertId, condition: 'Resolved' as const, at: at('10:00:00') }] : [fired];
        });
        const shuffled = deliveries
          .map((delivery) => ({ delivery, key: Number(order.next().value) }))
          .sort((a, b) => a.key - b.key)
          .map(({ delivery }) => delivery);

        const expected = alerts.filter(({ isResolved }) => !isResolved).length;
        expect(openAfter(...shuffled)).toBe(alerts.length === 0 ? -1 : expected);
      }),
    );
  });

  it('forgets none of them for others that came and went', () => {
    const others = Array.from({ length: 100 }, (_, index) => [
      { alertId: `/others/${index}`, at: at('09:10:00') },
      { alertId: `/others/${index}`, condition: 'Resolved' as const, at: at('09:20:00') },
    ]).flat();

    expect(openAfter({ alertId: '/average', at: at('09:00:00') }, ...others)).toBe(1);
  });

  it('does not count for ever what never ends', () => {
    expect(openAfter({ at: '2026-05-01T09:00:00Z' })).toBe(0);
  });
});

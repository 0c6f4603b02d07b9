import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ChangeHint,
  type DriftWatch,
  joinedHints,
  type KeyedHint,
  NO_DRIFT_WATCH,
  withHints,
} from '../../../lib/state/drift-watch.ts';

const NOW = '2026-06-01T08:00:00.000Z';

function hint(resource: string, at = NOW, more: Partial<ChangeHint> = {}): ChangeHint {
  return { resource, action: 'write', at, author: null, correlationId: null, ...more };
}

function allOf(events: readonly KeyedHint[]): DriftWatch {
  return events.reduce((watch, event) => withHints(watch, [event], NOW), NO_DRIFT_WATCH);
}

const events = fc
  .array(
    fc.record({
      resource: fc.constantFrom('/r/a', '/r/b', '/r/c', '/r/d'),
      minute: fc.integer({ min: 0, max: 5 }),
      action: fc.constantFrom('write' as const, 'delete' as const),
      name: fc.constantFrom(null, 'Jo', 'Kim'),
    }),
    { maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ resource, minute, action, name }, number): KeyedHint => {
      const author = name === null ? null : { name, objectId: null, appId: null };
      return { key: `key-${number}`, hint: hint(resource, `2026-06-01T07:0${minute}:00.000Z`, { action, author }) };
    }),
  );

describe('withHints', () => {
  it('comes to the same for any order, any copies and any split of the same events', () => {
    const shuffled = events.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray([...list, ...list, ...list], { minLength: list.length * 3 }),
        fc.integer({ min: 0, max: list.length * 3 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([list, copies, split]) => {
        const once = withHints(NO_DRIFT_WATCH, list, NOW);

        expect(allOf(copies)).toEqual(once);
        expect(withHints(withHints(NO_DRIFT_WATCH, copies.slice(0, split), NOW), copies.slice(split), NOW)).toEqual(
          once,
        );
      }),
    );
  });

  it('knows copies after the comparison has been asked for', () => {
    const event = { key: 'k', hint: hint('/r/a') };
    const taken: DriftWatch = { ...allOf([event]), pending: null };

    expect(withHints(taken, [event, event], '2026-06-01T09:00:00.000Z')).toBe(taken);
  });

  it('keeps the newest hint of each resource, in whatever casing and order they come', () => {
    const newer = hint('/r/a', '2026-06-01T07:01:00.000Z', { action: 'delete' });
    const older = hint('/R/A', '2026-06-01T07:00:00.000Z');

    const watch = allOf([
      { key: '2', hint: newer },
      { key: '1', hint: older },
    ]);

    expect(watch.pending?.hints).toEqual([newer]);
    expect(watch.heard).toEqual([newer]);
  });

  it('stays small whatever comes, and then has everything compared', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ key: `k${at}`, hint: hint(`/r/${at}`) }));

    const watch = allOf(many);

    expect(watch.pending?.hints).toBeNull();
    expect(allOf(many.toReversed())).toEqual(watch);
    expect(watch.seen).toHaveLength(256);
    expect(watch.heard).toHaveLength(50);
    expect(withHints(watch, [{ key: 'one more', hint: hint('/r/more') }], NOW).pending?.hints).toBeNull();
  });

  it('notes when the first and the last came in', () => {
    const first = withHints(NO_DRIFT_WATCH, [{ key: '1', hint: hint('/r/a') }], NOW);
    const later = withHints(first, [{ key: '2', hint: hint('/r/a') }], '2026-06-01T08:00:03.000Z');

    expect(later.pending).toMatchObject({ firstAt: NOW, lastAt: '2026-06-01T08:00:03.000Z' });
  });
});

describe('joinedHints', () => {
  it('is everything as soon as one names nothing', () => {
    expect(joinedHints([[hint('/r/a')], null])).toBeNull();
    expect(joinedHints([[hint('/r/b')], [hint('/r/a')]])).toEqual([hint('/r/a'), hint('/r/b')]);
    expect(joinedHints([])).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { notPreflighted, withNothingAllowed, withoutUnfit } from '../../../lib/reconcile/late-preflight.ts';
import type { RunRow } from '../../../lib/state/run.ts';

const GROUP = '/subscriptions/s/resourceGroups/g';

function change(name: string, over: Partial<Change> = {}): Change {
  return {
    id: `${GROUP}/providers/P/things/${name}`,
    kind: 'thing',
    action: 'create',
    risk: 'safe',
    owner: 'spec',
    reason: 'It is declared.',
    diff: [],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    ...over,
  };
}

function row(of: Change, state: RunRow['state']): RunRow {
  return { id: of.id, state, attempt: 0, writes: 0, changeHash: changeHash(of) };
}

describe('notPreflighted', () => {
  it('is what no row was let through for: new, changed, or kept waiting until now', () => {
    const [seen, waited, added] = [change('seen'), change('waited'), change('added')];
    const changed = change('changed');
    const rows = Object.fromEntries(
      [
        row(seen, { name: 'done' }),
        row(waited, { name: 'waiting' }),
        row({ ...changed, action: 'update' }, { name: 'pending' }),
      ].map((one) => [one.id, one]),
    );

    expect(notPreflighted([seen, waited, added, changed], rows)).toEqual([waited, added, changed]);
  });
});

describe('withoutUnfit', () => {
  const old = change('old');
  const added = change('added');
  const onIt = change('on-it', { dependsOn: [added.id] });
  const changes = [old, added, onIt];
  const verdict = { allowed: changes.map(({ id }) => id), refused: [], waiting: [], budgeted: [old.id, added.id] };
  const problem = { code: 'QuotaExceeded', actor: 'operator', message: 'Full.', remedy: 'Ask.' } as const;

  it('refuses what a problem is about, with what builds on it', () => {
    const fit = withoutUnfit(verdict, changes, [{ problem, ids: [added.id.toUpperCase()] }]);

    expect(fit.allowed).toEqual([old.id]);
    expect(fit.budgeted).toEqual([old.id]);
    expect(fit.refused.map(({ id, code }) => [id, code])).toEqual([
      [added.id, 'QuotaExceeded'],
      [onIt.id, 'DependsOnRefused'],
    ]);
  });

  it('lets everything go on where there is no problem', () => {
    expect(withoutUnfit(verdict, changes, [])).toBe(verdict);
  });

  it('has every change in exactly one place, and allows nothing that is unfit or builds on it', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const plans = fc.array(fc.subarray(names), { minLength: names.length, maxLength: names.length });
    fc.assert(
      fc.property(plans, fc.subarray(names), fc.subarray(names), (bases, waitingNames, unfitNames) => {
        const ids = (of: readonly string[]) => of.map((name) => change(name).id);
        // Only what comes before: the order of a plan is a topological one.
        const planned = names.map((name, at) =>
          change(name, { dependsOn: ids((bases[at] ?? []).filter((base) => base < name)) }),
        );
        const before = {
          allowed: ids(names.filter((name) => !waitingNames.includes(name))),
          refused: [],
          waiting: ids(waitingNames).map((id) => ({ id, for: 'hold', who: 'ann', untilIso: null, why: '' }) as const),
          budgeted: [],
        };
        const fit = withoutUnfit(before, planned, [{ problem, ids: ids(unfitNames) }]);

        const refused = fit.refused.map(({ id }) => id);
        expect([...fit.allowed, ...refused, ...fit.waiting.map(({ id }) => id)].sort()).toEqual(ids(names));
        expect(refused).toEqual(expect.arrayContaining(ids(unfitNames)));
        for (const { id, dependsOn } of planned)
          if (dependsOn.some((base) => refused.includes(base))) expect(refused).toContain(id);
      }),
    );
  });
});

describe('withNothingAllowed', () => {
  it('refuses all that was allowed, each for its own problem or the first', () => {
    const [one, other, waits] = [change('one'), change('other'), change('waits')];
    const waiting = [{ id: waits.id, for: 'hold', who: 'ann', untilIso: null, why: 'It is held.' }] as const;
    const verdict = { allowed: [one.id, other.id], refused: [], waiting, budgeted: [] };
    const problem = { code: 'NameTaken', actor: 'caller', message: 'Taken.', remedy: 'Rename it.' } as const;
    const quota = { ...problem, code: 'QuotaExceeded' };

    expect(
      withNothingAllowed(verdict, [
        { problem, ids: [] },
        { problem: quota, ids: [other.id] },
      ]),
    ).toMatchObject({
      allowed: [],
      waiting,
      refused: [
        { id: one.id, code: 'NameTaken' },
        { id: other.id, code: 'QuotaExceeded' },
      ],
    });
  });
});

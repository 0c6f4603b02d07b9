import { describe, expect, it } from '@jest/globals';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { notPreflighted, withoutUnfit } from '../../../lib/reconcile/late-preflight.ts';
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

  it('refuses what was added in the place that a problem is about, with what builds on it', () => {
    const fit = withoutUnfit(verdict, changes, [added], [{ ...problem, resource: '/subscriptions/s' }]);

    expect(fit.allowed).toEqual([old.id]);
    expect(fit.budgeted).toEqual([old.id]);
    expect(fit.refused.map(({ id, code }) => [id, code])).toEqual([
      [added.id, 'QuotaExceeded'],
      [onIt.id, 'DependsOnRefused'],
    ]);
  });

  it('lets everything go on where the problem is elsewhere, or there is none', () => {
    expect(withoutUnfit(verdict, changes, [added], [{ ...problem, resource: '/subscriptions/other' }])).toEqual(
      verdict,
    );
    expect(withoutUnfit(verdict, changes, [added], [])).toBe(verdict);
  });
});

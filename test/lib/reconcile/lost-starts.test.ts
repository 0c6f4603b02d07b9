import { describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { withLostStarts } from '../../../lib/reconcile/lost-starts.ts';
import type { PlanDocument, RunDocument, RunRow } from '../../../lib/state/run.ts';

const STARTED = '2026-03-01T10:00:00.000Z';
const NOW = '2026-03-01T10:05:00.000Z';
const PLAN = { operationId: 'main-1', key: '1' };

function row(id: string, state: RunRow['state']): RunRow {
  return { id, state, attempt: 1, writes: 0, changeHash: 'h', plan: PLAN };
}

const starting = { name: 'starting', startedAtMs: Date.parse(STARTED) } as const;

function run(rows: readonly RunRow[], over: Partial<RunDocument> = {}): RunDocument {
  return {
    operationId: 'main-1',
    baseline: 'main',
    state: 'running',
    stamp: 'reconcile.main.1:7',
    replan: false,
    spent: [],
    rows: Object.fromEntries(rows.map((one) => [one.id, one])),
    ...over,
  } as RunDocument;
}

/** What the starts were made from: `/away` is deleted, `/entries` taken out of what is not ours, the rest written. */
const plans = {
  of: async () =>
    ({
      plan: {
        changes: [
          { id: '/away', action: 'delete' },
          { id: '/entries', action: 'update' },
        ],
      },
      nodes: { '/never': {}, '/a': {} },
    }) as unknown as PlanDocument,
};

/** A ledger with one row for each of these. */
function ledgerOf(entries: Readonly<Record<string, Partial<LedgerEntry> & Pick<LedgerEntry, 'state' | 'at'>>>) {
  const read = async (_: string, id: string) => {
    const entry = entries[id];
    return entry === undefined ? null : { operationId: 'main-1', ...entry };
  };
  return { ledger: { read } } as unknown as Parameters<typeof withLostStarts>[0];
}

describe('withLostStarts', () => {
  it('looks up what the ledger says was about to be written, and starts the rest anew', async () => {
    const dependencies = ledgerOf({
      '/sent': { state: 'intended', at: STARTED },
      '/deleting': { state: 'deleting', at: STARTED },
      '/earlier': { state: 'intended', at: '2026-03-01T09:00:00.000Z' },
      '/confirmed': { state: 'confirmed', at: STARTED },
    });
    const ids = ['/sent', '/deleting', '/earlier', '/confirmed', '/never'];

    const { rows, replan } = await withLostStarts(
      dependencies,
      run(ids.map((id) => row(id, starting))),
      plans,
      'reconcile.main.2',
      NOW,
    );

    expect(rows['/sent']).toMatchObject({
      state: { name: 'running', nextPollAtMs: Date.parse(NOW) },
      handle: { by: 'resource', expect: 'present' },
      writes: 1,
    });
    expect(rows['/deleting']).toMatchObject({
      state: { name: 'running' },
      handle: { by: 'resource', expect: 'absent' },
    });
    for (const id of ['/earlier', '/confirmed', '/never']) {
      expect(rows[id]).toMatchObject({ state: { name: 'pending' }, writes: 0 });
    }
    expect(replan).toBe(true);
  });

  it('looks up what a turn has confirmed that died before it could say so', async () => {
    const later = '2026-03-01T10:01:00.000Z';
    const dependencies = ledgerOf({
      '/confirmed': { state: 'confirmed', at: later },
      '/others': { state: 'confirmed', at: later, operationId: 'main-0' },
    });

    const { rows } = await withLostStarts(
      dependencies,
      run([row('/confirmed', starting), row('/others', starting)]),
      plans,
      'reconcile.main.2',
      NOW,
    );

    expect(rows['/confirmed']).toMatchObject({ state: { name: 'running' }, handle: { expect: 'present' }, writes: 1 });
    expect(rows['/others']).toMatchObject({ state: { name: 'pending' }, writes: 0 });
  });

  it('looks up what took all of ours away and is forgotten: a turn died that had seen its end', async () => {
    const { rows } = await withLostStarts(
      ledgerOf({}),
      run([row('/away', starting), row('/entries', starting), row('/never', starting)]),
      plans,
      'reconcile.main.2',
      NOW,
    );

    expect(rows['/away']).toMatchObject({ state: { name: 'running' }, handle: { expect: 'absent' }, writes: 1 });
    expect(rows['/entries']).toMatchObject({ state: { name: 'running' }, handle: { expect: 'present' }, writes: 1 });
    expect(rows['/never']).toMatchObject({ state: { name: 'pending' }, writes: 0 });
  });

  it('leaves alone what the same reconciler has handed out, and what is not starting', async () => {
    const dependencies = ledgerOf({});
    const own = run([row('/a', starting)]);
    const calm = run([row('/a', { name: 'done' }), row('/b', { name: 'pending' })]);

    expect(await withLostStarts(dependencies, own, plans, 'reconcile.main.1', NOW)).toBe(own);
    expect(await withLostStarts(dependencies, calm, plans, 'reconcile.main.2', NOW)).toBe(calm);
  });

  it('looks also into a run that was given up: it is over and has writes in flight', async () => {
    const givenUp = run([row('/a', starting)], { state: 'failed' });

    const { rows } = await withLostStarts(ledgerOf({}), givenUp, plans, 'reconcile.main.2', NOW);

    expect(rows['/a']?.state.name).toBe('pending');
  });

  it('takes no reconciler for another whose number only begins alike', async () => {
    const lost = run([row('/a', starting)], { stamp: 'reconcile.main.12:3' });

    const { rows } = await withLostStarts(ledgerOf({}), lost, plans, 'reconcile.main.1', NOW);

    expect(rows['/a']?.state.name).toBe('pending');
  });
});

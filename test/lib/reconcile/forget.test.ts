import { describe, expect, it } from '@jest/globals';
import { planChanges } from '../../../lib/plan/diff.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { forget } from '../../../lib/reconcile/forget.ts';
import type { RunRow } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { id, kinds, observedAs, thing, written } from '../plan/small-kind.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const ZONE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z';
const RUN = { baseline: 'north', operationId: 'north-1', trigger: 'put', requestedBy: 'ann', rows: {} } as const;
const ENTRY: LedgerEntry = {
  id: ZONE,
  kind: 'privateDnsZone',
  state: 'confirmed',
  created: true,
  confirmed: { location: 'spec' },
  intended: {},
  lanes: [],
  dependsOn: [],
  scope: 'hub',
  operationId: 'north-0',
  at: '2026-05-01T00:00:00Z',
};

describe('rows that a plan says to forget', () => {
  const base = { graph: { baseline: 'b', nodes: [thing('wanted')] }, kinds, specVersion: '1' };
  const adopted = written(thing('adopted', { presence: 'adopt' }), { confirmed: {} });

  it('are of what is no longer declared and gone, or has nothing of ours left in it', () => {
    const plan = planChanges({
      ...base,
      observed: observedAs([id('wanted'), null], [id('gone'), null], [id('adopted'), { properties: { x: 1 } }]),
      ledger: [written(thing('wanted')), written(thing('gone')), written(thing('unseen')), adopted],
    });

    expect(plan.forget).toEqual([id('adopted'), id('gone')]);
    expect(plan.changes.map((change) => change.id)).toEqual([id('wanted')]);
  });

  it('are of what another baseline has claimed, which is neither deleted nor refused', () => {
    const plan = planChanges({
      ...base,
      observed: observedAs([id('wanted'), { properties: { x: 1 } }], [id('theirs'), { properties: { x: 1 } }]),
      ledger: [written(thing('wanted')), written(thing('theirs'))],
      claimedByOthers: new Map([[id('theirs').toLowerCase(), 'south']]),
    });

    expect(plan).toMatchObject({ forget: [id('theirs')], changes: [], refused: [] });
  });

  it('do not show where there are none', () => {
    const observed = observedAs([id('wanted'), { properties: { x: 1 } }]);
    expect(planChanges({ ...base, observed, ledger: [written(thing('wanted'))] }).forget).toBeUndefined();
  });
});

describe('forget', () => {
  async function tried(
    observed: ReadonlyMap<string, null>,
    rows: Readonly<Record<string, RunRow>> = {},
    isThere = false,
    holder = 'north',
  ) {
    const dependencies = memoryDependencies();
    await dependencies.ledger.write('north', [ENTRY]);
    await dependencies.ledger.claim(holder, ZONE);
    if (isThere) dependencies.arm.put(ZONE, { location: 'global' });
    const plan = { hash: 'h', changes: [], criticalPathMinutes: 0, refused: [], forget: [ZONE] };
    const made = { plan, observed, ledger: new Map([[ZONE.toLowerCase(), ENTRY]]) };
    await forget(dependencies, { ...RUN, rows }, made, NOW);
    await forget(dependencies, { ...RUN, rows }, made, NOW);
    const { entries } = await dependencies.journal.read({ baseline: 'north' });
    return {
      row: await dependencies.ledger.read('north', ZONE),
      holder: await dependencies.ledger.holderOf(ZONE),
      told: entries.map(({ decision, resource }) => [decision, resource]),
    };
  }
  const gone = new Map([[ZONE.toLowerCase(), null]]);

  it('removes row and claim and says so once', async () => {
    expect(await tried(gone)).toEqual({ row: null, holder: null, told: [['forgotten', ZONE]] });
  });

  it("leaves another baseline's claim", async () => {
    expect(await tried(new Map(), {}, true, 'south')).toMatchObject({ row: null, holder: 'south' });
  });

  it('keeps what a list did not show and is there, and what is still being written', async () => {
    expect(await tried(gone, {}, true)).toEqual({ row: ENTRY, holder: 'north', told: [] });
    const row: RunRow = {
      id: ZONE,
      state: { name: 'running', startedAtMs: 0, nextPollAtMs: 0 },
      attempt: 1,
      writes: 1,
      changeHash: 'c',
    };
    expect(await tried(gone, { [ZONE]: row })).toEqual({ row: ENTRY, holder: 'north', told: [] });
  });
});

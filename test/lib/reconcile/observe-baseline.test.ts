import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Arm } from '../../../lib/azure/arm.ts';
import { ObservationPausedError } from '../../../lib/azure/observe.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { observeBaseline } from '../../../lib/reconcile/observe-baseline.ts';
import type { KeptReads, KeptReadsStore } from '../../../lib/state/kept-reads-store.ts';

const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const IDS = Array.from(
  { length: 30 },
  (_, index) =>
    `${GROUP}/providers/Microsoft.Network/virtualNetworks/n${index}/providers/Microsoft.Insights/diagnosticSettings/to-workspace`,
);
const REFERENCES = IDS.map((id) => ({ id, kind: 'diagnosticSetting' }));

let kept: KeptReads | null;
let asked: string[];
const keptReads: KeptReadsStore = {
  read: async () => kept,
  async write(_, reads) {
    kept = reads;
  },
  async remove() {
    kept = null;
  },
};

/** So many reads, then only what is reserved for others is left. */
function armOf(reads: number): Arm {
  return {
    async send({ target }) {
      asked.push(target);
      reads -= 1;
      const headers = { 'x-ms-ratelimit-remaining-subscription-reads': reads > 0 ? '100' : '1' };
      return { status: 200, headers, body: { id: target } };
    },
    list: async () => [],
  };
}

function observeAt(nowIso: string, reads: number, ledger: ReadonlyMap<string, LedgerEntry> = new Map()) {
  return observeBaseline({ arm: armOf(reads), keptReads }, 'main', REFERENCES, ledger, nowIso);
}

function writtenAt(id: string, at: string): ReadonlyMap<string, LedgerEntry> {
  const entry: LedgerEntry = {
    id,
    kind: 'diagnosticSetting',
    state: 'confirmed',
    created: true,
    confirmed: {},
    intended: {},
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    operationId: 'main-1',
    at,
  };
  return new Map([[id.toLowerCase(), entry]]);
}

beforeEach(async () => {
  kept = null;
  asked = [];
  await expect(observeAt('2026-11-20T10:00:00Z', 5)).rejects.toBeInstanceOf(ObservationPausedError);
});

describe('an observation that had to pause', () => {
  it('goes on where it was, and leaves nothing behind', async () => {
    const first = asked.length;

    const observed = await observeAt('2026-11-20T10:00:10Z', 100);

    expect(first).toBeLessThan(IDS.length);
    expect(asked.toSorted()).toEqual(IDS.toSorted());
    expect(observed.size).toBe(IDS.length);
    expect(kept).toBeNull();
  });

  it('forgets what was written meanwhile', async () => {
    const [id = ''] = asked;

    await observeAt('2026-11-20T10:00:10Z', 100, writtenAt(id, '2026-11-20T10:00:05Z'));

    expect(asked.filter((one) => one === id)).toHaveLength(2);
  });

  it('keeps what was written before', async () => {
    const [id = ''] = asked;

    await observeAt('2026-11-20T10:00:10Z', 100, writtenAt(id, '2026-11-20T09:00:00Z'));

    expect(asked.filter((one) => one === id)).toHaveLength(1);
  });

  it('begins anew when it is old', async () => {
    const first = asked.length;

    await observeAt('2026-11-20T10:20:00Z', 100);

    expect(asked).toHaveLength(first + IDS.length);
  });
});

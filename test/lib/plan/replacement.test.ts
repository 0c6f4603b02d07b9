import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { virtualNetworkPeering } from '../../../lib/baseline/kinds/virtual-network-peering.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { planChanges } from '../../../lib/plan/diff.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import { type Circumstances, guard, type Verdict } from '../../../lib/plan/guard.ts';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { nextLedgerEntry } from '../../../lib/plan/ownership.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { observedAs } from './small-kind.ts';

const NETWORKS = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks';
const TO_SPOKE = `${NETWORKS}/hub/virtualNetworkPeerings/to-spoke`;
const TO_HUB = `${NETWORKS}/spoke/virtualNetworkPeerings/to-hub`;
const AT = '2026-01-01T00:00:00Z';

type Side = 'Connected' | 'Disconnected' | 'absent';

function side(id: string, remote: string, dependsOn: readonly string[] = []): DesiredNode {
  return {
    id,
    kind: 'virtualNetworkPeering',
    body: { properties: { remoteVirtualNetwork: { id: `${NETWORKS}/${remote}` }, allowForwardedTraffic: true } },
    dependsOn: dependsOn.map((other) => ({ id: other, when: 'always' })),
    lanes: ['network/hub', 'network/spoke'],
    owner: 'spec',
    presence: 'create',
    scope: 'spoke:spoke',
  };
}

function actual({ id, body }: DesiredNode, state: Side): JsonObject | null {
  if (state === 'absent') return null;
  const properties = { ...(body.properties as JsonObject), peeringState: state, provisioningState: 'Succeeded' };
  return { id, properties };
}

function row(node: DesiredNode, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    id: node.id,
    kind: node.kind,
    state: 'confirmed',
    created: true,
    confirmed: ownedFieldsOf(node, virtualNetworkPeering.comparison),
    intended: {},
    lanes: node.lanes,
    dependsOn: node.dependsOn.map(({ id }) => id),
    scope: node.scope,
    operationId: 'o',
    at: AT,
    ...over,
  };
}

const HUB_SIDE = side(TO_SPOKE, 'spoke');
const SPOKE_SIDE = side(TO_HUB, 'hub');

function plan(hub: Side, spoke: Side, ledger?: readonly LedgerEntry[], nodes = [HUB_SIDE, SPOKE_SIDE]): Plan {
  const [first = HUB_SIDE, second = SPOKE_SIDE] = nodes;
  return planChanges({
    graph: { baseline: 'b', nodes },
    observed: observedAs([TO_SPOKE, actual(first, hub)], [TO_HUB, actual(second, spoke)]),
    ledger: ledger ?? nodes.map((node) => row(node)),
    kinds: () => virtualNetworkPeering,
    specVersion: '1',
  });
}

const OPEN: Circumstances = {
  nowMs: Date.parse(AT),
  mode: 'no-delete',
  reactionRules: [{ mode: 'act', source: 'drift.mode' }],
  attended: false,
  requestedBy: 'hubkeeper',
  pause: null,
  holds: [],
  changeWindows: null,
  approvals: { requiredFrom: 'never', selfApproval: false, untilIso: '2026-01-02T00:00:00Z', granted: [] },
  budget: null,
};

function approvedFor(made: Plan): Circumstances['approvals'] {
  const changeHashes = made.changes.map(changeHash);
  const granted = [
    {
      planHash: made.hash,
      approver: 'b',
      expiresIso: '2026-01-02T00:00:00Z',
      decidedIso: '2026-01-01T00:00:00Z',
      changeHashes,
    },
  ];
  return { ...OPEN.approvals, granted };
}

function judged(made: Plan, over: Partial<Circumstances> = {}): Verdict {
  return guard(made, { ...OPEN, ...over });
}

describe('a peering whose other side was deleted', () => {
  it('is replaced before the other side is made, as one group with the reason', () => {
    const made = plan('Disconnected', 'absent');

    expect(made.changes).toMatchObject([
      {
        id: TO_SPOKE,
        action: 'update',
        replaces: true,
        risk: 'disruptive',
        estimatedMinutes: 2,
        reason: expect.stringContaining('Hubkeeper deletes it and makes it anew.'),
        diff: [{ path: 'properties.peeringState', before: 'Disconnected', after: 'Connected' }],
      },
      { id: TO_HUB, action: 'create', dependsOn: [TO_SPOKE] },
    ]);
  });

  it('is deleted first also where it depends on the other side, which must be made first afterwards', () => {
    const user = side(TO_SPOKE, 'spoke', [TO_HUB]);
    const nodes = [user, SPOKE_SIDE];

    const made = plan('Disconnected', 'absent', undefined, nodes);
    expect(made.changes.map(({ id }) => id)).toEqual([TO_SPOKE, TO_HUB]);

    const deleted = [row(user, { state: 'deleting', replacing: true }), row(SPOKE_SIDE)];
    const after = plan('absent', 'absent', deleted, nodes);
    expect(after.changes.map(({ id }) => id)).toEqual([TO_HUB, TO_SPOKE]);
  });

  it('stays approved and paid for between its delete and its creation', () => {
    const before = plan('Disconnected', 'absent');
    const after = plan('absent', 'absent', [row(HUB_SIDE, { state: 'deleting', replacing: true }), row(SPOKE_SIDE)]);

    expect(after.changes.map(changeHash).toSorted()).toEqual(before.changes.map(changeHash).toSorted());
    expect(judged(after, { approvals: approvedFor(before) }).allowed).toHaveLength(2);
  });

  it('is only reported when Hubkeeper did not make it', () => {
    const made = plan('Disconnected', 'Connected', [row(HUB_SIDE, { created: false }), row(SPOKE_SIDE)]);

    expect(made.changes).toEqual([]);
    expect(made.refused).toMatchObject([{ id: TO_SPOKE, code: 'BrokenAndForeign' }]);
  });
});

describe('its replacement', () => {
  const made = plan('Disconnected', 'absent');

  it('is allowed where nothing may be deleted, since nothing is gone in the end', () => {
    expect(judged(made, { approvals: approvedFor(made) }).allowed).toEqual([TO_SPOKE, TO_HUB]);
  });

  it('needs an approval when nobody is there, on both sides', () => {
    expect(judged(made).waiting.map(({ id, for: why }) => [id, why])).toEqual([
      [TO_SPOKE, 'approval'],
      [TO_HUB, 'approval'],
    ]);
  });

  it.each<readonly [string, Partial<Circumstances>, string]>([
    ['what exists stays as it is', { mode: 'create-only' }, 'ModeForbidsUpdate'],
    [
      'a lock forbids deletes',
      { protectedIds: [{ id: `${NETWORKS}/hub`, why: 'a lock', deleteOnly: true }] },
      'Protected',
    ],
  ])('is refused where %s', (_name, over, code) => {
    const { refused } = judged(made, { ...over, approvals: approvedFor(made) });
    expect(refused.find(({ id }) => id === TO_SPOKE)?.code).toBe(code);
  });
});

describe('the ledger of a replacement', () => {
  const deleting = nextLedgerEntry(row(HUB_SIDE), { name: 'delete', replaces: true, operationId: 'p', atIso: AT });
  const intended = nextLedgerEntry(deleting, {
    name: 'intend',
    node: HUB_SIDE,
    creates: true,
    fields: ownedFieldsOf(HUB_SIDE, virtualNetworkPeering.comparison),
    operationId: 'p',
    atIso: AT,
  });

  it('remembers it over the delete and the write, until the resource is there', () => {
    expect([deleting?.replacing, intended?.replacing, intended?.created]).toEqual([true, true, true]);
    expect(nextLedgerEntry(intended, { name: 'confirm', operationId: 'p', atIso: AT })).not.toHaveProperty('replacing');
  });

  it('forgets it when the delete did not happen, or another delete is meant', () => {
    expect(nextLedgerEntry(deleting, { name: 'abandon', atIso: AT })).not.toHaveProperty('replacing');
    expect(nextLedgerEntry(deleting, { name: 'delete', operationId: 'q', atIso: AT })).not.toHaveProperty('replacing');
  });
});

describe('any pair of sides', () => {
  const state = fc.constantFrom<Side>('Connected', 'Disconnected', 'absent');
  const over = fc.record({ created: fc.boolean(), state: fc.constantFrom('confirmed' as const, 'intended' as const) });

  it('loses only what is ours and broken, before anything is made, and never both at once without a way back', () => {
    fc.assert(
      fc.property(state, state, over, over, fc.boolean(), (hub, spoke, first, second, depends) => {
        const nodes = [side(TO_SPOKE, 'spoke', depends ? [TO_HUB] : []), SPOKE_SIDE];
        const ledger = [row(nodes[0] ?? HUB_SIDE, first), row(SPOKE_SIDE, second)];
        const made = plan(hub, spoke, ledger, nodes);
        const states = new Map([
          [TO_SPOKE, hub],
          [TO_HUB, spoke],
        ]);
        const ours = new Set(ledger.filter(({ created }) => created).map(({ id }) => id));
        for (const { id, replaces, action } of made.changes) {
          expect(action).not.toBe('delete');
          if (replaces === true) expect([states.get(id), ours.has(id)]).toEqual(['Disconnected', true]);
        }
        for (const [id, is] of states) {
          if (is !== 'Disconnected') continue;
          const told = [...made.changes, ...made.refused].some((one) => one.id === id);
          expect(told).toBe(true);
        }
        const firstCreate = made.changes.findIndex(({ action }) => action === 'create');
        const lastReplace = made.changes.findLastIndex(({ replaces }) => replaces === true);
        if (firstCreate >= 0) expect(lastReplace).toBeLessThan(firstCreate);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Circumstances, guard, MODES, type Mode, type Verdict } from '../../../lib/plan/guard.ts';
import { changeHash, planHash } from '../../../lib/plan/hash.ts';
import type { Action, Risk } from '../../../lib/plan/kind.ts';
import type { Change, Plan } from '../../../lib/plan/plan.ts';
import { REACTION_MODES, type ReactionMode } from '../../../lib/plan/reaction-rules.ts';

const NOW_MS = Date.parse('2026-06-01T12:00:00Z');
const EARLIER = '2026-06-01T11:00:00Z';
const LONG_AGO = '2026-06-01T10:00:00Z';
const STOPPED = '2026-06-01T11:30:00Z';
const LATER = '2026-06-01T13:00:00Z';
const MUCH_LATER = '2026-06-01T15:00:00Z';

function change(id: string, over: Partial<Change> = {}): Change {
  return {
    id: `/${id}`,
    kind: 'thing',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [{ path: 'properties.x', before: 1, after: 2 }],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    ...over,
  };
}

function planOf(...changes: readonly Change[]): Plan {
  return { hash: planHash('1', changes), changes, criticalPathMinutes: 1, refused: [] };
}

const OPEN: Circumstances = {
  nowMs: NOW_MS,
  mode: 'full',
  reactionRules: [{ mode: 'act', source: 'drift.mode' }],
  attended: false,
  requestedBy: 'hubkeeper',
  pause: null,
  holds: [],
  changeWindows: null,
  approvals: { requiredFrom: 'never', selfApproval: false, untilIso: MUCH_LATER, granted: [] },
  budget: null,
};

function outcome({ allowed, refused, waiting }: Verdict, id: string): string {
  const refusal = refused.find((one) => one.id === `/${id}`);
  const wait = waiting.find((one) => one.id === `/${id}`);
  if (allowed.includes(`/${id}`)) return 'allowed';
  return refusal?.code ?? `waits for ${wait?.for}`;
}

function outcomeOf(one: Change, over: Partial<Circumstances>): string {
  return outcome(guard(planOf(one), { ...OPEN, ...over }), 'a');
}

function rule(mode: ReactionMode): Partial<Circumstances> {
  return { reactionRules: [{ mode, source: 'drift.mode' }] };
}

function approvals(over: Partial<Circumstances['approvals']>): Partial<Circumstances> {
  return { approvals: { ...OPEN.approvals, ...over } };
}

describe('guard: what differs beyond the plan that a person asked for', () => {
  const names = ['a', 'b', 'c', 'd'] as const;
  const changes = fc
    .tuple(
      ...names.map((name) =>
        fc
          .record({
            action: fc.constantFrom<Action>('create', 'update', 'delete'),
            owner: fc.constantFrom('spec', 'adjustment'),
            risk: fc.constantFrom<Risk>('safe', 'disruptive', 'destructive'),
            recreates: fc.boolean(),
            givesBack: fc.boolean(),
          })
          .map(({ action, owner, risk, recreates, givesBack }) =>
            change(name, {
              ...{ action, owner, risk },
              ...(action === 'create' ? { recreates } : {}),
              ...(action === 'update' ? { givesBack } : {}),
            } as Partial<Change>),
          ),
      ),
    )
    .map((drawn): readonly Change[] => drawn);
  const rules = fc.record({
    reactionRules: fc.constantFrom(...REACTION_MODES).map((mode) => [{ mode, source: 'drift.mode' }]),
    budget: fc.option(
      fc.nat(3).map((perRun) => ({ perRun, perDay: 9, usedInRun: 0, usedToday: 0, dayEndsIso: MUCH_LATER })),
    ),
    protectedIds: fc.subarray([{ id: '/a', why: 'opted out', deleteOnly: false, unattendedOnly: true }]),
    contested: fc.subarray([{ id: '/b', path: 'properties.x', stopped: true, untilIso: LATER }]),
  });
  const undoesOthers = ({ action, owner, recreates, givesBack }: Change) =>
    action === 'update' ? owner !== 'adjustment' && givesBack !== true : action === 'create' && recreates === true;

  it('is judged as if nobody had asked, and all the rest as for a person', () => {
    fc.assert(
      fc.property(changes, rules, fc.subarray([...names]), (drawn, over, askedNames) => {
        const asked = new Set(askedNames.map((name) => `/${name}`));
        const isBeyond = (one: Change) => !asked.has(one.id) && undoesOthers(one);
        const mixed = guard(planOf(...drawn), { ...OPEN, ...over, attended: true, asked });
        const ofPerson = guard(planOf(...drawn), { ...OPEN, ...over, attended: true });
        const ofNobody = guard(planOf(...drawn.filter(isBeyond)), { ...OPEN, ...over });

        for (const [at, one] of drawn.entries()) {
          const name = names[at] ?? '';
          expect(outcome(mixed, name)).toBe(outcome(isBeyond(one) ? ofNobody : ofPerson, name));
        }
        expect(mixed.budgeted).toEqual(ofNobody.budgeted);
      }),
    );
  });

  it('keeps nothing from being made that builds on it and can do with it as it is', () => {
    const [base, built] = [change('a'), change('b', { dependsOn: ['/a'] })];
    const verdict = guard(planOf(base, built), { ...OPEN, ...rule('observe'), attended: true, asked: new Set(['/b']) });

    expect([outcome(verdict, 'a'), outcome(verdict, 'b')]).toEqual(['ReactionModeForbids', 'allowed']);
  });
});

describe('guard: what another writer changes back', () => {
  const contested = (over: Partial<NonNullable<Circumstances['contested']>[number]> = {}): Partial<Circumstances> => ({
    contested: [{ id: '/A', path: 'properties.x', stopped: false, untilIso: LATER, ...over }],
  });
  const approved = approvals({
    granted: [{ planHash: planOf(change('a')).hash, approver: 'ann', expiresIso: LATER, decidedIso: EARLIER }],
  });

  it.each<readonly [string, Partial<Circumstances>, string]>([
    ['waits for a while', contested(), 'waits for backOff'],
    ['is refused once that was stopped', contested({ stopped: true }), 'WriterConflict'],
    ['is written when it is about another property', contested({ path: 'properties.y' }), 'allowed'],
    ['is written when it is about another resource', contested({ id: '/b' }), 'allowed'],
    ['is written for a person', { ...contested({ stopped: true }), attended: true }, 'allowed'],
    ['is written at once with an approval', { ...contested(), ...approved }, 'allowed'],
    [
      'is refused although somebody approved it before that was stopped',
      { ...contested({ stopped: true, sinceIso: STOPPED }), ...approved },
      'WriterConflict',
    ],
    [
      'is written with an approval since that was stopped',
      { ...contested({ stopped: true, sinceIso: LONG_AGO }), ...approved },
      'allowed',
    ],
  ])('%s', (_, over, expected) => {
    expect(outcomeOf(change('a'), over)).toBe(expected);
  });

  it('goes on at the end of the pause', () => {
    expect(guard(planOf(change('a')), { ...OPEN, ...contested() }).waiting).toMatchObject([{ untilIso: LATER }]);
  });

  it('binds the making of a resource that somebody keeps deleting', () => {
    expect(outcomeOf(change('a', { action: 'create' }), contested({ path: '' }))).toBe('waits for backOff');
    expect(outcomeOf(change('a'), contested({ path: '' }))).toBe('allowed');
  });
});

describe('guard: what a person has rejected', () => {
  const rejected = (one: Change): Partial<Circumstances> => ({
    rejected: [{ changeHash: changeHash(one), why: 'Ann said no.' }],
  });
  const other = change('a', { diff: [{ path: 'properties.x', before: 3, after: 2 }] });
  const approved = approvals({
    granted: [{ planHash: planOf(change('a')).hash, approver: 'ann', expiresIso: LATER, decidedIso: EARLIER }],
  });

  it.each<readonly [string, Partial<Circumstances>, string]>([
    ['is not made, and nobody is asked again', { ...rejected(change('a')), ...rule('propose') }, 'ApprovalRejected'],
    ['is not made by itself either', rejected(change('a')), 'ApprovalRejected'],
    [
      'comes not with the approval of the rest of its plan',
      { ...rejected(change('a')), ...approved },
      'ApprovalRejected',
    ],
    ['says nothing about another change', { ...rejected(other), ...rule('propose') }, 'waits for approval'],
    ['is made for a person who asks', { ...rejected(change('a')), attended: true }, 'allowed'],
  ])('%s', (_, over, expected) => {
    expect(outcomeOf(change('a'), over)).toBe(expected);
  });
});

describe('guard: a resource that only people have written', () => {
  const left = (over: Partial<Change> = {}) => change('a', { forPeople: 'Its last operation ended Failed.', ...over });

  it.each<readonly [string, Change, Partial<Circumstances>, string]>([
    ['is refused', left(), {}, 'ResourceFailed'],
    ['is refused where drift is only reported', left(), rule('observe'), 'ResourceFailed'],
    ['is refused without asking anybody', left(), rule('propose'), 'ResourceFailed'],
    ['is ignored where that is said', left(), rule('off'), 'ReactionModeForbids'],
    ['is refused to what an adjustment needs', left({ owner: 'adjustment' }), {}, 'ResourceFailed'],
    ['is written for a person', left(), { attended: true }, 'allowed'],
    ['is written for a person’s adjustment', left({ owner: 'adjustment' }), { attendedOwner: 'adjustment' }, 'allowed'],
    [
      'is refused where a person asked for something else',
      left(),
      { attended: true, asked: new Set() },
      'ResourceFailed',
    ],
  ])('%s', (_, one, over, expected) => {
    expect(outcomeOf(one, over)).toBe(expected);
  });
});

describe('guard: what has failed before', () => {
  const failing = (parked: boolean): Partial<Circumstances> => ({
    failing: [{ changeHash: changeHash(change('a')), parked, sinceIso: STOPPED, why: 'It failed.' }],
  });
  const approvedAt = (decidedIso: string) =>
    approvals({ granted: [{ planHash: planOf(change('a')).hash, approver: 'ann', expiresIso: LATER, decidedIso }] });

  it.each<readonly [string, Partial<Circumstances>, string]>([
    ['is not tried before its pause is over', failing(false), 'RepairDelayed'],
    ['is not tried any more', failing(true), 'RepairParked'],
    ['is tried for a person', { ...failing(true), attended: true }, 'allowed'],
    ['is not tried for an approval from before', { ...failing(true), ...approvedAt(EARLIER) }, 'RepairParked'],
    ['is tried for an approval since then', { ...failing(true), ...approvedAt('2026-06-01T11:45:00Z') }, 'allowed'],
  ])('%s', (_, over, expected) => {
    expect(outcomeOf(change('a'), over)).toBe(expected);
  });

  it('says nothing about another change', () => {
    const other = change('a', { diff: [{ path: 'properties.x', before: 3, after: 2 }] });

    expect(outcomeOf(other, failing(true))).toBe('allowed');
  });
});

describe('guard: modes', () => {
  it.each<readonly [Mode, Action, string]>([
    ['observe', 'create', 'ModeForbidsWrites'],
    ['observe', 'update', 'ModeForbidsWrites'],
    ['observe', 'delete', 'ModeForbidsWrites'],
    ['create-only', 'create', 'allowed'],
    ['create-only', 'update', 'ModeForbidsUpdate'],
    ['create-only', 'delete', 'ModeForbidsDelete'],
    ['no-delete', 'create', 'allowed'],
    ['no-delete', 'update', 'allowed'],
    ['no-delete', 'delete', 'ModeForbidsDelete'],
    ['full', 'create', 'allowed'],
    ['full', 'update', 'allowed'],
    ['full', 'delete', 'allowed'],
  ])('%s, %s: %s', (mode, action, expected) => {
    expect(outcomeOf(change('a', { action }), { mode })).toBe(expected);
    expect(outcomeOf(change('a', { action }), { mode, attended: true, reactionRules: [] })).toBe(expected);
  });

  it.each<readonly [Mode, boolean, string]>([
    ['create-only', false, 'ModeForbidsUpdate'],
    ['no-delete', false, 'ModeForbidsDelete'],
    ['no-delete', true, 'waits for approval'],
    ['full', false, 'allowed'],
  ])('%s, teardown %s, an update that takes an entry away: %s', (mode, teardown, expected) => {
    const less = change('a', { takesAway: ['properties.parts[p]'] });

    expect(outcomeOf(less, { mode, teardown })).toBe(expected);
  });

  it.each<readonly [ReactionMode, boolean, string]>([
    ['off', false, 'ReactionModeForbids'],
    ['observe', false, 'ReactionModeForbids'],
    ['propose', false, 'waits for approval'],
    ['act', false, 'allowed'],
    ['off', true, 'allowed'],
    ['propose', true, 'allowed'],
  ])('reaction %s, attended %s: %s', (mode, attended, expected) => {
    expect(outcomeOf(change('a'), { ...rule(mode), attended })).toBe(expected);
  });

  it.each<readonly [ReactionMode, string]>([
    ['off', 'ReactionModeForbids'],
    ['observe', 'ReactionModeForbids'],
    ['propose', 'waits for approval'],
    ['act', 'allowed'],
  ])('a rule for everybody, %s: an attended change is %s', (mode, expected) => {
    const own = { mode, source: 'egress', owner: 'adjustment', bindsAttended: true } as const;
    const reactionRules = [own, { mode: 'off', source: 'drift.mode' } as const];

    expect(outcomeOf(change('a', { owner: 'adjustment' }), { reactionRules, attended: true })).toBe(expected);
    expect(outcomeOf(change('a'), { reactionRules, attended: true })).toBe('allowed');
  });

  it('takes the strictest of all rules that are meant, and observes where none is', () => {
    const rules: Circumstances['reactionRules'] = [
      { mode: 'act', source: 'drift.mode' },
      { mode: 'observe', source: 'drift.policies[0]', kind: 'thing', path: 'properties.x' },
      { mode: 'off', source: 'egress', owner: 'adjustment', scope: 'egress' },
    ];

    expect(outcomeOf(change('a'), { reactionRules: rules })).toBe('ReactionModeForbids');
    expect(outcomeOf(change('a', { diff: [{ path: 'properties.y', after: 1 }] }), { reactionRules: rules })).toBe(
      'allowed',
    );
    expect(outcomeOf(change('a', { kind: 'other', owner: 'adjustment' }), { reactionRules: rules })).toBe('allowed');
    const egress = change('a', { kind: 'other', owner: 'spec', owners: ['adjustment', 'spec'], scope: 'egress' });
    expect(outcomeOf(egress, { reactionRules: rules })).toBe('ReactionModeForbids');
    expect(outcomeOf(change('a'), { reactionRules: [] })).toBe('ReactionModeForbids');
  });

  it('lets an adjustment take back what it made, governed by its own reaction', () => {
    const undo = change('a', { action: 'delete', owner: 'adjustment', risk: 'disruptive' });

    expect(outcomeOf(undo, { mode: 'no-delete' })).toBe('allowed');
    expect(outcomeOf(undo, { mode: 'no-delete', ...rule('propose') })).toBe('ModeForbidsDelete');
    expect(outcomeOf(undo, { mode: 'create-only' })).toBe('ModeForbidsDelete');
  });

  it('tears down only an approved plan, in the modes that allow updates', () => {
    const gone = change('a', { action: 'delete' });
    const granted = [{ planHash: planOf(gone).hash, approver: 'eve', expiresIso: LATER, decidedIso: EARLIER }];
    const teardown = { attended: true, teardown: true, requestedBy: 'adam' };

    expect(outcomeOf(gone, { ...teardown, mode: 'no-delete' })).toBe('waits for approval');
    expect(outcomeOf(gone, { ...teardown, mode: 'no-delete', ...approvals({ granted }) })).toBe('allowed');
    expect(outcomeOf(gone, { ...teardown, mode: 'full', ...approvals({ granted }) })).toBe('allowed');
    expect(outcomeOf(gone, { ...teardown, mode: 'create-only', ...approvals({ granted }) })).toBe('ModeForbidsDelete');
    expect(outcomeOf(gone, { ...teardown, mode: 'observe', ...approvals({ granted }) })).toBe('ModeForbidsWrites');
  });
});

describe('guard: who else is asked', () => {
  it.each<readonly [string, Partial<Circumstances>, string]>([
    ['paused', { pause: { owner: 'eve', reason: 'incident', untilIso: null } }, 'waits for pause'],
    ['pause over', { pause: { owner: 'eve', reason: 'incident', untilIso: EARLIER } }, 'allowed'],
    ['held', { holds: [{ owner: 'eve', reason: 'r', untilIso: LATER }] }, 'waits for hold'],
    [
      'held in its scope',
      { holds: [{ owner: 'eve', reason: 'r', untilIso: LATER, scope: 'spoke:a' }] },
      'waits for hold',
    ],
    ['all spokes held', { holds: [{ owner: 'eve', reason: 'r', untilIso: LATER, scope: 'spoke' }] }, 'waits for hold'],
    ['another scope held', { holds: [{ owner: 'eve', reason: 'r', untilIso: LATER, scope: 'spoke:ab' }] }, 'allowed'],
    ['hold over', { holds: [{ owner: 'eve', reason: 'r', untilIso: EARLIER }] }, 'allowed'],
    ['window open', { changeWindows: [{ from: 'safe', open: [{ fromIso: EARLIER, untilIso: LATER }] }] }, 'allowed'],
    [
      'window to come',
      { changeWindows: [{ from: 'safe', open: [{ fromIso: LATER, untilIso: MUCH_LATER }] }] },
      'waits for changeWindow',
    ],
    ['window for greater risk', { changeWindows: [{ from: 'destructive', open: [] }] }, 'allowed'],
    ['locked', { protectedIds: [{ id: '/A', why: 'locked', deleteOnly: false }] }, 'Protected'],
    [
      'left alone by itself',
      { protectedIds: [{ id: '/a', why: 'w', deleteOnly: false, unattendedOnly: true }] },
      'LeftToPeople',
    ],
    [
      'left alone by itself, attended',
      { protectedIds: [{ id: '/a', why: 'w', deleteOnly: false, unattendedOnly: true }], attended: true },
      'allowed',
    ],
    ['locked against deletes', { protectedIds: [{ id: '/a', why: 'locked', deleteOnly: true }] }, 'allowed'],
    ['allow-listed', { allowList: ['/a'] }, 'allowed'],
    ['not allow-listed', { allowList: ['/b'] }, 'NotOnAllowList'],
    ['not allow-listed, attended', { allowList: ['/b'], attended: true }, 'allowed'],
  ])('%s', (_, over, expected) => {
    expect(outcomeOf(change('a', { scope: 'spoke:a', risk: 'disruptive' }), over)).toBe(expected);
  });

  it('says for whom and until when', () => {
    const holds = [
      { owner: 'eve', reason: 'r1', untilIso: LATER },
      { owner: 'adam', reason: 'r2', untilIso: MUCH_LATER },
    ];
    const windows = [{ from: 'safe' as const, open: [{ fromIso: LATER, untilIso: MUCH_LATER }] }];

    expect(guard(planOf(change('a')), { ...OPEN, holds }).waiting[0]).toMatchObject({
      who: 'adam',
      untilIso: MUCH_LATER,
    });
    expect(guard(planOf(change('a')), { ...OPEN, changeWindows: windows }).waiting[0]).toMatchObject({
      untilIso: LATER,
    });
  });

  it('does not delete around a locked child', () => {
    const protectedIds = [{ id: '/a/children/c', why: 'locked', deleteOnly: true }];

    expect(outcomeOf(change('a', { action: 'delete' }), { protectedIds })).toBe('Protected');
    expect(outcomeOf(change('a'), { protectedIds })).toBe('allowed');
  });

  it('has nothing destructive happen that nobody asked for, whatever needs an approval', () => {
    const destructive = change('a', { risk: 'destructive' });

    expect(outcomeOf(destructive, approvals({ requiredFrom: 'never' }))).toBe('waits for approval');
    expect(outcomeOf(destructive, { ...approvals({ requiredFrom: 'never' }), attended: true })).toBe('allowed');
    expect(outcomeOf(change('a', { risk: 'disruptive' }), approvals({ requiredFrom: 'never' }))).toBe('allowed');
  });

  const risky = change('a', { risk: 'disruptive' });
  const hash = planOf(risky).hash;
  const ofPlan = { planHash: hash, approver: 'eve', expiresIso: LATER, decidedIso: EARLIER };
  it.each<readonly [string, Partial<Circumstances['approvals']>, Partial<Circumstances>, string]>([
    ['from this risk on', { requiredFrom: 'disruptive' }, {}, 'waits for approval'],
    ['for an operator too', { requiredFrom: 'safe' }, { attended: true }, 'waits for approval'],
    ['above this risk', { requiredFrom: 'destructive' }, {}, 'allowed'],
    [
      'given',
      { requiredFrom: 'safe', granted: [{ planHash: hash, approver: 'eve', expiresIso: LATER, decidedIso: EARLIER }] },
      {},
      'allowed',
    ],
    [
      'expired',
      {
        requiredFrom: 'safe',
        granted: [{ planHash: hash, approver: 'eve', expiresIso: EARLIER, decidedIso: EARLIER }],
      },
      {},
      'waits for approval',
    ],
    [
      'of another plan',
      { requiredFrom: 'safe', granted: [{ planHash: 'x', approver: 'eve', expiresIso: LATER, decidedIso: EARLIER }] },
      {},
      'waits for approval',
    ],
    [
      'of a plan of which this is the rest',
      {
        requiredFrom: 'safe',
        granted: [
          { planHash: 'x', approver: 'eve', expiresIso: LATER, decidedIso: EARLIER, changeHashes: [changeHash(risky)] },
        ],
      },
      {},
      'allowed',
    ],
    [
      'and used up for the change',
      {
        requiredFrom: 'safe',
        granted: [{ ...ofPlan, changeHashes: [changeHash(risky)], usedUp: [changeHash(risky)] }],
      },
      {},
      'waits for approval',
    ],
    [
      'of a plan that was another one meanwhile',
      { requiredFrom: 'safe', granted: [{ ...ofPlan, usedUp: [hash] }] },
      {},
      'waits for approval',
    ],
    [
      'of this change in a plan that was another one meanwhile',
      { requiredFrom: 'safe', granted: [{ ...ofPlan, changeHashes: [changeHash(risky)], usedUp: [hash] }] },
      {},
      'allowed',
    ],
    [
      'by the requester',
      { requiredFrom: 'safe', granted: [{ planHash: hash, approver: 'Eve', expiresIso: LATER, decidedIso: EARLIER }] },
      { requestedBy: 'eve', attended: true },
      'waits for approval',
    ],
    [
      'by the requester, who may',
      {
        requiredFrom: 'safe',
        selfApproval: true,
        granted: [{ planHash: hash, approver: 'eve', expiresIso: LATER, decidedIso: EARLIER }],
      },
      { requestedBy: 'eve', attended: true },
      'allowed',
    ],
  ])('approval %s', (_, over, rest, expected) => {
    expect(outcomeOf(risky, { ...approvals(over), ...rest })).toBe(expected);
  });

  it('asks before it makes again what somebody deleted', () => {
    const again = change('a', { action: 'create', recreates: true });

    expect(outcomeOf(again, {})).toBe('waits for approval');
    expect(outcomeOf(again, { attended: true })).toBe('allowed');
    const asking = {
      approvals: { requiredFrom: 'destructive', selfApproval: false, untilIso: null, granted: [] },
    } as const;
    expect(outcomeOf(again, { attended: true, ...asking })).toBe('waits for approval');
  });
});

describe('guard: what is built on what exists in create-only', () => {
  const fresh = change('b', { action: 'create', dependsOn: ['/a'] });

  it.each([
    ['stays as it is', [{ path: 'tags.team', before: 'a', after: 'b' }], 'allowed'],
    ['should get a tag', [{ path: 'tags.team', after: 'b' }], 'allowed'],
    ['should get an entry', [{ path: 'properties.parts[p]', after: {} }], 'DependsOnRefused'],
  ])('%s', (_, diff, expected) => {
    const verdict = guard(planOf(change('a', { diff }), fresh), { ...OPEN, mode: 'create-only' });

    expect(outcome(verdict, 'a')).toBe('ModeForbidsUpdate');
    expect(outcome(verdict, 'b')).toBe(expected);
  });
});

describe('guard: what depends on what', () => {
  it('refuses and waits down the chain, naming the reason', () => {
    const plan = planOf(
      change('a', { action: 'delete' }),
      change('b', { dependsOn: ['/a'] }),
      change('c', { scope: 'spoke:x' }),
      change('d', { dependsOn: ['/c'] }),
      change('e', { dependsOn: ['/d'] }),
      change('f'),
    );

    const verdict = guard(plan, {
      ...OPEN,
      attended: true,
      mode: 'no-delete',
      holds: [{ owner: 'eve', reason: 'incident', untilIso: LATER, scope: 'spoke:x' }],
    });

    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => outcome(verdict, id))).toEqual([
      'ModeForbidsDelete',
      'DependsOnRefused',
      'waits for hold',
      'waits for hold',
      'waits for hold',
      'allowed',
    ]);
    expect(verdict.waiting[2]).toMatchObject({ who: 'eve', why: 'Because /d waits: It is held: incident' });
  });

  it.each<readonly [string, Partial<Change>, boolean, string]>([
    ['goes on beside a property that waits', {}, false, 'allowed'],
    ['waits for it where a person declared both anew', {}, true, 'waits for hold'],
    ['waits for what is not there', { action: 'create' }, false, 'waits for hold'],
    ['waits for what is made anew', { replaces: true }, false, 'waits for hold'],
    [
      'waits for an entry that it may need',
      { diff: [{ path: 'properties.subnets[s]', after: { name: 's' } }] },
      false,
      'waits for hold',
    ],
  ])('put right without a person it %s', (_, base, attended, expected) => {
    const plan = planOf(change('a', { scope: 'spoke:x', ...base }), change('b', { dependsOn: ['/a'] }));
    const holds = [{ owner: 'eve', reason: 'incident', untilIso: LATER, scope: 'spoke:x' }];

    const verdict = guard(plan, { ...OPEN, attended, holds });

    expect([outcome(verdict, 'a'), outcome(verdict, 'b')]).toEqual(['waits for hold', expected]);
  });
});

describe('guard: budgets', () => {
  const budget: NonNullable<Circumstances['budget']> = {
    ...{ perRun: 2, perDay: 10, usedInRun: 0, usedToday: 0, dayEndsIso: MUCH_LATER },
  };

  it.each<readonly [string, readonly Change[], Partial<Circumstances>, readonly string[]]>([
    [
      'counts updates and deletes, not creates',
      [change('a'), change('b', { action: 'create' }), change('c', { action: 'delete' }), change('d')],
      {},
      ['a', 'b', 'c'],
    ],
    [
      'counts what the run and the day have used',
      [change('a'), change('b')],
      { budget: { ...budget, usedInRun: 1 } },
      ['a'],
    ],
    ['ends with the day', [change('a'), change('b')], { budget: { ...budget, usedToday: 10 } }, []],
    [
      'does not count what an operator asked for',
      [change('a'), change('b'), change('c')],
      { attended: true },
      ['a', 'b', 'c'],
    ],
    [
      'takes a change with all that it needs or not at all',
      [change('a'), change('b', { dependsOn: ['/a'] }), change('c', { dependsOn: ['/b'] })],
      {},
      ['a', 'b'],
    ],
    [
      'takes both sides of a peering or none',
      [change('x'), change('a', { lanes: ['hub', 'spoke'] }), change('b', { lanes: ['hub', 'spoke'] }), change('c')],
      {},
      ['x', 'c'],
    ],
    [
      'takes a replacement with its delete or not at all',
      [
        change('x'),
        change('y'),
        change('new', { action: 'create', kind: 'k' }),
        change('old', { action: 'delete', kind: 'k', dependsOn: ['/new'] }),
      ],
      {},
      ['x', 'y'],
    ],
  ])('%s', (_, changes, over, allowed) => {
    const verdict = guard(planOf(...changes), { ...OPEN, budget, ...over });

    expect(verdict.allowed).toEqual(allowed.map((id) => `/${id}`));
    expect(verdict.waiting.every((wait) => wait.for === 'budget')).toBe(true);
  });

  it('is not asked for what the run is writing, whatever differs there meanwhile', () => {
    const state = [{ path: 'properties.provisioningState', before: 'Updating', after: 'Succeeded' }];
    const changes = [change('a', { diff: state }), change('b'), change('c')];
    const verdict = guard(planOf(...changes), { ...OPEN, budget: { ...budget, usedInRun: 1, underWay: ['/A'] } });

    expect(verdict).toMatchObject({ allowed: ['/a', '/b'], budgeted: ['/b'], waiting: [{ id: '/c', for: 'budget' }] });
  });

  it('that is used up ends: the day by itself, the run with the next scheduled one', () => {
    const waits = (over: Partial<typeof budget>) =>
      guard(planOf(change('a'), change('b'), change('c')), {
        ...OPEN,
        budget: { ...budget, ...over },
        ...approvals({ untilIso: LATER }),
      }).waiting.map(({ budget: used, untilIso, askedUntilIso, why }) => [
        ...[used, untilIso, askedUntilIso],
        /It goes on by itself (.*), and at once when/.exec(why)?.[1],
      ]);

    expect(waits({})).toEqual([['run', null, LATER, 'with the next scheduled run']]);
    expect(waits({ nextRunIso: MUCH_LATER })).toEqual([['run', MUCH_LATER, LATER, 'with the next scheduled run']]);
    expect(waits({ usedToday: 9 })).toEqual([
      ['day', MUCH_LATER, undefined, 'tomorrow (UTC)'],
      ['day', MUCH_LATER, undefined, 'tomorrow (UTC)'],
    ]);
  });

  it('tells what takes from it: neither creates, nor what is approved, nor what is paid', () => {
    const changes = [change('a'), change('b', { action: 'create' }), change('c'), change('d')];
    const granted = [
      {
        planHash: 'x',
        approver: 'eve',
        expiresIso: LATER,
        decidedIso: EARLIER,
        changeHashes: [changeHash(change('c'))],
      },
    ];
    const paid = [changeHash(change('d'))];
    const circumstances = { ...OPEN, budget: { ...budget, perRun: 1, paid }, ...approvals({ granted }) };

    expect(guard(planOf(...changes), circumstances)).toMatchObject({
      allowed: ['/a', '/b', '/c', '/d'],
      budgeted: ['/a'],
    });
    expect(guard(planOf(...changes), { ...circumstances, attended: true }).budgeted).toEqual([]);
  });

  it('does not count what is approved', () => {
    const changes = [change('a'), change('b'), change('c')];
    const granted = [{ planHash: planOf(...changes).hash, approver: 'eve', expiresIso: LATER, decidedIso: EARLIER }];

    expect(guard(planOf(...changes), { ...OPEN, budget, ...approvals({ granted }) }).allowed).toHaveLength(3);
  });
});

describe('guard: free additions', () => {
  const freeAdditions = [
    { owners: ['adjustment'], scope: 'egress', kind: 'pip', action: 'create' },
    { owners: ['adjustment'], scope: 'egress', kind: 'firewall', action: 'update', path: 'properties.list' },
  ] as const;
  const ofRelief = { owner: 'adjustment', scope: 'egress' } as const;
  const made = change('pip', { ...ofRelief, kind: 'pip', action: 'create', diff: [] });
  const added = change('fw', {
    ...{ ...ofRelief, kind: 'firewall', risk: 'disruptive', dependsOn: ['/net', '/pip'] },
    diff: [{ path: 'properties.list[x]', after: 1 }],
  });
  const beside = change('fw', {
    ...{ ...added, owners: ['adjustment', 'spec'] },
    diff: [...added.diff, { path: 'tags.a', before: 1, after: 2 }],
  });
  const net = change('net');
  const budget = { perRun: 1, perDay: 3, usedInRun: 0, usedToday: 3, dayEndsIso: LATER };
  const windows = [{ from: 'safe', open: [] }] as const;

  it.each<readonly [string, readonly Change[], Partial<Circumstances>, readonly string[]]>([
    ['go on after the budget is used up', [net, made, added], { budget }, ['waits for budget', 'allowed', 'allowed']],
    ['wait for no window', [made, added], { changeWindows: windows }, ['allowed', 'allowed']],
    [
      'do not wait for what a person changes of something that is there',
      [net, made, added],
      { changeWindows: windows, attended: true },
      ['waits for changeWindow', 'allowed', 'allowed'],
    ],
    [
      'wait for what is to be made before',
      [{ ...net, action: 'create' }, made, added],
      { changeWindows: windows },
      ['waits for changeWindow', 'allowed', 'waits for changeWindow'],
    ],
    [
      'wait for what is replaced before',
      [{ ...net, replaces: true }, made, added],
      { budget },
      ['waits for budget', 'allowed', 'waits for budget'],
    ],
    ['with anything besides are bound as a whole', [made, beside], { budget }, ['allowed', 'waits for budget']],
    [
      'are held, refused and approved as any other',
      [made, added],
      { budget, ...approvals({ requiredFrom: 'disruptive' }) },
      ['allowed', 'waits for approval'],
    ],
  ])('%s', (_, changes, over, expected) => {
    const verdict = guard(planOf(...changes), { ...OPEN, freeAdditions, ...over });

    expect(changes.map(({ id }) => outcome(verdict, id.slice(1)))).toEqual(expected);
  });

  it('leave all of the budget to others', () => {
    const of = { ...OPEN, freeAdditions, budget: { ...budget, usedToday: 0 } };

    expect(guard(planOf(net, made, added), of)).toMatchObject({
      allowed: ['/net', '/pip', '/fw'],
      budgeted: ['/net'],
      waiting: [],
    });
    expect(guard(planOf(net, made, added), { ...of, freeAdditions: [] }).budgeted).not.toContain('/fw');
    expect(guard(planOf(made, beside), of).budgeted).toEqual(['/fw']);
  });
});

const risks: readonly Risk[] = ['safe', 'disruptive', 'destructive'];
const plans: fc.Arbitrary<Plan> = fc
  .array(
    fc.record({
      action: fc.constantFrom<Action>('create', 'update', 'delete'),
      risk: fc.constantFrom(...risks),
      owner: fc.constantFrom('spec', 'adjustment', 'ingress'),
      scope: fc.constantFrom('hub', 'spoke:a', 'spoke:b'),
      kind: fc.constantFrom('thing', 'peering'),
      lanes: fc.constantFrom<readonly string[]>([], ['hub'], ['hub', 'a'], ['hub', 'b']),
      dependsOn: fc.array(fc.nat(), { maxLength: 2 }),
    }),
    { maxLength: 10 },
  )
  .map((specs) =>
    planOf(
      ...specs.map(({ dependsOn, owner, ...rest }, index) =>
        change(`c${index}`, {
          ...rest,
          owner: owner as Change['owner'],
          dependsOn: index === 0 ? [] : [...new Set(dependsOn.map((other) => `/c${other % index}`))],
        }),
      ),
    ),
  );
const circumstances: fc.Arbitrary<Circumstances> = fc
  .record({
    mode: fc.constantFrom(...MODES),
    reaction: fc.constantFrom(...REACTION_MODES),
    attended: fc.boolean(),
    teardown: fc.boolean(),
    held: fc.boolean(),
    requiredFrom: fc.constantFrom<Risk | 'never'>(...risks, 'never'),
    perRun: fc.option(fc.nat({ max: 5 })),
  })
  .map(({ mode, reaction, attended, teardown, held, requiredFrom, perRun }) => ({
    ...OPEN,
    mode,
    attended,
    teardown,
    ...rule(reaction),
    holds: held ? [{ owner: 'eve', reason: 'r', untilIso: LATER, scope: 'spoke:a' }] : [],
    approvals: { ...OPEN.approvals, requiredFrom },
    budget: perRun === null ? null : { perRun, perDay: 100, usedInRun: 0, usedToday: 0, dayEndsIso: LATER },
  }));

function builtOnUpdates({ changes }: Plan): ReadonlySet<string> {
  const found = new Set<string>();
  const updates = new Set(changes.filter(({ action }) => action === 'update').map(({ id }) => id));
  for (const { id, dependsOn } of changes) {
    if (dependsOn.some((base) => updates.has(base) || found.has(base))) found.add(id);
  }
  return found;
}

describe('budgets in percent', () => {
  const five = planOf(...['a', 'b', 'c', 'd', 'e'].map((name) => change(name)));
  const day = { perRun: 20, perDay: 60, usedInRun: 0, usedToday: 0, dayEndsIso: LATER };
  const judged = (budget: Partial<NonNullable<Circumstances['budget']>>) =>
    guard(five, { ...OPEN, budget: { ...day, ...budget } });

  it.each([
    ['a share, rounded down', { percentPerRun: 10, managedCount: 39 }, 3],
    ['one at least', { percentPerRun: 10, managedCount: 4 }, 1],
    ['none at 0 %', { percentPerRun: 0, managedCount: 4 }, 0],
    ['the number where it is less', { percentPerRun: 50, managedCount: 100, perRun: 2 }, 2],
    ['what is left of the share of a day', { percentPerDay: 10, managedCount: 40, usedToday: 2 }, 2],
    ['the number alone where nothing is known of what is ours', { percentPerRun: 1 }, 5],
  ])('hold %s', (_, budget, allowed) => {
    expect(judged(budget).allowed).toHaveLength(allowed);
  });

  it('say which figure bound', () => {
    const why = ({ waiting }: Verdict) => waiting[0]?.why;

    expect(why(judged({ percentPerRun: 10, managedCount: 39 }))).toContain(
      '3, which is 10 % of 39 resources, in one run',
    );
    expect(why(judged({ percentPerDay: 5, managedCount: 39 }))).toContain('1, which is 5 % of 39 resources, a day');
    expect(why(judged({ perRun: 2, percentPerRun: 50, managedCount: 39 }))).toContain('(2 in one run)');
  });
});

describe('guard: the two sides of a connection', () => {
  const HUB = '/s/hub';
  const lanes = [`net:${HUB}`, 'net:/s/web'];
  const sideIn = (network: string, over: Partial<Change> = {}): Change => ({
    ...change('', { action: 'create', lanes, ...over }),
    id: `${network}/peerings/p`,
  });
  const locked: Partial<Circumstances> = { protectedIds: [{ id: HUB, why: 'it is locked', deleteOnly: false }] };
  const outcomes = (changes: readonly Change[], over: Partial<Circumstances>) => {
    const verdict = guard(planOf(...changes), { ...OPEN, ...over });
    return changes.map(({ id }) => outcome(verdict, id.slice(1)));
  };

  it.each<readonly [string, Partial<Change>, Partial<Circumstances>, readonly string[]]>([
    ['that are made are made both', {}, {}, ['allowed', 'allowed']],
    ['that are made are refused both', {}, locked, ['Protected', 'DependsOnRefused']],
    [
      'that are made for a person are refused both',
      {},
      { ...locked, attended: true },
      ['Protected', 'DependsOnRefused'],
    ],
    [
      'that are made wait both',
      {},
      { contested: [{ id: `${HUB}/peerings/p`, path: '', stopped: false, untilIso: LATER }] },
      ['waits for backOff', 'waits for backOff'],
    ],
    [
      'of which one is replaced are refused both',
      { action: 'update', replaces: true },
      locked,
      ['Protected', 'DependsOnRefused'],
    ],
    ['that exist are each put right by itself', { action: 'update' }, locked, ['Protected', 'allowed']],
    ['that go need not wait for each other', { action: 'delete' }, locked, ['Protected', 'allowed']],
  ])('%s', (_, over, around, expected) => {
    expect(outcomes([sideIn(HUB, over), sideIn('/s/web', over)], around)).toEqual(expected);
    expect(outcomes([sideIn('/s/web', over), sideIn(HUB, over)], around)).toEqual(expected.toReversed());
  });

  it('take with them what builds on either', () => {
    const built = change('built', { dependsOn: ['/s/web/peerings/p'] });

    expect(outcomes([sideIn('/s/web'), built, sideIn(HUB)], locked)).toEqual([
      'DependsOnRefused',
      'DependsOnRefused',
      'Protected',
    ]);
  });

  it('are made both or neither, whatever stands in the way of any of them', () => {
    const networks = ['/s/hub', '/s/web', '/s/shop', '/s/data'] as const;
    const drawn = fc.array(
      fc.record({
        ends: fc.uniqueArray(fc.constantFrom(...networks), { minLength: 2, maxLength: 2 }),
        forms: fc.array(
          fc.constantFrom<Partial<Change>>({}, { action: 'update' }, { action: 'update', replaces: true }),
          {
            minLength: 2,
            maxLength: 2,
          },
        ),
        needsOther: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(drawn, fc.subarray([...networks]), fc.subarray([...networks]), (pairs, shut, contended) => {
        const sides = new Map<string, readonly [Change, Change]>();
        for (const { ends, forms, needsOther } of pairs) {
          const [a = '', b = ''] = ends.toSorted();
          const laneOfEnds = [`net:${a}`, `net:${b}`];
          const one: Change = {
            ...change('', { action: 'create', lanes: laneOfEnds, ...forms[0] }),
            id: `${a}/p/${b}`,
          };
          const dependsOn = needsOther ? [one.id] : [];
          sides.set(`${a} ${b}`, [
            one,
            { ...change('', { action: 'create', lanes: laneOfEnds, ...forms[1], dependsOn }), id: `${b}/p/${a}` },
          ]);
        }
        const plan = planOf(...[...sides.values()].flat());
        const allowed = new Set(
          guard(plan, {
            ...OPEN,
            protectedIds: shut.map((id) => ({ id, why: 'it is locked', deleteOnly: false })),
            contested: contended.flatMap((id) =>
              plan.changes
                .filter((one) => one.id.startsWith(`${id}/`))
                .map((one) => ({ id: one.id, path: '', stopped: false, untilIso: LATER })),
            ),
          }).allowed,
        );

        for (const [one, other] of sides.values()) {
          const areBothMade = [one, other].every(({ action, replaces }) => action === 'create' || replaces === true);
          if (areBothMade) expect(allowed.has(one.id)).toBe(allowed.has(other.id));
        }
      }),
    );
  });
});

describe('drifts that came after a person’s request', () => {
  it('follow the rules that bind nobody’s request, and whatever else is asked for does not', () => {
    const drifted = [{ id: '/A', path: 'properties.x' }];
    const attended = { ...rule('propose'), attended: true };

    expect(outcomeOf(change('a'), attended)).toBe('allowed');
    expect(outcomeOf(change('a'), { ...attended, drifted })).toBe('waits for approval');
    expect(outcomeOf(change('a', { diff: [{ path: 'properties.y' }] }), { ...attended, drifted })).toBe('allowed');
    expect(outcomeOf(change('a', { action: 'create', diff: [] }), { ...attended, drifted })).toBe('allowed');
    const gone = { ...attended, drifted: [{ id: '/a', path: '' }] };
    expect(outcomeOf(change('a', { action: 'create', diff: [] }), gone)).toBe('waits for approval');
  });
});

describe('an approval of what somebody has said no to before', () => {
  it('counts only where it was asked for again', () => {
    const one = change('a', { risk: 'destructive' });
    const hash = changeHash(one);
    const granted = { planHash: planOf(one).hash, approver: 'bob', expiresIso: LATER, decidedIso: EARLIER };
    const asked = (changeHashes: readonly string[], rejectedHashes: readonly string[]) => ({
      attended: true,
      approvals: {
        ...OPEN.approvals,
        requiredFrom: 'destructive' as const,
        granted: [{ ...granted, changeHashes }],
        rejectedHashes,
      },
    });

    expect(outcomeOf(one, asked([], []))).toBe('allowed');
    expect(outcomeOf(one, asked([], [hash]))).toBe('waits for approval');
    expect(outcomeOf(one, asked([hash], [hash]))).toBe('allowed');
  });
});

describe('guard over any plan', () => {
  it('makes nothing of what another operation has yet to do, whatever the rules', () => {
    fc.assert(
      fc.property(plans, circumstances, fc.infiniteStream(fc.boolean()), (plan, around, picks) => {
        const changes = plan.changes.filter(() => picks.next().value);
        const { allowed, refused } = guard(plan, { ...around, left: [{ operationId: 'base-7', changes }] });

        const ids = new Set(changes.map(({ id }) => id));
        expect(allowed.filter((id) => ids.has(id))).toEqual([]);
        expect(refused.filter(({ code }) => code === 'LeftToOperation').map(({ id }) => id)).toEqual([...ids]);
        for (const { code, why } of refused) if (code === 'LeftToOperation') expect(why).toContain('base-7');
      }),
    );
  });

  it('lets what is written in one piece with that wait behind it', () => {
    const both = change('a', { diff: [{ path: 'properties.x' }, { path: 'properties.y.z' }] });
    const left = (over: Partial<Change>) => ({ left: [{ operationId: 'base-7', changes: [change('a', over)] }] });

    expect(outcomeOf(both, left({}))).toBe('WaitsBehindOperation');
    expect(outcomeOf(both, left({ diff: [{ path: 'properties.y' }] }))).toBe('WaitsBehindOperation');
    expect(outcomeOf(both, left({ replaces: true }))).toBe('LeftToOperation');
    expect(outcomeOf(both, left({ diff: [{ path: 'properties.v' }] }))).toBe('allowed');
    expect(outcomeOf(both, left({ action: 'delete' }))).toBe('allowed');
  });

  it('says of what was called off that it was, whatever else is left', () => {
    const calledOff = { specVersion: 2, end: 'stopped' as const };
    const of = (id: string) => [{ operationId: 'base-7', changes: [change(id)], calledOff }];
    const both = change('a', { diff: [{ path: 'properties.x' }, { path: 'properties.y' }] });
    const other = { operationId: 'base-8', changes: [change('b')] };

    expect(outcomeOf(change('a'), { left: of('a') })).toBe('SpecCalledOff');
    expect(outcomeOf(both, { left: [other, ...of('a')] })).toBe('SpecCalledOff');
    expect(outcomeOf(change('a'), { left: of('c') })).toBe('allowed');
    expect(guard(planOf(change('a')), { ...OPEN, left: of('a') }).refused[0]?.why).toMatch(
      /^The operation base-7 was stopped before version 2 of the spec was brought about: it is left until/,
    );
  });

  it('puts every change in exactly one list', () => {
    fc.assert(
      fc.property(plans, circumstances, (plan, around) => {
        const { allowed, refused, waiting } = guard(plan, around);

        const all = [...allowed, ...refused.map(({ id }) => id), ...waiting.map(({ id }) => id)];
        expect(all.toSorted()).toEqual(plan.changes.map(({ id }) => id).toSorted());
      }),
    );
  });

  it('never allows more in a stricter mode', () => {
    fc.assert(
      fc.property(plans, circumstances, fc.nat(3), fc.nat(3), (plan, around, mode, reaction) => {
        const free = { ...around, budget: null };
        const stricter: Circumstances = {
          ...free,
          mode: MODES[Math.min(mode, MODES.indexOf(free.mode))] ?? free.mode,
          reactionRules: [...free.reactionRules, { mode: REACTION_MODES[reaction] ?? 'off', source: 'field policy' }],
        };

        const more = new Set(guard(plan, free).allowed);
        // There the updates are left out, and what is new may be built before they are decided on.
        if (stricter.mode === 'create-only') for (const id of builtOnUpdates(plan)) more.add(id);
        expect(guard(plan, stricter).allowed.filter((id) => !more.has(id))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('allows no more for an approval that is used up than for none', () => {
    fc.assert(
      fc.property(plans, circumstances, (plan, around) => {
        const hashes = plan.changes.map(changeHash);
        const spent = {
          planHash: plan.hash,
          approver: 'zoe',
          expiresIso: MUCH_LATER,
          decidedIso: EARLIER,
          changeHashes: hashes,
          usedUp: [plan.hash, ...hashes],
        };
        const { granted } = around.approvals;
        const withIt = { ...around, approvals: { ...around.approvals, granted: [...granted, spent] } };

        expect(guard(plan, withIt)).toEqual(guard(plan, around));
      }),
    );
  });

  it('lets a person’s adjustment bring nothing but itself', () => {
    fc.assert(
      fc.property(plans, circumstances, (plan, around) => {
        const alone = { ...plan, changes: plan.changes.map((one) => ({ ...one, dependsOn: [], lanes: [] })) };
        const [unattended, attended] = [false, true].map((of) => guard(alone, { ...around, attended: of }));
        const asked = guard(alone, { ...around, attended: false, attendedOwner: 'adjustment' });
        const fateOf = (id: string, verdict: Verdict | undefined) => [
          verdict?.allowed.includes(id),
          verdict?.refused.find((one) => one.id === id),
          verdict?.waiting.find((one) => one.id === id),
        ];

        const adjusted = alone.changes.filter(({ owner }) => owner === 'adjustment').map(({ id }) => id);
        for (const id of adjusted) expect(fateOf(id, asked)).toEqual(fateOf(id, attended));
        expect(asked.budgeted.filter((id) => adjusted.includes(id))).toEqual([]);
        if (around.budget !== null) return;
        for (const { id, owner } of alone.changes)
          if (owner !== 'adjustment') expect(fateOf(id, asked)).toEqual(fateOf(id, unattended));
      }),
    );
  });

  it('does not take what an adjustment makes for the replacement of what the spec has deleted', () => {
    const gone = change('gone', { action: 'delete', owner: 'spec', kind: 'publicIpAddress', scope: 'hub' });
    const made = change('made', { action: 'create', owner: 'adjustment', kind: 'publicIpAddress', scope: 'hub' });
    const verdict = guard(planOf(gone, made), {
      ...OPEN,
      attendedOwner: 'adjustment',
      budget: { perRun: 0, perDay: 100, usedInRun: 0, usedToday: 0, dayEndsIso: LATER },
    });

    expect(verdict.allowed).toEqual(['/made']);
  });

  it('counts what else an adjustment’s run puts right as ever', () => {
    fc.assert(
      fc.property(plans, circumstances, fc.nat({ max: 3 }), (plan, around, perRun) => {
        const budget = { perRun, perDay: 100, usedInRun: 0, usedToday: 0, dayEndsIso: LATER };
        const of = { ...around, budget, attended: false, attendedOwner: 'adjustment' } as const;
        const { allowed } = guard(plan, of);
        const counted = plan.changes.filter(
          ({ id, owner, action }) => allowed.includes(id) && owner !== 'adjustment' && action !== 'create',
        );

        expect(counted.length).toBeLessThanOrEqual(perRun);
      }),
    );
  });

  it('allows nothing while paused', () => {
    fc.assert(
      fc.property(plans, circumstances, (plan, around) => {
        const pause = { owner: 'eve', reason: 'r', untilIso: null };

        expect(guard(plan, { ...around, pause }).allowed).toEqual([]);
      }),
    );
  });

  it('allows nothing without what it depends on, other than what is there and usable as it is', () => {
    fc.assert(
      fc.property(plans, circumstances, (plan, around) => {
        const { allowed: ids, refused } = guard(plan, around);
        const allowed = new Set(ids);
        for (const { id, code } of refused) if (code === 'ModeForbidsUpdate') allowed.add(id);
        const isThere = ({ action, replaces }: Change) => action === 'update' && replaces !== true;
        if (!around.attended) for (const one of plan.changes) if (isThere(one)) allowed.add(one.id);

        for (const one of plan.changes) {
          if (ids.includes(one.id)) expect(one.dependsOn.every((id) => allowed.has(id))).toBe(true);
        }
      }),
    );
  });

  it('never spends more than the budget, nor half of a pair', () => {
    fc.assert(
      fc.property(plans, fc.nat({ max: 5 }), (generated, perRun) => {
        // What is destructive waits for an approval, whatever the budget.
        const plan = planOf(...generated.changes.map((one) => ({ ...one, risk: 'safe' as const })));
        const budget = { perRun, perDay: 100, usedInRun: 0, usedToday: 0, dayEndsIso: LATER };

        const allowed = new Set(guard(plan, { ...OPEN, budget }).allowed);

        const spent = plan.changes.filter(({ id, action }) => action !== 'create' && allowed.has(id));
        expect(spent.length).toBeLessThanOrEqual(perRun);
        for (const one of plan.changes.filter(({ lanes }) => lanes.length > 1)) {
          const others = plan.changes.filter(
            (other) => other.kind === one.kind && other.lanes.join() === one.lanes.join(),
          );
          expect(new Set(others.map(({ id }) => allowed.has(id))).size).toBe(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

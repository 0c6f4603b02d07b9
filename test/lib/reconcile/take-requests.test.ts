import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asksForAdjustment, isAttended, takeRequests } from '../../../lib/reconcile/take-requests.ts';
import {
  type Approval,
  type BaselineHead,
  newHead,
  type ReconcileRequest,
  type Trigger,
} from '../../../lib/state/baseline-head.ts';
import type { RunDocument } from '../../../lib/state/run.ts';

function request(number: number, trigger: Trigger): ReconcileRequest {
  return {
    operationId: `base-${number}`,
    trigger,
    requestedBy: 'somebody',
    at: `2026-01-01T00:00:${String(number).padStart(2, '0')}.000Z`,
  };
}

function running(
  number: number,
  state: RunDocument['state'] = 'running',
  reach: Partial<RunDocument> = {},
): RunDocument {
  return { operationId: `base-${number}`, state, rows: {}, attended: true, ...reach } as unknown as RunDocument;
}

function requestOf({ operationId, trigger, requestedBy }: RunDocument): Omit<ReconcileRequest, 'at'> {
  return { operationId, trigger, requestedBy };
}

const NOW = '2026-01-02T00:00:00.000Z';

const withRequests = (...requests: ReconcileRequest[]) => ({ ...newHead('base'), requests });

describe('taking up requests', () => {
  it('begins the newest spec; older ones are overtaken', () => {
    const taken = takeRequests(withRequests(request(1, 'put'), request(2, 'put')), undefined, NOW);

    expect(taken).toMatchObject({ primary: { operationId: 'base-2' }, begins: true, superseded: ['base-1'] });
  });

  it('lets a newer spec overtake the run under way', () => {
    const taken = takeRequests(withRequests(request(2, 'put')), running(1), NOW);

    expect(taken).toMatchObject({ primary: { operationId: 'base-2' }, superseded: ['base-1'], replan: true });
  });

  it('joins everything else to the run under way', () => {
    const taken = takeRequests(withRequests(request(2, 'reconcile'), request(3, 'adjustment')), running(1), NOW);

    expect(taken.primary).toBeUndefined();
    expect(taken).toMatchObject({
      begins: false,
      joined: [{ operationId: 'base-2' }, { operationId: 'base-3' }],
      replan: true,
    });
  });

  it('lets a waiting run go on when it is resumed', () => {
    const taken = takeRequests(withRequests(request(1, 'resume')), running(1, 'waiting'), NOW);

    expect(taken).toMatchObject({
      begins: false,
      joined: [],
      superseded: [],
      replan: true,
      consumed: [{ operationId: 'base-1' }],
    });
  });

  it('begins anew after a run that is over', () => {
    expect(takeRequests(withRequests(request(2, 'reconcile')), running(1, 'failed'), NOW)).toMatchObject({
      primary: { operationId: 'base-2' },
      begins: true,
      superseded: [],
    });
  });

  it('does nothing without requests', () => {
    expect(takeRequests(withRequests(), running(1), NOW)).toMatchObject({ begins: false, replan: false });
    expect(takeRequests(withRequests(), undefined, NOW)).toMatchObject({
      begins: false,
      joined: [],
      superseded: [],
      replan: false,
    });
  });

  it('joins only what the run covers; the rest waits its turn', () => {
    const scoped = { ...request(2, 'reconcile'), scope: 'spoke:a' };
    const pinned = { ...request(3, 'reconcile'), planHash: 'a'.repeat(64) };
    const everything = request(4, 'reconcile');
    const unattended = request(5, 'drift');
    const head = withRequests(scoped, pinned, everything, unattended);

    const unscoped = takeRequests(head, running(1), NOW);
    expect(unscoped.joined).toEqual([scoped, everything]);
    expect(takeRequests(head, running(1, 'running', { scope: 'spoke:a' }), NOW).joined).toEqual([scoped]);
    expect(takeRequests(head, running(1, 'running', { attended: false }), NOW).joined).toEqual([unattended]);
    expect(takeRequests(withRequests(pinned, everything), undefined, NOW)).toMatchObject({
      primary: pinned,
      joined: [],
    });
  });

  it('joins what a reaction has adjusted to a person’s run, also to one that only waits', () => {
    const adjusted = { ...request(2, 'adjustment'), requestedBy: 'hubkeeper', scope: 'egress' };
    const head = withRequests(adjusted);

    for (const state of ['running', 'waiting'] as const) {
      expect(takeRequests(head, running(1, state), NOW)).toMatchObject({
        joined: [adjusted],
        replan: true,
        superseded: [],
      });
    }
    const narrow = takeRequests(head, running(1, 'running', { scope: 'spoke:a' }), NOW);
    expect(narrow).toMatchObject({ begins: false, joined: [], superseded: [], consumed: [] });
  });

  describe('lets what nobody asked for step in', () => {
    const drift = { ...request(2, 'drift'), requestedBy: 'hubkeeper' };
    const scan = { ...request(3, 'drift'), requestedBy: 'hubkeeper' };
    const relief = { ...request(4, 'adjustment'), requestedBy: 'hubkeeper', scope: 'egress' };
    const waiting = (reach: Partial<RunDocument> = {}) => running(1, 'waiting', reach);

    it('before a person’s run that only waits, each for what it asks', () => {
      const head = withRequests(drift, scan, { ...request(5, 'reconcile'), scope: 'spoke:b' });

      expect(takeRequests(head, waiting({ scope: 'spoke:a' }), NOW)).toMatchObject({
        primary: drift,
        begins: true,
        setAside: 'base-1',
        joined: [scan],
        superseded: [],
        consumed: [drift, scan],
      });
      expect(takeRequests(withRequests(relief), waiting({ scope: 'spoke:a' }), NOW)).toMatchObject({
        primary: relief,
        setAside: 'base-1',
      });
      expect(takeRequests(withRequests(relief), waiting({ expectedPlanHash: 'a' }), NOW).setAside).toBe('base-1');
    });

    it('and a look at a few resources before any that waits', () => {
      const few = { ...drift, hints: [] };
      const unattended = waiting({ attended: false });

      expect(takeRequests(withRequests(few), unattended, NOW)).toMatchObject({ primary: few, setAside: 'base-1' });
      expect(takeRequests(withRequests(few, scan), unattended, NOW)).toMatchObject({ begins: false, joined: [scan] });
      expect(takeRequests(withRequests(few), { ...unattended, state: 'running' }, NOW).joined).toEqual([few]);
      const step = { ...unattended, setAside: 'base-0' };
      expect(takeRequests(withRequests(few), step, NOW)).toMatchObject({ begins: false, joined: [few] });
    });

    it('before one that nobody asked for either and that does not cover it, such as a relief that is to be approved', () => {
      const proposed = waiting({ attended: false, scope: 'egress' });

      expect(takeRequests(withRequests(drift, relief), proposed, NOW)).toMatchObject({
        joined: [relief],
        begins: false,
      });
      expect(takeRequests(withRequests(drift, scan), proposed, NOW)).toMatchObject({
        primary: drift,
        joined: [scan],
        setAside: 'base-1',
        superseded: [],
      });
    });

    it('but not before one that works, that has stepped in itself, that tears down, or that is to stop', () => {
      const stepped = waiting({ attended: false, scope: 'egress', setAside: 'base-0' });
      for (const live of [running(1), waiting({ teardown: true }), stepped])
        expect(takeRequests(withRequests(drift), live, NOW)).toMatchObject({ begins: false, consumed: [] });
      expect(takeRequests(withRequests(drift), waiting({ attended: false }), NOW)).toMatchObject({ joined: [drift] });
      const stopping = { ...withRequests(drift), stops: ['base-1'] };
      expect(takeRequests(stopping, waiting(), NOW).setAside).toBeUndefined();
    });

    it('after whatever the one that waits is called for, by a person or by the time', () => {
      const resume = request(1, 'resume');
      expect(takeRequests(withRequests(drift, resume), waiting(), NOW)).toMatchObject({
        begins: false,
        consumed: [resume],
        replan: true,
      });
      const due = { ...withRequests(drift), wakeAt: '2026-01-01T23:59:00.000Z' };
      expect(takeRequests(due, waiting(), NOW)).toMatchObject({ begins: false, consumed: [] });
      const later = { ...withRequests(drift), wakeAt: '2026-01-02T00:01:00.000Z' };
      expect(takeRequests(later, waiting(), NOW).setAside).toBe('base-1');
    });

    it('and takes up no more of it while the one that is set aside is called for', () => {
      const step = running(2, 'running', { attended: false, setAside: 'base-1' });
      expect(takeRequests(withRequests(scan), step, NOW)).toMatchObject({ joined: [scan], replan: true });
      const called = [
        withRequests(scan, request(1, 'resume')),
        withRequests(scan, { ...request(1, 'resume'), requestedBy: 'hubkeeper' }),
        withRequests(scan, request(5, 'reconcile')),
        { ...withRequests(scan), wakeAt: NOW },
      ];
      for (const head of called)
        expect(takeRequests(head, step, NOW)).toMatchObject({ begins: false, joined: [], consumed: [] });
    });

    it.each(['put', 'delete'] as const)('until a %s overtakes both', (trigger) => {
      const step = running(2, 'running', { attended: false, setAside: 'base-1' });
      const resume = request(1, 'resume');
      const newest = request(5, trigger);

      expect(takeRequests(withRequests(resume, newest), step, NOW)).toMatchObject({
        primary: newest,
        superseded: ['base-2', 'base-1'],
        consumed: [newest, resume],
      });
      expect(takeRequests(withRequests(newest), step, NOW).setAside).toBeUndefined();
    });
  });

  describe('of one that has stepped back, to wait beside another one,', () => {
    const relief = (number: number) => ({
      ...request(number, 'adjustment'),
      requestedBy: 'hubkeeper',
      scope: 'egress',
    });
    const beside: ReconcileRequest = { ...relief(2), waitsItsTurn: true, steppedBackAt: 7 };
    const live = running(1, 'waiting', { scope: 'spoke:a' });
    const at = (generation: number, ...requests: readonly ReconcileRequest[]) => ({
      ...withRequests(...requests),
      generation,
    });

    it('lets it wait until something has moved, or its time has come', () => {
      expect(takeRequests(at(7, beside), live, NOW)).toMatchObject({ begins: false, consumed: [] });
      expect(takeRequests(at(8, beside), live, NOW)).toMatchObject({ primary: beside, setAside: 'base-1' });
      const { waitsItsTurn: _, ...free } = beside;
      expect(takeRequests(at(7, free), live, NOW)).toMatchObject({ primary: free, setAside: 'base-1' });
      expect(takeRequests(at(7, beside), undefined, NOW)).toMatchObject({ primary: beside, begins: true });
    });

    it('has it do what the reaction asks for besides, and nothing that a person or a scan asks for', () => {
      expect(takeRequests(at(7, beside, relief(3)), live, NOW)).toMatchObject({
        primary: beside,
        joined: [relief(3)],
        setAside: 'base-1',
      });
      const persons = { ...relief(3), requestedBy: 'somebody' };
      const scan = { ...request(3, 'drift'), requestedBy: 'hubkeeper' };
      for (const other of [persons, scan])
        expect(takeRequests(at(7, beside, other), live, NOW)).toMatchObject({ primary: other, consumed: [other] });
    });

    it('makes it a part of a spec that covers it, and lets a teardown overtake it', () => {
      const put = request(3, 'put');
      expect(takeRequests(at(7, beside, put), live, NOW)).toMatchObject({
        primary: put,
        joined: [beside],
        superseded: ['base-1'],
      });
      const teardown = request(3, 'delete');
      expect(takeRequests(at(7, beside, teardown), live, NOW)).toMatchObject({
        primary: teardown,
        joined: [],
        superseded: ['base-2', 'base-1'],
        consumed: [teardown, beside],
      });
    });

    it('makes what a reaction asks for no part of anything else that has stepped in', () => {
      const scan = running(4, 'running', {
        attended: false,
        trigger: 'drift',
        requestedBy: 'hubkeeper',
        setAside: 'base-1',
      });
      expect(takeRequests(at(7, relief(5)), scan, NOW)).toMatchObject({ begins: false, consumed: [] });
      const { setAside: _, ...alone } = scan;
      expect(takeRequests(at(7, relief(5)), alone, NOW)).toMatchObject({ joined: [relief(5)] });
      const own = { ...scan, trigger: 'adjustment', scope: 'egress' } as const;
      expect(takeRequests(at(7, relief(5)), own, NOW)).toMatchObject({ joined: [relief(5)] });
      expect(takeRequests(at(7, relief(5)), { ...own, attendedOwner: 'adjustment' }, NOW).consumed).toEqual([]);
    });
  });

  it('tries again what has failed when a person asks again', () => {
    expect(takeRequests(withRequests(request(2, 'reconcile')), running(1), NOW).retryFailed).toBe(true);
    expect(takeRequests(withRequests(request(1, 'resume')), running(1), NOW).retryFailed).toBe(false);
  });

  describe('lets no run answer a person who asks anew for what somebody has called off since', () => {
    const at = (second: number) => request(second, 'reconcile').at;
    const calledOff = { specVersion: 1, operationId: 'base-9', end: 'stopped', at: at(5) } as const;
    const rejection = { operationId: 'base-1', decision: 'reject', decidedAt: at(5) } as unknown as Approval;
    const began = (second: number, state: RunDocument['state'] = 'running') => ({
      ...running(1, state),
      createdAt: at(second),
    });
    const ways: readonly (readonly [string, Partial<BaselineHead>])[] = [
      ['as the spec in force', { calledOff }],
      ['by a rejection', { approvals: [rejection] }],
    ];

    it.each(ways)('%s', (_, of) => {
      const taken = (asked: ReconcileRequest, run: RunDocument) =>
        takeRequests({ ...withRequests(asked), ...of }, run, NOW);

      expect(taken(request(6, 'reconcile'), began(1))).toMatchObject({ joined: [], consumed: [], begins: false });
      expect(taken(request(6, 'reconcile'), began(1, 'waiting'))).toMatchObject({
        primary: { operationId: 'base-6' },
        superseded: ['base-1'],
      });
      for (const [asked, run] of [
        [request(4, 'reconcile'), began(1)],
        [request(7, 'reconcile'), began(6)],
        [request(6, 'adjustment'), began(1)],
      ] as const)
        expect(taken(asked, run).joined).toEqual([asked]);
    });

    it('nor by a run that has yet to begin', () => {
      const [put, asking] = [request(3, 'put'), request(6, 'reconcile')];
      const [before, after] = [request(4, 'reconcile'), request(7, 'reconcile')];

      expect(takeRequests({ ...withRequests(put, before, asking), calledOff }, undefined, NOW)).toMatchObject({
        primary: put,
        joined: [before],
      });
      expect(takeRequests({ ...withRequests(before, asking, after), calledOff }, undefined, NOW)).toMatchObject({
        primary: before,
        joined: [],
      });
    });

    it.each(['running', 'waiting'] as const)('nor by one that is to stop, while it is %s', (state) => {
      const [resume, asking] = [request(1, 'resume'), request(6, 'reconcile')];
      const head = { ...withRequests(resume, asking), stops: ['base-1'] };

      expect(takeRequests(head, began(1, state), NOW)).toMatchObject({ joined: [], consumed: [resume], begins: false });
    });
  });

  it('gives every request exactly one fate, and takes up every one in the end', () => {
    const triggers = fc.constantFrom<Trigger>('put', 'delete', 'reconcile', 'adjustment', 'timer', 'drift');
    const scopes = fc.constantFrom(undefined, 'hub', 'spoke:a');
    const state = fc.option(fc.constantFrom<RunDocument['state']>('running', 'waiting', 'failed', 'succeeded'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(triggers, scopes, fc.boolean()), { maxLength: 8 }),
        state,
        fc.boolean(),
        scopes,
        (chosen, live, attended, within) => {
          const requests = chosen.map(([trigger, scope, isBeside], at) => ({
            ...request(at + 2, trigger),
            ...(scope === undefined ? {} : { scope }),
            ...(isBeside && trigger === 'adjustment'
              ? { requestedBy: 'hubkeeper', waitsItsTurn: true, steppedBackAt: newHead('base').generation }
              : {}),
          }));
          const reach = { attended, ...(within === undefined ? {} : { scope: within }) };
          const taken = takeRequests(
            withRequests(...requests),
            live === null ? undefined : running(1, live, reach),
            NOW,
          );
          const fates = [
            ...(taken.primary === undefined ? [] : [taken.primary.operationId]),
            ...taken.joined.map((one) => one.operationId),
            ...taken.superseded.filter((id) => id !== 'base-1'),
          ];
          expect(new Set(fates).size).toBe(fates.length);
          expect(fates.sort()).toEqual(taken.consumed.map((one) => one.operationId).sort());

          let left = requests;
          for (let turn = 0; left.length > 0; turn++) {
            expect(turn).toBeLessThan(requests.length + 1);
            const consumed = new Set(takeRequests(withRequests(...left), undefined, NOW).consumed);
            left = left.filter((one) => !consumed.has(one));
          }
        },
      ),
    );
  });

  describe('whatever comes', () => {
    const NEW = ['put', 'delete'];
    const requests = fc
      .array(
        fc.record({
          trigger: fc.constantFrom<Trigger>('put', 'delete', 'reconcile', 'adjustment', 'timer', 'drift', 'resume'),
          requestedBy: fc.constantFrom('somebody', 'hubkeeper'),
          scope: fc.constantFrom(undefined, 'egress', 'spoke:a'),
          isOwn: fc.boolean(),
          isOfFew: fc.boolean(),
        }),
        { maxLength: 8 },
      )
      .map((chosen) =>
        chosen.map(({ scope, isOwn, isOfFew, ...one }, at): ReconcileRequest => {
          const isResume = one.trigger === 'resume';
          const number = isResume ? (isOwn ? 2 : 1) : at + 3;
          return {
            ...request(number, one.trigger),
            ...one,
            ...(scope === undefined || isResume ? {} : { scope }),
            ...(isOfFew && one.trigger === 'drift' ? { hints: [] } : {}),
          };
        }),
      );
    const live = fc.record({
      state: fc.constantFrom<RunDocument['state']>('running', 'waiting'),
      attended: fc.boolean(),
      isAdjusting: fc.boolean(),
      teardown: fc.boolean(),
      scope: fc.constantFrom(undefined, 'egress', 'spoke:a'),
    });
    const wakeAt = fc.constantFrom(null, '2026-01-01T00:00:00.000Z', '2026-01-03T00:00:00.000Z');
    const asks = ({ trigger, requestedBy }: ReconcileRequest) => isAttended(trigger, requestedBy);

    it('steps in only before a run that waits, that does not cover it or is looked past, and is called for by nobody', () => {
      fc.assert(
        fc.property(requests, live, wakeAt, (asked, { scope, isAdjusting, ...of }, at) => {
          const adjusts = isAdjusting && !of.attended ? ({ attendedOwner: 'adjustment' } as const) : {};
          const run = running(2, of.state, { ...of, ...adjusts, ...(scope === undefined ? {} : { scope }) });
          const own = asked.filter(({ operationId }) => operationId === 'base-2');
          const taken = takeRequests({ ...withRequests(...asked), wakeAt: at }, run, NOW);

          if (taken.setAside === undefined) return;
          expect(taken.setAside).toBe('base-2');
          expect(of).toMatchObject({ state: 'waiting', teardown: false });
          const isWhole = !of.attended && run.attendedOwner === undefined && scope === undefined;
          const ofFew = ({ hints }: ReconcileRequest) => hints !== undefined;
          if (isWhole) expect(taken.consumed.filter((one) => !asksForAdjustment(one) && !ofFew(one))).toEqual([]);
          expect(own).toEqual([]);
          expect(at === null || at > NOW).toBe(true);
          expect(taken.superseded).toEqual([]);
          expect(taken.consumed.filter((one) => asks(one) || NEW.includes(one.trigger))).toEqual([]);
        }),
      );
    });

    it('lets no adjustment of a person end or delay what waits for somebody, nor take rights in what drift does', () => {
      fc.assert(
        fc.property(requests, live, wakeAt, (asked, { scope, isAdjusting: _, ...of }, at) => {
          const run = running(2, of.state, { ...of, ...(scope === undefined ? {} : { scope }) });
          const adjusting = asked.filter(asksForAdjustment);
          const taken = takeRequests({ ...withRequests(...adjusting), wakeAt: at }, run, NOW);

          expect(taken.superseded).toEqual([]);
          expect(taken.retryFailed).toBe(false);
          if (!of.attended && !taken.begins) expect(taken.consumed).toEqual([]);
        }),
      );
    });

    it('leaves nothing that nobody asked for queued behind a run that goes on waiting', () => {
      fc.assert(
        fc.property(
          requests,
          fc.constantFrom(undefined, 'egress', 'spoke:a'),
          fc.boolean(),
          (asked, scope, attended) => {
            const run = running(2, 'waiting', { attended, ...(scope === undefined ? {} : { scope }) });
            let left = asked;
            for (let turns = 0; turns <= asked.length; turns++) {
              const taken = takeRequests(withRequests(...left), run, NOW);
              // Something else than the waiting goes on from here.
              if (taken.superseded.includes('base-2')) return;
              left = left.filter((one) => !taken.consumed.includes(one));
            }
            expect(left.filter((one) => !asks(one))).toEqual([]);
          },
        ),
      );
    });

    it('lets no person’s request wait behind a run that nobody asked for and that only waits', () => {
      fc.assert(
        fc.property(requests, live, (asked, { scope, ...of }) => {
          const run = running(2, 'waiting', { ...of, attended: false, ...(scope === undefined ? {} : { scope }) });
          const taken = takeRequests(withRequests(...asked), { ...run, state: 'waiting', teardown: false }, NOW);
          const persons = asked.filter((one) => asks(one) && one.operationId !== 'base-2');

          if (persons.length === 0) expect(taken.requeued).toBeUndefined();
          else expect(taken).toMatchObject({ begins: true });
          if (taken.requeued === undefined) return;
          // It goes on later, as what it was, and is not over.
          expect(taken.requeued).toEqual({ ...requestOf(run), at: NOW, ...(scope === undefined ? {} : { scope }) });
          expect(taken.superseded).toEqual([]);
          expect(taken.consumed).not.toContainEqual(taken.requeued);
          expect(taken.setAside).toBeUndefined();
        }),
      );
    });

    it('never takes up what is for the run that is set aside, unless another spec overtakes that', () => {
      fc.assert(
        fc.property(requests, wakeAt, (asked, at) => {
          const step = running(2, 'running', { attended: false, setAside: 'base-1' });
          const taken = takeRequests({ ...withRequests(...asked), wakeAt: at }, step, NOW);
          const isOvertaken = asked.some(({ trigger }) => NEW.includes(trigger));

          expect(taken.superseded.includes('base-1')).toBe(isOvertaken);
          expect(taken.setAside).toBeUndefined();
          if (isOvertaken) return;
          const others = taken.consumed.filter(({ operationId }) => operationId !== 'base-2');
          expect(others.filter((one) => one.operationId === 'base-1' || asks(one))).toEqual([]);
          const isCalled = asked.some(
            (one) => one.operationId === 'base-1' || (one.operationId !== 'base-2' && asks(one)),
          );
          if (isCalled || (at !== null && at <= NOW)) expect(others).toEqual([]);
        }),
      );
    });
  });

  it('knows what a person asked for', () => {
    expect([
      isAttended('put', 'somebody'),
      isAttended('timer', 'hubkeeper'),
      isAttended('adjustment', 'hubkeeper'),
      isAttended('drift', 'somebody'),
      isAttended('adjustment', 'somebody'),
    ]).toEqual([true, false, false, false, false]);
    expect(asksForAdjustment(request(1, 'adjustment'))).toBe(true);
    expect(asksForAdjustment({ ...request(1, 'timer'), requestedBy: 'hubkeeper' })).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DriftFacts, type DriftLook, decideDriftLook } from '../../../../lib/reactions/drift/decide-drift-look.ts';
import { recordHints } from '../../../../lib/reactions/drift/record-hints.ts';
import { type BaselineHead, driftWatchOf, newHead } from '../../../../lib/state/baseline-head.ts';
import type { ChangeHint } from '../../../../lib/state/drift-watch.ts';
import { reactionsOf } from '../../../../lib/state/reactions.ts';
import type { RunState } from '../../../../lib/state/run.ts';

const START_MS = Date.parse('2026-06-01T08:00:00.000Z');
const at = (seconds: number) => new Date(START_MS + seconds * 1_000).toISOString();
const hint = (resource: string): ChangeHint => ({
  resource,
  action: 'write',
  at: at(0),
  author: null,
  correlationId: null,
});

const QUIET: DriftFacts = { isOff: false, asked: null };
const IN_FORCE: BaselineHead = { ...newHead('prod'), specVersion: 1 };

function told(head: BaselineHead, resource: string, seconds: number): BaselineHead {
  const events = [{ key: `${resource} ${seconds}`, hint: hint(resource) }];
  return recordHints(head, events, at(seconds)).head ?? head;
}

function look(head: BaselineHead, seconds: number, facts: DriftFacts = QUIET): DriftLook {
  const instanceId = reactionsOf(head)[0]?.instance?.id ?? '';
  return decideDriftLook(head, facts, { baseline: head.name, instanceId, nowIso: at(seconds) });
}

function mustChange({ head }: DriftLook): BaselineHead {
  if (head === null) throw new Error('Nothing was changed.');
  return head;
}

function follows(head: BaselineHead, state: RunState): DriftFacts {
  const operationId = driftWatchOf(head).asked?.operationId ?? '';
  return { isOff: false, asked: { operationId, state } };
}

/** The reconciler has taken up what was asked for. */
function takenUp(head: BaselineHead): BaselineHead {
  return { ...head, requests: [], currentOperationId: head.requests[0]?.operationId ?? null };
}

describe('a look at what events have said', () => {
  it('waits until the burst is over, then asks for one comparison of all it named', () => {
    const head = told(told(IN_FORCE, '/r/a', 0), '/r/b', 3);

    expect(look(head, 3)).toEqual({ head: null, step: { next: 'look', seconds: 5 } });
    expect(look(head, 7.5).step).toEqual({ next: 'look', seconds: 1 });
    const asked = look(head, 8);

    expect(asked.step).toEqual({ next: 'poke', instanceId: 'reconcile.prod.1', seconds: 5 });
    expect(mustChange(asked)).toMatchObject({
      requests: [
        {
          operationId: 'prod-1',
          trigger: 'drift',
          requestedBy: 'hubkeeper',
          hints: [{ resource: '/r/a' }, { resource: '/r/b' }],
        },
      ],
      driftWatch: { pending: null, asked: { operationId: 'prod-1' } },
      outbox: [],
    });
  });

  it('waits for no longer than 20 seconds while events keep coming', () => {
    let head = IN_FORCE;
    for (let seconds = 0; seconds <= 20; seconds += 2) head = told(head, `/r/${seconds}`, seconds);

    expect(look(head, 19).step).toEqual({ next: 'look', seconds: 1 });
    expect(look(head, 20).step.next).toBe('poke');
  });

  it('gives the same answer when it is run twice', () => {
    const head = told(IN_FORCE, '/r/a', 0);
    const asked = look(head, 5);

    expect(look(mustChange(asked), 5)).toEqual({ head: null, step: asked.step });
  });

  it('follows the run, less often as it gets older, and ends with it', () => {
    const head = takenUp(mustChange(look(told(IN_FORCE, '/r/a', 0), 5)));
    const pauses = [6, 20, 40, 400].map((seconds) => look(head, seconds, follows(head, 'running')).step);

    expect(pauses).toEqual([5, 8, 18, 20].map((seconds) => ({ next: 'look', seconds })));
    for (const state of ['succeeded', 'partial', 'failed', 'stopped', 'waiting'] as const) {
      const over = look(head, 60, follows(head, state));
      expect(over.step).toEqual({ next: 'end' });
      expect(reactionsOf(mustChange(over))[0]?.instance).toBeNull();
    }
  });

  it('goes round again for what came meanwhile, without waiting for the run to end', () => {
    const head = told(takenUp(mustChange(look(told(IN_FORCE, '/r/a', 0), 5))), '/r/b', 10);

    const again = look(head, 15, follows(head, 'running'));

    expect(again.step.next).toBe('poke');
    expect(mustChange(again).requests).toMatchObject([{ operationId: 'prod-2', hints: [{ resource: '/r/b' }] }]);
  });

  it('has one request queued at a time', () => {
    const queued = told(mustChange(look(told(IN_FORCE, '/r/a', 0), 5)), '/r/b', 10);

    expect(look(queued, 30)).toEqual({ head: null, step: { next: 'look', seconds: 13 } });
  });

  it('does not wait for outsiders: what comes meanwhile goes into the request that is queued', () => {
    const queued = mustChange(look(told(IN_FORCE, '/r/a', 0), 5));
    const behind: BaselineHead = {
      ...queued,
      reconciler: null,
      currentOperationId: 'prod-0',
      queuedBehind: 'prod-0',
    };
    let head = mustChange(look(behind, 6));
    for (const [number, resource] of ['/r/b', '/r/c'].entries()) {
      head = told(head, resource, 100 * (number + 1));
      expect(look(head, 100 * (number + 1) + 5).step).toEqual({ next: 'end' });
      head = mustChange(look(head, 100 * (number + 1) + 5));
    }

    expect(reactionsOf(head)[0]?.instance).toBeNull();
    expect(head.requests).toHaveLength(1);
    expect(head.requests[0]?.hints?.map(({ resource }) => resource)).toEqual(['/r/a', '/r/b', '/r/c']);
  });

  it.each<[string, Partial<BaselineHead>, boolean]>([
    ['drift is off', {}, true],
    ['no spec is in force', { specVersion: 0 }, false],
    ['it is being torn down', { teardown: true }, false],
  ])('asks for nothing when %s', (_, change, isOff) => {
    const over = look({ ...told(IN_FORCE, '/r/a', 0), ...change }, 60, { isOff, asked: null });

    expect(over.step).toEqual({ next: 'end' });
    expect(mustChange(over)).toMatchObject({ requests: [], driftWatch: { pending: null } });
  });

  it('ends when another orchestration is named', () => {
    const head = told(IN_FORCE, '/r/a', 0);

    expect(decideDriftLook(head, QUIET, { baseline: 'prod', instanceId: 'other', nowIso: at(9) })).toEqual({
      head: null,
      step: { next: 'end' },
    });
  });

  it('has whatever events tell of compared within half a minute of an idle baseline, each once or more, none never', () => {
    const bursts = fc.array(
      fc.record({ resource: fc.constantFrom('/r/a', '/r/b', '/r/c'), second: fc.integer({ min: 0, max: 200 }) }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(bursts, (events) => {
        const due = events.toSorted((a, b) => a.second - b.second);
        const compared = new Map<string, number>();
        let head = IN_FORCE;
        let nextLook = Number.POSITIVE_INFINITY;
        for (let second = 0; second <= 400; second++) {
          while (due[0] !== undefined && due[0].second <= second) {
            const { resource } = due[0];
            const key = `${resource} ${second} ${due.length}`;
            const recorded = recordHints(head, [{ key, hint: { ...hint(resource), at: at(second) } }], at(second));
            head = recorded.head ?? head;
            if (recorded.start !== undefined) nextLook = second;
            due.shift();
          }
          if (second < nextLook) continue;
          const facts = driftWatchOf(head).asked === null ? QUIET : follows(head, 'succeeded');
          const { head: next, step } = look(head, second, facts);
          head = next ?? head;
          for (const { hints = [] } of head.requests) for (const one of hints) compared.set(one.resource, second);
          head = { ...head, requests: [], reconciler: null };
          nextLook = step.next === 'end' ? Number.POSITIVE_INFINITY : second + step.seconds;
        }
        for (const resource of new Set(events.map((event) => event.resource))) {
          const last = Math.max(...events.filter((event) => event.resource === resource).map((event) => event.second));
          expect(compared.get(resource)).toBeGreaterThanOrEqual(last);
          expect(compared.get(resource)).toBeLessThanOrEqual(last + 30);
        }
        expect(driftWatchOf(head)).toMatchObject({ pending: null, asked: null });
        expect(reactionsOf(head)[0]?.instance).toBeNull();
      }),
    );
  });
});

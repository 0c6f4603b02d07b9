import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { isOurs, type LedgerEvent, nextLedgerEntry } from '../../../lib/plan/ownership.ts';

const AT = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:01:00Z';

const BASE: LedgerEntry = {
  id: '/r',
  kind: 'k',
  state: 'confirmed',
  created: true,
  confirmed: { a: 'spec' },
  intended: {},
  lanes: ['l'],
  dependsOn: ['/d'],
  scope: 'hub',
  operationId: 'op-1',
  at: AT,
};
const CONFIRMED = BASE;
const INTENDED: LedgerEntry = { ...BASE, state: 'intended', intended: { b: 'spec' } };
const NEW: LedgerEntry = { ...INTENDED, confirmed: {} };
const DELETING: LedgerEntry = { ...BASE, state: 'deleting' };

const NODE = { id: '/r', kind: 'k', lanes: ['l'], scope: 'hub', dependsOn: [{ id: '/d', when: 'always' }] } as const;

function intend(fields: LedgerEntry['intended'], creates = false): LedgerEvent {
  return { name: 'intend', node: NODE, creates, fields, operationId: 'op-2', atIso: LATER };
}
const CONFIRM: LedgerEvent = { name: 'confirm', operationId: 'op-2', atIso: LATER };
const ABANDON: LedgerEvent = { name: 'abandon', atIso: LATER };
const DELETE: LedgerEvent = { name: 'delete', operationId: 'op-2', atIso: LATER };

type Row = readonly [string, LedgerEntry | null, LedgerEvent, Partial<LedgerEntry> | null];

describe('nextLedgerEntry', () => {
  it.each<Row>([
    [
      'no row: intend a new resource',
      null,
      intend({ c: 'spec' }, true),
      { state: 'intended', created: true, confirmed: {}, intended: { c: 'spec' }, dependsOn: ['/d'] },
    ],
    ['no row: intend in an adopted one', null, intend({ c: 'spec' }), { state: 'intended', created: false }],
    ['no row: abandon', null, ABANDON, null],
    ['no row: gone', null, { name: 'gone' }, null],
    [
      'intended: the repeat keeps what it made and both intents',
      NEW,
      intend({ c: 'spec' }),
      { state: 'intended', created: true, intended: { b: 'spec', c: 'spec' } },
    ],
    ['intended: confirm', INTENDED, CONFIRM, { state: 'confirmed', confirmed: { b: 'spec' }, intended: {}, at: LATER }],
    [
      'intended: confirm with the fields of the write',
      INTENDED,
      { ...CONFIRM, fields: { z: 'ingress' } },
      { confirmed: { z: 'ingress' } },
    ],
    ['intended: abandon', INTENDED, ABANDON, { state: 'confirmed', confirmed: { a: 'spec' }, intended: {} }],
    ['intended and never there: abandon', NEW, ABANDON, null],
    ['intended: delete', INTENDED, DELETE, { state: 'deleting', intended: { b: 'spec' } }],
    ['intended: gone', INTENDED, { name: 'gone' }, null],
    [
      'confirmed: intend',
      CONFIRMED,
      intend({ c: 'adjustment' }),
      { state: 'intended', created: true, confirmed: { a: 'spec' }, intended: { c: 'adjustment' } },
    ],
    ['confirmed: confirm again', CONFIRMED, CONFIRM, CONFIRMED],
    ['confirmed: abandon', CONFIRMED, ABANDON, CONFIRMED],
    ['confirmed: delete', CONFIRMED, DELETE, { state: 'deleting', operationId: 'op-2' }],
    ['confirmed: gone', CONFIRMED, { name: 'gone' }, null],
    [
      'deleting: intend',
      DELETING,
      intend({ c: 'spec' }),
      { state: 'intended', confirmed: { a: 'spec' }, intended: { c: 'spec' } },
    ],
    [
      'deleting: abandon',
      { ...DELETING, intended: { b: 'spec' } },
      ABANDON,
      { state: 'confirmed', confirmed: { a: 'spec', b: 'spec' }, intended: {} },
    ],
    ['deleting: delete again', DELETING, DELETE, { state: 'deleting' }],
    ['deleting: gone', DELETING, { name: 'gone' }, null],
  ])('%s', (_, entry, event, expected) => {
    const next = nextLedgerEntry(entry, event);

    if (expected === null) expect(next).toBeNull();
    else expect(next).toMatchObject(expected);
  });

  it.each<readonly [string, LedgerEntry | null, LedgerEvent]>([
    ['confirm without a row', null, CONFIRM],
    ['delete without a row', null, DELETE],
    ['confirm while deleting', DELETING, CONFIRM],
    ['intend for another resource', { ...CONFIRMED, id: '/other' }, intend({})],
  ])('refuses to %s', (_, entry, event) => {
    expect(() => nextLedgerEntry(entry, event)).toThrow('LedgerTransitionInvalid');
  });

  it('comes to the same when an event is repeated', () => {
    for (const entry of [CONFIRMED, INTENDED, NEW]) {
      for (const event of [intend({ c: 'spec' }), CONFIRM, ABANDON, DELETE]) {
        const once = nextLedgerEntry(entry, event);
        expect(once === null && event.name !== 'abandon' ? null : nextLedgerEntry(once, event)).toEqual(once);
      }
    }
  });
});

describe('what a resource is known to have been as', () => {
  it('is what was declared at the last write that ended well, as long as all of that was written once', () => {
    const steps = fc.array(
      fc.record({
        hash: fc.constantFrom('h1', 'h2', 'h3'),
        isWhole: fc.boolean(),
        end: fc.constantFrom('confirm', 'abandon', 'delete'),
      }),
    );
    fc.assert(
      fc.property(steps, (drawn) => {
        let entry: LedgerEntry | null = CONFIRMED;
        let known: string | undefined;
        for (const { hash, isWhole, end } of drawn) {
          entry = nextLedgerEntry(entry, { ...intend({ c: 'spec' }), declared: { hash, isWhole } } as LedgerEvent);
          if (end === 'delete') entry = nextLedgerEntry(entry, DELETE);
          entry = nextLedgerEntry(entry, end === 'confirm' ? CONFIRM : ABANDON);
          if (end === 'confirm') known = isWhole || hash === known ? hash : undefined;
          if (end === 'delete') known = undefined;

          expect(entry?.confirmedBody).toBe(known);
          expect(entry).not.toHaveProperty('intendedBody');
        }
      }),
    );
  });

  it('is not known after a write of which nobody said what is declared', () => {
    const before = { ...CONFIRMED, confirmedBody: 'h1' };

    expect(nextLedgerEntry(nextLedgerEntry(before, intend({})), CONFIRM)).not.toHaveProperty('confirmedBody');
  });
});

describe('the writes that a row remembers', () => {
  const write = (at: number) => ({ correlationId: `correlation-${at}`, clientRequestId: `op-2:${at}` });

  it('are the latest eight, whatever happens to the row', () => {
    let entry: LedgerEntry | null = CONFIRMED;
    for (let at = 1; at <= 10; at++) {
      entry = nextLedgerEntry(entry, { ...intend({ c: 'spec' }), write: write(at) } as LedgerEvent);
      entry = nextLedgerEntry(entry, CONFIRM);
    }
    entry = nextLedgerEntry(entry, { ...DELETE, write: write(11) } as LedgerEvent);

    expect(entry?.writes).toEqual([4, 5, 6, 7, 8, 9, 10, 11].map(write));
    expect(nextLedgerEntry(entry, ABANDON)?.writes).toEqual(entry?.writes);
    expect(nextLedgerEntry(entry, { ...DELETE, write: write(11) } as LedgerEvent)?.writes).toEqual(entry?.writes);
  });
});

describe('isOurs', () => {
  const entry: LedgerEntry = {
    ...CONFIRMED,
    confirmed: {
      'properties.subnets[snet-a]': 'spec',
      'properties.prefixes': 'spec',
      'properties.subnets[theirs].x': 'spec',
    },
    intended: { 'properties.subnets[snet-b]': 'spec' },
  };

  it.each([
    ['properties.subnets[SNET-A]', true],
    ['properties.subnets[snet-b]', true],
    ['properties.subnets[snet-a].unknown', false],
    ['properties.subnets[theirs]', false],
    ['properties.subnets[theirs].x', true],
    ['properties.prefixes[10.0.0.0/8]', true],
    ['properties.prefixes', true],
    ['properties', false],
    ['/R', true],
    ['/other', false],
  ])('%s: %s', (path, ours) => {
    expect(isOurs(entry, path)).toBe(ours);
  });

  it('is no without a row', () => {
    expect(isOurs(null, 'properties.subnets[snet-a]')).toBe(false);
  });
});

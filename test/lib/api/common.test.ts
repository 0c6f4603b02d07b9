import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  adjustmentId,
  armId,
  baselineName,
  isoTime,
  operationId,
  planHash,
  scope,
  sentence,
  userName,
} from '../../../lib/api/common.ts';

const nameCharacters = 'abcdefghijklmnopqrstuvwxyz0123456789-';

describe('baselineName', () => {
  it('takes exactly the names of 1 to 40 characters without a hyphen at either end', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...nameCharacters), minLength: 0, maxLength: 45 }), (name) => {
        const good = name.length >= 1 && name.length <= 40 && !name.startsWith('-') && !name.endsWith('-');

        expect(baselineName.safeParse(name).success).toBe(good);
      }),
    );
  });

  it.each(['Prod', 'prod_1', 'prod.1', 'prod/1', '../prod', 'prod\n', 'prød', ' prod'])('refuses %j', (name) => {
    expect(baselineName.safeParse(name).success).toBe(false);
  });
});

describe('isoTime', () => {
  it.each(['2026-03-01T09:30:00Z', '2026-03-01T09:30:00.123Z', '2026-03-01T10:30:00+01:00'])('takes %s', (time) => {
    expect(isoTime.safeParse(time).success).toBe(true);
  });

  it.each(['2026-03-01T09:30:00', '2026-03-01', '2026-02-30T09:30:00Z', 'tomorrow', '', 1772357400000])(
    'refuses %j',
    (time) => {
      expect(isoTime.safeParse(time).success).toBe(false);
    },
  );

  it('takes whatever a date prints', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        expect(isoTime.safeParse(date.toISOString()).success).toBe(true);
      }),
    );
  });
});

describe('scope', () => {
  it.each([
    'everything',
    'egress',
    'hub',
    'spoke:web-1',
    '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v',
  ])('takes %s', (text) => {
    expect(scope.safeParse(text).success).toBe(true);
  });

  it.each(['', 'Spoke:web', 'spoke:', 'spoke:a b', 'a,b', '/providers/x', '/subscriptions/a//b', 'spoke:web\n'])(
    'refuses %j',
    (text) => {
      expect(scope.safeParse(text).success).toBe(false);
    },
  );
});

describe('texts from people', () => {
  it.each(['', '   ', 'two\nlines', 'bell\u0007', 'a'.repeat(501)])('a sentence is not %j', (text) => {
    expect(sentence.safeParse(text).success).toBe(false);
  });

  it.each(['', ' a', 'a ', 'é', 'a\r\nx-evil: 1', 'a'.repeat(101)])('a user is not %j', (text) => {
    expect(userName.safeParse(text).success).toBe(false);
  });

  it('a user that is taken can be sent as a header', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        fc.pre(userName.safeParse(text).success);

        expect(new Headers({ 'x-hubkeeper-user': text }).get('x-hubkeeper-user')).toBe(text);
      }),
    );
  });
});

describe('ids', () => {
  it.each([
    [operationId, 'prod-17', true],
    [operationId, 'a'.repeat(91), false],
    [operationId, 'a/b', false],
    [adjustmentId, 'snat-1', true],
    [adjustmentId, '-snat', false],
    [planHash, '9f2c41d07be3a855', true],
    [planHash, 'short', false],
    [armId, '/Subscriptions/1', true],
    [armId, 'fw-hub', false],
  ])('%#: is as it should be', (schema, text, good) => {
    expect(schema.safeParse(text).success).toBe(good);
  });
});

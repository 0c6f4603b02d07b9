import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  readFirewallPublicIpValue,
  writeFirewallPublicIpValue,
} from '../../../lib/baseline/firewall-public-ip-value.ts';
import { endedReservations, grown, shrunk } from '../../../lib/egress/public-ip-adjustment.ts';
import { HOUR_MS, NOW_MS, plain } from '../../support/snat.ts';

const iso = (ms: number) => new Date(ms).toISOString();

describe('the value of the adjustment', () => {
  it('keeps what leaves, and brings it back first', () => {
    const less = shrunk(shrunk(plain(5), 'pip-3', NOW_MS + HOUR_MS, NOW_MS), 'pip-4', NOW_MS + 2 * HOUR_MS, NOW_MS);
    expect(less).toEqual({
      count: 3,
      detached: ['pip-3', 'pip-4'],
      reserved: [
        { name: 'pip-3', until: iso(NOW_MS + HOUR_MS) },
        { name: 'pip-4', until: iso(NOW_MS + 2 * HOUR_MS) },
      ],
    });

    // By then only pip-4 is still kept: partners know it, so it goes first.
    const more = grown(less, 4, NOW_MS + HOUR_MS);
    expect(more).toEqual({ count: 4, detached: ['pip-3'], reserved: [] });
    expect(grown(more, 7, NOW_MS + HOUR_MS)).toEqual(plain(7));
    expect(endedReservations(less, NOW_MS + HOUR_MS)).toEqual(['pip-3']);
  });

  it('brings nothing back that a person wants off', () => {
    const value = {
      count: 4,
      detached: ['pip-3', 'pip-6'],
      reserved: [{ name: 'pip-3', until: iso(NOW_MS + HOUR_MS) }],
    };

    expect(grown(value, 6, NOW_MS, ['PIP-3'])).toEqual({ ...value, count: 6, detached: ['pip-3'] });
    expect(grown(value, 6, NOW_MS, ['pip-3', 'pip-6'])).toEqual({ ...value, count: 6 });
  });

  it('does not shrink by growing', () => {
    expect(grown(plain(5), 3, NOW_MS)).toEqual(plain(5));
  });

  it('is written as an operator would write it, and read back the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 250 }), fc.uniqueArray(fc.nat(40), { maxLength: 6 }), (count, gone) => {
        const value = gone.reduce((now, index) => shrunk(now, `pip-${index}`, NOW_MS + HOUR_MS, NOW_MS), plain(count));

        expect(readFirewallPublicIpValue(writeFirewallPublicIpValue(value))).toEqual(value);
        if (gone.length === 0) expect(writeFirewallPublicIpValue(value)).toBe(count);
      }),
    );
  });

  it.each([0, 251, 2.5, '5', null, {}, { count: 3, more: 1 }, { count: 3, reserved: [{ name: 'a', until: 'soon' }] }])(
    'is not %j',
    (value) => {
      expect(readFirewallPublicIpValue(value)).toBeUndefined();
    },
  );
});

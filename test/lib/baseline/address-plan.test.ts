import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planAddresses, type SubnetRequest } from '../../../lib/baseline/address-plan.ts';
import { addressCount, contains, overlaps, parsePrefix } from '../../../lib/baseline/address-space.ts';

function prefix(text: string | undefined) {
  const parsed = text === undefined ? undefined : parsePrefix(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed;
}

function plan(addressSpace: readonly string[], subnets: readonly Omit<SubnetRequest, 'path'>[]) {
  const requests = subnets.map((subnet, index) => ({ ...subnet, path: `subnets[${index}]` }));
  return planAddresses({ name: 'vnet', path: 'hub', addressSpace, subnets: requests });
}

const sizes = fc.array(fc.integer({ min: 24, max: 29 }), { minLength: 1, maxLength: 12 });
const asSubnets = (lengths: readonly number[]) =>
  lengths.map((prefixLength, index) => ({ name: `s${index}`, prefixLength }));
const totalOf = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + 2 ** (32 - length), 0);

describe('address plan', () => {
  it('places the published hub in a /24', () => {
    const { prefixes, unplaced } = plan(
      ['10.200.0.0/24'],
      [
        { name: 'AzureFirewallSubnet', prefixLength: 26 },
        { name: 'GatewaySubnet', prefixLength: 27 },
        { name: 'AzureBastionSubnet', prefixLength: 26 },
      ],
    );

    expect(unplaced).toEqual([]);
    expect(Object.fromEntries(prefixes)).toEqual({
      AzureFirewallSubnet: '10.200.0.0/26',
      GatewaySubnet: '10.200.0.64/27',
      AzureBastionSubnet: '10.200.0.128/26',
    });
  });

  it('leaves given prefixes alone and goes around them', () => {
    const { prefixes } = plan(
      ['10.0.0.0/24'],
      [
        { name: 'planned', prefixLength: 26 },
        { name: 'given', addressPrefix: '10.0.0.0/26' },
        { name: 'outside', addressPrefix: '10.9.0.0/24' },
      ],
    );

    expect(prefixes.get('given')).toBe('10.0.0.0/26');
    expect(prefixes.get('planned')).toBe('10.0.0.64/26');
    expect(prefixes.get('outside')).toBe('10.9.0.0/24');
  });

  it('keeps a place free for what may come, and gives it up only when nothing else is left', () => {
    const held = { name: 'AzureBastionSubnet', prefixLength: 26, placeholder: true };
    const before = plan(['10.0.0.0/24'], [{ name: 'a', prefixLength: 26 }, held, { name: 'b', prefixLength: 26 }]);
    const asked = plan(
      ['10.0.0.0/24'],
      [
        { name: 'a', prefixLength: 26 },
        { ...held, placeholder: false },
        { name: 'b', prefixLength: 26 },
      ],
    );
    const full = plan(
      ['10.0.0.0/24'],
      [
        { name: 'a', prefixLength: 26 },
        held,
        { name: 'b', prefixLength: 26 },
        { name: 'c', prefixLength: 26 },
        { name: 'd', prefixLength: 26 },
      ],
    );

    expect(before.prefixes.has('AzureBastionSubnet')).toBe(false);
    for (const name of ['a', 'b']) expect(asked.prefixes.get(name)).toBe(before.prefixes.get(name));
    expect(asked.prefixes.get('AzureBastionSubnet')).toBe('10.0.0.64/26');
    expect(full.unplaced).toEqual([]);
    expect(full.prefixes.get('d')).toBe('10.0.0.64/26');
  });

  it('joins what a placeholder gives back with the free half beside it, never across prefixes of the space', () => {
    const held = { name: 'held', prefixLength: 26, placeholder: true };

    expect(plan(['10.0.0.0/25'], [held, { name: 'a', prefixLength: 25 }]).prefixes.get('a')).toBe('10.0.0.0/25');
    expect(plan(['10.0.0.0/26', '10.0.0.64/26'], [held, { name: 'a', prefixLength: 25 }]).unplaced).toHaveLength(1);
  });

  it('says what did not fit and how much is left', () => {
    const { unplaced } = plan(
      ['10.0.0.0/25'],
      [
        { name: 'a', prefixLength: 26 },
        { name: 'b', prefixLength: 25 },
      ],
    );

    expect(unplaced).toEqual([{ name: 'b', path: 'subnets[1]', prefixLength: 25, freeAddresses: 64 }]);
  });

  it('gives no address twice when prefixes of the space overlap, and ignores what is no IPv4 prefix', () => {
    const { prefixes } = plan(
      ['fd00::/48', 'nonsense', '10.0.0.0/25', '10.0.0.0/26'],
      [
        { name: 'a', prefixLength: 26 },
        { name: 'b', prefixLength: 26 },
      ],
    );

    expect([...prefixes.values()]).toEqual(['10.0.0.0/26', '10.0.0.64/26']);
  });

  it('what is appended moves nothing that was there', () => {
    fc.assert(
      fc.property(sizes, sizes, (first, added) => {
        const before = plan(['10.0.0.0/22'], asSubnets(first));
        const after = plan(['10.0.0.0/22'], asSubnets([...first, ...added]));

        for (const [name, text] of before.prefixes) expect(after.prefixes.get(name)).toBe(text);
      }),
    );
  });

  it('a prefix that is appended to the address space moves nothing that was there', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 24, max: 28 }), (lengths, added) => {
        const before = plan(['10.0.0.0/23'], asSubnets(lengths));
        const after = plan(['10.0.0.0/23', `10.9.0.0/${added}`], asSubnets(lengths));

        const firstUnplaced = Math.min(...before.unplaced.map(({ name }) => Number(name.slice(1))));
        for (const [name, text] of before.prefixes) {
          // What comes after a subnet that found no room before may now find more, or less, of it.
          if (Number(name.slice(1)) < firstUnplaced) expect(after.prefixes.get(name)).toBe(text);
        }
      }),
    );
  });

  it('everything fits whenever the sum fits, in any order', () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const { unplaced } = plan(['10.0.0.0/22'], asSubnets(lengths));

        expect(unplaced.length === 0).toBe(totalOf(lengths) <= 1024);
      }),
    );
  });

  it('no two subnets share an address, all lie inside, sizes are as asked, also around given ones', () => {
    const given = fc
      .integer({ min: 0, max: 15 })
      .map((block) => `10.0.${Math.floor(block / 4)}.${(block % 4) * 64}/26`);
    fc.assert(
      fc.property(
        sizes,
        fc.uniqueArray(given, { maxLength: 6 }),
        fc.array(fc.integer({ min: 25, max: 28 }), { maxLength: 3 }),
        (lengths, fixed, held) => {
          const requests = [
            ...asSubnets(lengths),
            ...fixed.map((addressPrefix, index) => ({ name: `g${index}`, addressPrefix })),
            ...held.map((prefixLength, index) => ({ name: `h${index}`, prefixLength, placeholder: true })),
          ];
          const { prefixes, unplaced } = plan(['10.0.0.0/23', '10.0.2.0/23'], requests);
          const placed = [...prefixes.values()].map(prefix);

          expect(prefixes.size + unplaced.length).toBe(lengths.length + fixed.length);
          for (const [index, a] of placed.entries()) {
            expect(contains(prefix('10.0.0.0/22'), a)).toBe(true);
            for (const b of placed.slice(index + 1)) expect(overlaps(a, b)).toBe(false);
          }
          for (const [index, length] of lengths.entries()) {
            const text = prefixes.get(`s${index}`);
            if (text !== undefined) expect(addressCount(prefix(text))).toBe(2 ** (32 - length));
          }
        },
      ),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addressAt,
  addressCount,
  contains,
  firstUsableAddress,
  halves,
  hasHostBits,
  isReservedByAzure,
  overlaps,
  parseAddress,
  parsePrefix,
  prefixAt,
  prefixLengthFor,
  usableAddressCount,
} from '../../../lib/baseline/address-space.ts';

function prefix(text: string) {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed;
}

function address(text: string) {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

const anyPrefix = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.integer({ min: 0, max: 32 }))
  .map(([value, length]) => prefixAt(4, value, length));

describe('address arithmetic', () => {
  it.each(['10.0.0.0/8', '0.0.0.0/0', '255.255.255.255/32', 'fd00::/48', '::/0'])('reads %s', (text) => {
    expect(prefix(text).text).toBe(text);
  });

  it.each([
    '10.0.0.0',
    '10.0.0/8',
    '10.0.0.256/24',
    '10.0.0.0/33',
    '10.0.0.0/',
    'x',
    '',
    '10.0.0.0/24 ',
    'fd00::/129',
    'fe80::1%eth0/64',
    '010.0.0.0/8',
  ])('refuses %p as a prefix', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
    expect(hasHostBits(text)).toBe(false);
  });

  it('tells host bits', () => {
    expect(hasHostBits('10.0.0.1/24')).toBe(true);
    expect(hasHostBits('10.0.0.0/24')).toBe(false);
    expect(hasHostBits('fd00::1/64')).toBe(true);
  });

  it('knows what Azure keeps of a subnet', () => {
    const subnet = prefix('10.0.0.64/26');

    expect(firstUsableAddress(subnet)).toBe('10.0.0.68');
    expect(usableAddressCount(subnet)).toBe(59);
    expect(['10.0.0.64', '10.0.0.67', '10.0.0.127'].map((text) => isReservedByAzure(subnet, address(text)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.0.0.68', '10.0.0.126', '10.0.0.1'].map((text) => isReservedByAzure(subnet, address(text)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(firstUsableAddress(prefix('10.0.0.0/30'))).toBeUndefined();
    expect(addressAt(subnet, 64)).toBeUndefined();
  });

  it.each([
    { addresses: 1, length: 32 },
    { addresses: 2, length: 31 },
    { addresses: 253, length: 24 },
    { addresses: 257, length: 23 },
    { addresses: 2 ** 32, length: 0 },
    { addresses: 2 ** 32 + 1, length: undefined },
    { addresses: Number.NaN, length: undefined },
    { addresses: 0, length: 32 },
  ])('$addresses addresses need /$length', ({ addresses, length }) => {
    expect(prefixLengthFor(addresses)).toBe(length);
  });

  it('never mixes families', () => {
    expect(overlaps(prefix('0.0.0.0/0'), prefix('::/0'))).toBe(false);
    expect(contains(prefix('::/0'), prefix('10.0.0.0/8'))).toBe(false);
  });

  it('overlap is containment one way or the other, and halves make the whole', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (a, b) => {
        expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(prefix(a.text)).toEqual(a);
        const parts = halves(a);
        if (parts === undefined) return expect(a.prefixLength).toBe(32);
        expect(addressCount(parts[0]) + addressCount(parts[1])).toBe(addressCount(a));
        expect([parts[0].first, parts[1].last]).toEqual([a.first, a.last]);
        expect(overlaps(parts[0], parts[1])).toBe(false);
      }),
    );
  });
});

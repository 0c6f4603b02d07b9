import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addressText,
  canonicalText,
  contains,
  firstFreeAddress,
  hasHostBits,
  isReservedAddress,
  overlap,
  type Prefix,
  parsePrefix,
} from '../../../../../local/azure/resource-types/support/prefixes.ts';

/** Any IPv4 prefix, host bits and all. */
const texts = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => `${addressText(BigInt(address), 4)}/${length}`);

function parsed(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is no prefix`);
  return prefix;
}

describe('prefixes', () => {
  it('have no host bits in their canonical form, which covers the same addresses', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const prefix = parsed(text);
        const canonical = parsed(canonicalText(prefix));
        expect(hasHostBits(canonical)).toBe(false);
        expect([canonical.first, canonical.last]).toEqual([prefix.first, prefix.last]);
      }),
    );
  });

  it('overlap exactly when one contains the other', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [one, other] = [parsed(a), parsed(b)];
        expect(overlap(one, other)).toBe(contains(one, other) || contains(other, one));
        expect(overlap(one, other)).toBe(overlap(other, one));
      }),
    );
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8/8', 'Internet', '::/129', '', '/8'])(
    'are not %j',
    (text) => {
      expect(parsePrefix(text)).toBeNull();
    },
  );

  it('know IPv6', () => {
    const prefix = parsed('fd00:1::/64');
    expect([prefix.family, canonicalText(prefix), hasHostBits(prefix)]).toEqual([6, 'fd00:1::/64', false]);
    expect(hasHostBits(parsed('fd00:1::1/64'))).toBe(true);
    expect(overlap(parsed('::/0'), parsed('0.0.0.0/0'))).toBe(false);
  });
});

describe('the first free address', () => {
  it('is never Azure’s nor taken, and none is before it', () => {
    const subnets = fc.tuple(fc.nat(2 ** 24 - 1), fc.integer({ min: 24, max: 29 })).map(([address, length]) => {
      const prefix = parsed(`${addressText(BigInt(address) << 8n, 4)}/${length}`);
      return parsed(canonicalText(prefix));
    });
    fc.assert(
      fc.property(subnets, fc.uniqueArray(fc.nat(255), { maxLength: 40 }), (subnet, offsets) => {
        const taken = new Set(offsets.map((offset) => subnet.first + BigInt(offset)));
        const free = firstFreeAddress(subnet, taken);
        const usable: bigint[] = [];
        for (let address = subnet.first; address <= subnet.last; address += 1n) {
          if (!isReservedAddress(subnet, address) && !taken.has(address)) usable.push(address);
        }
        expect(free).toBe(usable[0] ?? null);
      }),
    );
  });
});

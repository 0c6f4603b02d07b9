import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { lineFinder } from '../../../lib/cli/line-of-path.ts';

const yaml = `# a comment
name: prod
hub:
  firewall:
    tier: Basic
spokes:
  - name: one
    subnets:
      - name: a
      - { name: b,
          size: 3 }
  - name: two
shared: &shared
  a: 1
other: *shared
`;

describe('lineFinder', () => {
  it.each([
    ['name', 2],
    ['hub.firewall.tier', 5],
    ['spokes', 6],
    ['spokes[0].name', 7],
    ['spokes[0].subnets[1].size', 11],
    ['spokes[1].name', 12],
    ['spokes[1].subnets', 12],
    ['hub.location', 3],
    ['hub.firewall.tier.deeper', 5],
    ['other.a', 15],
    ['nothing', undefined],
    ['', undefined],
  ])('%j is on line %j', (path, line) => {
    expect(lineFinder(yaml)(path)).toBe(line);
  });

  it('finds lines in JSON too', () => {
    expect(lineFinder('{\n "a": [\n  {"b": 1},\n  {"b": 2}\n ]\n}')('a[1].b')).toBe(4);
  });

  it('throws for no text and no path', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, path) => {
        expect(() => lineFinder(text)(path)).not.toThrow();
      }),
    );
  });

  it('finds every field of a document that is written one to a line', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 20 }), (names) => {
        const text = names.map((name) => `k${name}: 1`).join('\n');

        for (const [index, name] of names.entries()) expect(lineFinder(text)(`k${name}`)).toBe(index + 1);
      }),
    );
  });
});

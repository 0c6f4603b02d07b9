import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../lib/json.ts';
import {
  entryPath,
  formatPath,
  getAt,
  isAtOrBelow,
  matchesPattern,
  parsePath,
  propertyPath,
  removeAt,
  type Segment,
  setAt,
  touches,
} from '../../../lib/plan/property-path.ts';

const name = fc.oneof(fc.string(), fc.constantFrom('', '*', 'a.b', 'x[y]', '\\', '\\e', ']', '[', '__proto__', 'tags'));
const segment: fc.Arbitrary<Segment> = fc.oneof(
  name.map((text): Segment => ({ type: 'property', name: text })),
  name.map((key): Segment => ({ type: 'entry', key })),
  fc.constant<Segment>({ type: 'anyProperty' }),
  fc.constant<Segment>({ type: 'anyEntry' }),
);

describe('paths', () => {
  it('read back what was written, whatever the names hold', () => {
    fc.assert(fc.property(fc.array(segment), (segments) => expect(parsePath(formatPath(segments))).toEqual(segments)));
  });

  it.each([
    ['properties.subnets[snet-nodes].properties.addressPrefix', 5],
    ['tags.a\\.b', 2],
    ['properties.items[a.b]', 3],
    ['', 0],
  ])('%s has its steps', (text, length) => {
    expect(parsePath(text)).toHaveLength(length);
  });

  it.each(['a..b', '.a', 'a.', 'a[b', 'a]b', 'a[b]c', 'a\\'])('%s is none', (text) => {
    expect(() => parsePath(text)).toThrow('PropertyPathInvalid');
  });

  it('write names of tags so that they are told from steps', () => {
    expect(propertyPath('tags', 'a.b')).toBe('tags.a\\.b');
    expect(propertyPath('tags', 'x[y]')).toBe('tags.x\\[y\\]');
    expect(entryPath('properties.items', 'x[y].z')).toBe('properties.items[x[y\\].z]');
  });
});

describe('patterns', () => {
  it.each([
    ['properties.subnets[a].name', 'properties.subnets[].name', true],
    ['properties.subnets[A].name', 'properties.subnets[a].name', true],
    ['tags.a\\.b', 'tags.*', true],
    ['tags.a.b', 'tags.*', false],
    ['properties.subnets', 'properties.subnets[]', false],
    ['properties.Subnets[a]', 'properties.subnets[]', false],
  ])('%s under %s: %s', (path, pattern, fits) => {
    expect(matchesPattern(path, pattern)).toBe(fits);
  });

  it('reach what is below and what is around', () => {
    expect(isAtOrBelow('properties.routes[a].x', 'properties.routes')).toBe(true);
    expect(isAtOrBelow('properties.routes', 'properties.routes[].x')).toBe(false);
    expect(touches('properties.routes', 'properties.routes[].x')).toBe(true);
    expect(touches('properties.other', 'properties.routes[].x')).toBe(false);
  });
});

describe('getAt, setAt, removeAt', () => {
  const property = name.filter((text) => text !== 'name').map((text): Segment => ({ type: 'property', name: text }));
  const entry = fc.constantFrom('a', 'B', 'x[y]').map((key): Segment => ({ type: 'entry', key }));
  const concrete = fc
    .tuple(fc.array(fc.oneof(fc.tuple(property), fc.tuple(property, entry)), { maxLength: 3 }), property)
    .map(([steps, last]) => [...steps.flat(), last]);

  it('find what was set, and no longer what was removed', () => {
    fc.assert(
      fc.property(concrete, fc.constantFrom<Json>('v', 7, null), (segments, value) => {
        const path = formatPath(segments);
        const set = setAt({}, path, value);

        expect(getAt(set, path)).toEqual(value);
        expect(getAt(removeAt(set, path), path)).toBeUndefined();
      }),
    );
  });

  it('leave everything else as it is', () => {
    const body = {
      a: {
        list: [
          { name: 'One', x: 1 },
          { name: 'two', y: 2 },
        ],
      },
      b: 1,
    };

    expect(setAt(body, 'a.list[ONE].x', 5)).toEqual({
      a: {
        list: [
          { name: 'One', x: 5 },
          { name: 'two', y: 2 },
        ],
      },
      b: 1,
    });
    expect(removeAt(body, 'a.list[one]')).toEqual({ a: { list: [{ name: 'two', y: 2 }] }, b: 1 });
    expect(removeAt(body, 'a.none.deep')).toEqual(body);
    expect(body.a.list).toHaveLength(2);
  });

  it('know other keys than names, also nested ones', () => {
    const body = { list: [{ properties: { priority: 100 }, x: 1 }] };

    expect(getAt(body, 'list[100].x', () => 'properties.priority')).toBe(1);
  });

  it('do not reach into prototypes', () => {
    expect(getAt({}, '__proto__')).toBeUndefined();
    expect(getAt({}, 'constructor.name')).toBeUndefined();
    const set = setAt({}, '__proto__.polluted', true);
    expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

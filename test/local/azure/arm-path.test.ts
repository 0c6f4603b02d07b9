import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanId, idKey, isBelow, parseId, parseTarget, pathSegments } from '../../../local/azure/arm-path.ts';
import { Catalogue } from '../../../local/azure/catalogue.ts';
import { platformTypes } from '../../../local/azure/platform-types.ts';
import { toyTypes } from './support/toy-types.ts';

const catalogue = new Catalogue([
  ...platformTypes(() => {
    throw new Error('Paths need no access control.');
  }),
  ...toyTypes,
]);
const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg';
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/).filter((text) => text.toLowerCase() !== 'providers');

describe('parseTarget', () => {
  it('reads a resource whatever the case, the slashes and the encoding', () => {
    fc.assert(
      fc.property(name, name, fc.boolean(), fc.boolean(), fc.boolean(), (box, part, upper, doubled, encoded) => {
        const plain = `${GROUP}/providers/Microsoft.Toy/boxes/${box}/parts/${part}`;
        const cased = upper ? plain.toUpperCase() : plain;
        const slashed = doubled ? cased.replaceAll('/', '//') : cased;
        const target = parseTarget(encoded ? `/${encodeURIComponent(slashed)}` : slashed, catalogue);
        if (target.kind !== 'resource') throw new Error(`read as ${target.kind}`);
        expect(target.id.key).toBe(plain.toLowerCase());
        expect(target.id.type).toBe('Microsoft.Toy/boxes/parts');
        expect(idKey(target.id.parentId ?? '')).toBe(`${GROUP}/providers/Microsoft.Toy/boxes/${box}`.toLowerCase());
      }),
    );
  });

  it.each([
    ['/subscriptions', 'subscriptions'],
    ['/subscriptions/s', 'subscription'],
    ['/subscriptions/s/locations', 'locations'],
    ['/subscriptions/s/resources', 'resources'],
    ['/subscriptions/s/resourcegroups', 'collection'],
    ['/subscriptions/s/resourcegroups/g', 'resource'],
    ['/subscriptions/s/resourcegroups/g/resources', 'resources'],
    ['/subscriptions/s/providers', 'providers'],
    ['/subscriptions/s/providers/Microsoft.Toy', 'providers'],
    ['/subscriptions/s/providers/Microsoft.Toy/register', 'providers'],
    ['/subscriptions/s/providers/Microsoft.Toy/boxes', 'collection'],
    ['/subscriptions/s/providers/Microsoft.Toy/boxes/b', 'unknown-type'],
    ['/subscriptions/s/providers/Microsoft.Toy/locations/westeurope/usages', 'usages'],
    ['/subscriptions/s/providers/Microsoft.Toy/locations/westeurope/operations/o', 'operation'],
    ['/subscriptions/s/operationresults/o', 'operation'],
    ['/subscriptions/s/resourceGroups/g/providers/Microsoft.Toy/boxes/b/weigh', 'action'],
    ['/subscriptions/s/resourceGroups/g/providers/Microsoft.Toy/boxes/b/parts', 'collection'],
    ['/subscriptions/s/providers/Microsoft.Authorization/locks', 'collection'],
    ['/providers/Microsoft.Authorization/roleDefinitions', 'built-in'],
    ['/', 'nothing'],
    ['/somewhere', 'nothing'],
  ])('%s is %s', (path, kind) => {
    expect(parseTarget(path, catalogue).kind).toBe(kind);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        expect(parseTarget(path, catalogue).kind).toEqual(expect.any(String));
      }),
    );
  });
});

describe('ids', () => {
  it('are cleaned once and for all', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (segments) => {
        const id = `//${segments.join('//')}/`;
        expect(cleanId(id)).toBe(`/${segments.join('/')}`);
        expect(cleanId(cleanId(id))).toBe(cleanId(id));
        expect(pathSegments(id)).toEqual(segments);
      }),
    );
  });

  it('know what an extension resource is attached to', () => {
    const box = `${GROUP}/providers/Microsoft.Toy/boxes/b`;
    expect(parseId(`${box}/providers/microsoft.toy/NOTES/n`, catalogue)).toMatchObject({
      id: `${box}/providers/Microsoft.Toy/notes/n`,
      scopeId: box,
      name: 'n',
    });
    expect(parseId(`${GROUP}/providers/Microsoft.Toy/boxes`, catalogue)).toBeUndefined();
  });

  it('lie below others by whole names', () => {
    expect(isBelow('/a/bc', '/a/b')).toBe(false);
    expect(isBelow('/a/b/c', '/a/b')).toBe(true);
    expect(isBelow('/a', '/')).toBe(true);
  });
});

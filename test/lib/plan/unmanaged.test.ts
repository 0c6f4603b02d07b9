import { describe, expect, it } from '@jest/globals';
import { unmanagedAmong } from '../../../lib/plan/unmanaged.ts';
import { GROUP, id, thing, written } from './small-kind.ts';

const graph = { baseline: 'b', nodes: [thing('g', { id: GROUP, kind: 'resourceGroup' }), thing('ours')] };
const former = thing('former');
const ledger = new Map([[former.id.toLowerCase(), written(former)]]);

function found(one: string, managedBy?: string): readonly string[] {
  const listed = { id: one, type: 'P/things', ...(managedBy === undefined ? {} : { managedBy }) };
  return unmanagedAmong([listed], graph, ledger).map((resource) => resource.id);
}

describe('what is in a group of ours', () => {
  it.each([
    ['declared', id('ours')],
    ['declared, in another case', id('OURS')],
    ['of an earlier spec', id('former')],
    ['a part of ours', `${id('ours')}/parts/x`],
    ['something attached to ours', `${id('ours')}/providers/Q/settings/x`],
  ])('is managed: %s', (_, one) => {
    expect(found(one)).toEqual([]);
  });

  it('is managed where ours looks after it', () => {
    expect(found(id('theirs'), id('ours'))).toEqual([]);
    expect(found(id('theirs'), `${id('ours')}/parts/x`)).toEqual([]);
  });

  it('is unmanaged otherwise, each once and in order', () => {
    const listed = ['z', 'a', 'A'].map((name) => ({ id: id(name), type: 'P/things' }));

    expect(unmanagedAmong(listed, graph, ledger)).toEqual([
      { id: id('A'), type: 'P/things' },
      { id: id('z'), type: 'P/things' },
    ]);
    expect(found(id('theirs'), id('of-others'))).toEqual([id('theirs')]);
  });
});

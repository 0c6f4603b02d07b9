import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Documents } from '../../../local/azure/documents.ts';
import { type Fault, Faults, readFault } from '../../../local/azure/faults.ts';
import type { Json } from '../../../local/azure/json.ts';

/** Biome takes an object with `then` for a promise. */
function faultOf(effect: Json, more: Readonly<Record<string, Json>> = {}): Json {
  return Object.fromEntries([...Object.entries(more), ['then', effect]]);
}

function read(value: Json): Fault {
  const fault = readFault(value);
  if (typeof fault === 'string') throw new Error(fault);
  return fault;
}

describe('readFault', () => {
  it.each([
    [
      { status: 503, code: 'ServerBusy', retryAfterSeconds: 4 },
      { kind: 'answer', status: 503, code: 'ServerBusy', retryAfterSeconds: 4 },
    ],
    [{ status: 500 }, { kind: 'answer', status: 500, code: 'InternalServerError' }],
    [{ hangSeconds: 40 }, { kind: 'hang', seconds: 40 }],
    [{ drop: true }, { kind: 'drop', when: 'after' }],
    [{ drop: 'before' }, { kind: 'drop', when: 'before' }],
    [{ failOperation: 'OutOfLuck' }, { kind: 'fail-operation', code: 'OutOfLuck' }],
    [{ operationSeconds: 7_200 }, { kind: 'slow-operation', seconds: 7_200 }],
  ])('reads %j', (then, effect) => {
    expect(read(faultOf(then, { match: { method: 'PUT', url: 'virtualNetworks' }, times: 2 }))).toEqual({
      method: 'PUT',
      url: 'virtualNetworks',
      times: 2,
      effect,
    });
  });

  it.each([
    [null],
    [{}],
    [faultOf({})],
    [faultOf({ status: 200 })],
    [faultOf({ operationSeconds: -1 })],
    [faultOf({ drop: true }, { times: 0 })],
    [faultOf({ drop: true }, { match: { url: '(' } })],
    [faultOf({ drop: true }, { match: { method: 1 } })],
  ])('says what is wrong with %j', (value) => {
    expect(typeof readFault(value as Json)).toBe('string');
  });
});

describe('Faults', () => {
  it('strike as often as told, only what fits, and in the order given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (first, second) => {
        const faults = new Faults(new Documents(':memory:'));
        faults.add(read(faultOf({ status: 500 }, { match: { method: 'put', url: '/BOXES/' }, times: first })));
        faults.add(read(faultOf({ drop: true }, { match: { url: '/boxes/' }, times: second })));
        expect(faults.take('PUT', 'https://a/engines/e')).toBeUndefined();
        const struck: string[] = [];
        for (
          let effect = faults.take('PUT', 'https://a/boxes/b');
          effect;
          effect = faults.take('PUT', 'https://a/boxes/b')
        ) {
          struck.push(effect.kind);
        }
        expect(struck).toEqual([...Array(first).fill('answer'), ...Array(second).fill('drop')]);
        expect(faults.all()).toEqual([]);
      }),
    );
  });

  it('can be taken back', () => {
    const faults = new Faults(new Documents(':memory:'));
    faults.add(read(faultOf({ drop: true })));
    faults.clear();
    expect(faults.take('GET', 'https://a/')).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OutboundEvent } from '../../../../lib/azure/event-publisher.ts';
import { isJsonObject } from '../../../../lib/json.ts';
import type { Change, Plan, Refusal } from '../../../../lib/plan/plan.ts';
import { refusalOfStep } from '../../../../lib/reactions/snat/certain-refusal.ts';
import { withGeneration } from '../../../../lib/state/baseline-head.ts';
import { Relieving, relievingSpec } from '../../../support/relieving.ts';
import { FIREWALL_ID } from '../../../support/snat.ts';

const HOUR = 3_600;

/** Names of the addresses that partners were told of. */
function toldNames(events: readonly OutboundEvent[]): readonly string[] {
  return events
    .filter(({ kind }) => kind === 'addressesAboutToBeUsed')
    .flatMap(({ data: { addresses } }) => (Array.isArray(addresses) ? addresses : []))
    .flatMap((address) => (isJsonObject(address) ? [String(address.name)] : []));
}

/** A firewall of three addresses, and what the topic is told. `driftMode`: what drift may. */
async function scene(driftMode: 'observe' | 'act'): Promise<[Relieving, readonly OutboundEvent[]]> {
  const events: OutboundEvent[] = [];
  const publish = async (event: OutboundEvent) => {
    events.push(event);
    return { outcome: 'published', attempts: 1 } as const;
  };
  return [await Relieving.provisioned({ driftMode, events: { listens: true, publish } }), events];
}

/** Somebody puts a spec that waits for a window, and stops it. */
async function callOff({ reconciling }: Relieving, text: string): Promise<void> {
  // The clock of these tests begins on a Monday at eight.
  const changeWindows = [{ days: ['Saturday'], start: '00:00', durationMinutes: 60, appliesTo: 'all' }];
  const operationId = await reconciling.put(JSON.stringify({ ...JSON.parse(text), changeWindows }), 'author');
  await reconciling.settle();
  expect(await reconciling.run(operationId)).toMatchObject({ state: 'waiting' });
  await reconciling.record('resume', 'alice', { operationId }, (head) =>
    withGeneration({ ...head, stops: [operationId] }),
  );
  await reconciling.settle();
  expect((await reconciling.head()).calledOff).toMatchObject({ operationId });
}

describe('what partners are told under a spec that somebody has called off', () => {
  it.each([
    ['more addresses', 'act', { count: 5 }, {}],
    ['more addresses', 'observe', { count: 5 }, {}],
    ['other tags', 'act', {}, { tags: { owner: 'net' } }],
  ] as const)('of %s, where drift may %s: no address that is then refused', async (_, driftMode, publicIps, more) => {
    const [relieving, events] = await scene(driftMode);
    const text = relievingSpec({ mode: 'act' }, { driftMode, ...publicIps });
    await callOff(relieving, JSON.stringify({ ...JSON.parse(text), ...more }));
    relieving.reconciling.pass(HOUR);
    await relieving.alert();

    const step = await relieving.decide();
    await relieving.reconciling.settle();
    if (step.next === 'poke') await relieving.followed();

    for (const name of toldNames(events)) expect(relieving.names()).toContain(name);
    const told = events.map(({ kind }) => kind);
    expect(told.includes('addressesAboutToBeUsed')).toBe(!told.includes('actionRefused'));
    expect(relieving.addresses() > 3).toBe(told.includes('addressesAboutToBeUsed'));
  });
});

describe('what a relief foresees', () => {
  it('is looked at without what a large comparison has read so far', async () => {
    const [relieving] = await scene('observe');
    const { keptReads } = relieving.dependencies;
    const kept = { sinceIso: relieving.reconciling.nowIso, bodies: { '/a': null } };
    await keptReads.write('small', kept);
    await relieving.alert();

    expect(await relieving.decide()).toMatchObject({ next: 'poke' });

    expect(await keptReads.read('small')).toEqual(kept);
  });
});

describe('a step that a relief foresees', () => {
  const refused = (id: string, code: string, cause?: string): Refusal => ({
    ...{ id, code, why: '' },
    ...(cause === undefined ? {} : { cause }),
  });
  const update: Change = {
    id: FIREWALL_ID,
    kind: 'azureFirewall',
    action: 'update',
    risk: 'safe',
    owner: 'adjustment',
    reason: 'It differs.',
    diff: [{ path: 'properties.ipConfigurations[b]', after: {} }],
    estimatedMinutes: 4,
    dependsOn: [],
    lanes: [],
    scope: 'egress',
  };
  const plan = (changes: readonly Change[], ...refusals: readonly Refusal[]): Plan => ({
    ...{ hash: '', changes, criticalPathMinutes: 0 },
    refused: refusals,
  });

  it.each<readonly [string, Plan, readonly Refusal[], string | undefined]>([
    ['is not refused where one of its addresses is written', plan([update]), [refused('/other', 'X')], undefined],
    ['is refused with the write', plan([update]), [refused(FIREWALL_ID.toUpperCase(), 'X')], 'X'],
    [
      'is refused for what the write needs',
      plan([update]),
      [refused(FIREWALL_ID, 'DependsOnRefused', '/a'), refused('/A', 'DependsOnRefused', '/b'), refused('/b', 'X')],
      'X',
    ],
    [
      'is refused where only others of the firewall are written',
      plan([{ ...update, diff: [{ path: 'tags.a', after: 1 }] }], refused('/other', 'Y'), refused(FIREWALL_ID, 'X')),
      [],
      'X',
    ],
    ['is refused where all of it is left to somebody', plan([], refused(FIREWALL_ID, 'X')), [], 'X'],
    ['is not refused where nobody says so', plan([]), [], undefined],
  ])('%s', (_, made, refusals, code) => {
    expect(refusalOfStep({ plan: made, refused: refusals }, FIREWALL_ID, ['a', 'b'])?.code).toBe(code);
  });

  it('comes to an end whatever its refusals name as their causes', () => {
    const ids = ['/a', '/b', FIREWALL_ID];
    const any = fc.record({ id: fc.constantFrom(...ids), cause: fc.option(fc.constantFrom(...ids, '/gone')) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), (drawn) => {
        const refusals = drawn.map(({ id, cause }, at) => refused(id, String(at), cause ?? undefined));
        const found = refusalOfStep({ plan: plan([update]), refused: refusals }, FIREWALL_ID, ['b']);

        expect(found !== undefined).toBe(refusals.some(({ id }) => id === FIREWALL_ID));
        if (found !== undefined) expect(refusals).toContain(found);
      }),
    );
  });
});

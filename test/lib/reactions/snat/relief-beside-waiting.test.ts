import { describe, expect, it } from '@jest/globals';
import type { EventPublisher, OutboundEvent } from '../../../../lib/azure/event-publisher.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import { planOfHead } from '../../../../lib/reconcile/plan-operation.ts';
import { watchHead } from '../../../../lib/reconcile/watch.ts';
import { withGeneration } from '../../../../lib/state/baseline-head.ts';
import { Relieving, type RelievingOptions, relievingSpec } from '../../../support/relieving.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** The clock of these tests begins on a Monday at eight. */
const SATURDAYS = [{ days: ['Saturday'], start: '00:00', durationMinutes: 60, appliesTo: 'all' }];

/** A relieved firewall, and what the topic was told meanwhile. */
interface Scene {
  readonly relieving: Relieving;
  readonly told: readonly OutboundEvent[];
}

async function scene(options: RelievingOptions = {}): Promise<Scene> {
  const told: OutboundEvent[] = [];
  const publish: EventPublisher['publish'] = async (event) => {
    told.push(event);
    return { outcome: 'published', attempts: 1 };
  };
  const relieving = await Relieving.provisioned({ ...options, events: { listens: true, publish } });
  return { relieving, told };
}

/** The text of a spec with so many addresses, and more. */
function specOf(count: number, more: JsonObject, mode = 'act'): string {
  return JSON.stringify({ ...JSON.parse(relievingSpec({ mode }, { count })), ...more });
}

/** A spec of five addresses instead of three that waits, and an alert an hour later. @returns its operation. */
async function waitingPut({ relieving }: Scene, more: JsonObject, mode = 'act'): Promise<string> {
  const { reconciling } = relieving;
  const operationId = await reconciling.put(specOf(5, more, mode), 'author');
  await reconciling.settle();
  expect(await reconciling.run(operationId)).toMatchObject({ state: 'waiting' });
  expect(relieving.addresses()).toBe(3);
  reconciling.pass(HOUR);
  await relieving.alert();
  return operationId;
}

async function relieve({ relieving }: Scene): Promise<void> {
  expect(await relieving.decide()).toMatchObject({ next: 'poke' });
  await relieving.reconciling.settle();
}

/** The window opens, and the timer wakes what has waited for it. */
async function untilSaturday({ relieving: { reconciling } }: Scene): Promise<void> {
  reconciling.pass((Date.parse('2026-06-06T00:05:00.000Z') - Date.parse(reconciling.nowIso)) / 1_000);
  await reconciling.change((head) => watchHead(head, undefined, 'none', false, reconciling.nowIso).head ?? head);
  await reconciling.settle();
}

async function lines({ relieving }: Scene, decision: string): Promise<readonly string[]> {
  return (await relieving.journal()).filter((line) => line.decision === decision).map(({ reason }) => reason);
}

/** The ARM id of the network that the firewall lies in. */
function networkIdOf({ firewallId, dependencies: { arm } }: Relieving): string {
  const subnetId = /"subnet":\{"id":"([^"]+)\/subnets/.exec(JSON.stringify(arm.body(firewallId)))?.[1];
  if (subnetId === undefined) throw new Error('The firewall has no subnet.');
  return subnetId;
}

const named = ({ told }: Scene) =>
  told.map(({ kind, data }) => [kind, ...(data.code === undefined ? [] : [data.code])]);

describe('a relief beside a spec of more addresses that waits for a window', () => {
  it('attaches them at once, and leaves the rest of the spec to the window', async () => {
    const of = await scene();
    const { relieving } = of;
    const { hub } = JSON.parse(specOf(5, {}));
    const network = { addressPrefixes: ['10.200.0.0/24', '10.201.0.0/24'] };
    const grown = { ...hub, network };
    const operationId = await waitingPut(of, { changeWindows: SATURDAYS, hub: grown });
    const hubNetwork = () =>
      JSON.stringify(relieving.dependencies.arm.body(networkIdOf(relieving))?.properties ?? {}).includes('10.201.0.0');

    await relieve(of);

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect((await lines(of, 'scale out'))[0]).toContain(
      `left to the operation ${operationId} of author, which waits: `,
    );
    expect(named(of)).toEqual([['addressesAboutToBeUsed']]);
    expect(hubNetwork()).toBe(false);
    expect(await relieving.reconciling.run(operationId)).toMatchObject({ state: 'waiting' });

    await untilSaturday(of);
    expect(hubNetwork()).toBe(true);
    expect(relieving.addresses()).toBe(5);
    expect(await relieving.reconciling.run(operationId)).toMatchObject({ state: 'succeeded' });
  });

  it('adds what more is needed with them', async () => {
    const of = await scene({ utilizationPercent: 100 });
    await waitingPut(of, { changeWindows: SATURDAYS });

    await relieve(of);

    expect(of.relieving.addresses()).toBe(8);
  });

  it('calls people at once where the firewall itself has other changes, which it is written with', async () => {
    const of = await scene();
    const { relieving } = of;
    const operationId = await waitingPut(of, { changeWindows: SATURDAYS, tags: { owner: 'net' } });

    await relieve(of);
    expect(await relieving.followed()).toEqual({ next: 'end' });

    expect(relieving.addresses()).toBe(3);
    expect(named(of)).toEqual([['addressesAboutToBeUsed'], ['helpNeeded', 'HeldUpByOtherChanges']]);
    const [line] = await lines(of, 'help needed');
    expect(line).toContain(`a part of the operation ${operationId} of author, which waits: A safe change runs in a`);
    expect(line).toContain('(until 2026-06-06T00:00:00.000Z)');

    await untilSaturday(of);
    expect(relieving.addresses()).toBe(5);
  });

  it('attaches them too where the spec came after it had decided', async () => {
    const of = await scene();
    const { relieving } = of;
    await relieving.alert();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });

    await relieving.reconciling.put(specOf(4, { changeWindows: SATURDAYS }), 'author');
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(5);
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
  });

  it('writes nothing before the window where it only proposes', async () => {
    const of = await scene({ mode: 'propose' });
    await waitingPut(of, { changeWindows: SATURDAYS }, 'propose');

    await relieve(of);

    expect(of.relieving.addresses()).toBe(3);
    expect(await of.relieving.dependencies.ledger.all('small')).not.toContainEqual(
      expect.objectContaining({ id: expect.stringContaining('pip-fw-westeurope-03') }),
    );
  });

  it('attaches nothing while a person holds the egress', async () => {
    const of = await scene();
    const { relieving } = of;
    await waitingPut(of, { changeWindows: SATURDAYS });
    const until = new Date(Date.parse(relieving.reconciling.nowIso) + DAY * 1_000).toISOString();
    const hold = { owner: 'bob', reason: 'incident', until, scope: 'egress', since: '', by: 'bob' };
    await relieving.reconciling.change((head) => withGeneration({ ...head, hold }));

    expect(await relieving.decide()).toEqual({ next: 'end' });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(3);
  });
});

describe('a relief beside a spec of more addresses that waits for an approval', () => {
  it('says at once which operation waits and for what, and has them when that is approved', async () => {
    const of = await scene();
    const { relieving } = of;
    const operationId = await waitingPut(of, { approvals: { requiredFor: 'all' } });

    await relieve(of);
    expect(await relieving.followed()).toEqual({ next: 'end' });

    expect(relieving.addresses()).toBe(3);
    const { approvals } = await relieving.reconciling.head();
    expect(approvals).toMatchObject([{ operationId }]);
    const [line] = await lines(of, 'help needed');
    expect(line).toContain(`a part of the operation ${operationId} of author, which waits: The change is safe`);
    expect(line).toContain(`hubkeeper approve ${approvals[0]?.planHash.slice(0, 16)}`);
    expect(named(of)).toEqual([['addressesAboutToBeUsed'], ['helpNeeded', 'HeldUpByOtherChanges']]);

    // Its figures are looked at once more before the write: nobody has taken anything off meanwhile.
    relieving.reconciling.pass(2 * HOUR);
    await relieving.decideApproval('approve');
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(5);
    expect(await relieving.timer()).toBe(true);
    await relieving.decide();
    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
  });

  it('says at once that it can do nothing where a person asked for just that plan', async () => {
    const of = await scene();
    const { relieving } = of;
    const { reconciling } = relieving;
    await reconciling.put(specOf(5, { approvals: { requiredFor: 'all' } }), 'author');
    await reconciling.change((head) => ({ ...head, requests: [], reconciler: null }));
    const { hash } = await planOfHead(relieving.dependencies, await reconciling.head(), 'author', reconciling.nowIso);
    const operationId = await reconciling.record('reconcile', 'author', { planHash: hash });
    await reconciling.settle();
    expect(await reconciling.run(operationId)).toMatchObject({ state: 'waiting' });
    reconciling.pass(HOUR);
    await relieving.alert();

    expect(await relieving.decide()).toEqual({ next: 'end' });

    expect((await reconciling.head()).adjustments).toEqual([]);
    expect(named(of)).toEqual([
      ['actionRefused', 'AddressesAwaited'],
      ['helpNeeded', 'AddressesAwaited'],
    ]);
    const [line] = await lines(of, 'help needed');
    expect(line).toContain(`left to the operation ${operationId} of author, which waits: The change is safe`);
  });
});

import type { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { deleteAdjustment, putAdjustment } from '../../functions/adjustments.ts';
import { getBaseline } from '../../functions/baselines.ts';
import type { Call } from '../../functions/http.ts';
import { adjustmentPreview } from '../../lib/api/adjustment.ts';
import { baseline } from '../../lib/api/baseline.ts';
import { accepted } from '../../lib/api/operation.ts';
import type { Json } from '../../lib/json.ts';
import { newHead } from '../../lib/state/baseline-head.ts';
import { Relieving } from '../support/relieving.ts';

const DAY_MS = 86_400_000;

function callOf(
  { dependencies, reconciling }: Relieving,
  id: string,
  body: Json = {},
  query = '',
  name = 'small',
): Call {
  return {
    app: dependencies,
    nowIso: reconciling.nowIso,
    caller: { user: 'alice' },
    request: {
      params: { name, id },
      query: new URLSearchParams(query),
      headers: new Headers({ 'content-type': 'application/json' }),
      arrayBuffer: async () => Buffer.from(JSON.stringify(body), 'utf8'),
    } as unknown as HttpRequest,
    client: { startNew: async () => '' } as unknown as DurableClient,
    context: { warn: () => undefined } as unknown as InvocationContext,
  } as unknown as Call;
}

const later = ({ reconciling }: Relieving, days: number) =>
  new Date(Date.parse(reconciling.nowIso) + days * DAY_MS).toISOString();

/** Five addresses, two of them of a relief. */
async function relieved(): Promise<Relieving> {
  const relieving = await Relieving.provisioned({ baselineMode: 'no-delete' });
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();
  await relieving.followed();
  relieving.reconciling.pass(60);
  expect(relieving.addresses()).toBe(5);
  return relieving;
}

const requestOf = (relieving: Relieving, value: Json): Json => ({
  kind: 'firewallPublicIpCount',
  target: relieving.firewallId,
  value,
  reason: 'by hand',
  until: later(relieving, 7),
});

async function adjust(relieving: Relieving, id: string, value: Json) {
  const { status, jsonBody } = await putAdjustment(callOf(relieving, id, requestOf(relieving, value)));
  expect(status).toBe(202);
  await relieving.reconciling.settle();
  return accepted.parse(jsonBody);
}

async function preview(relieving: Relieving, id: string, value: Json) {
  const call = callOf(relieving, id, requestOf(relieving, value), 'dryRun=true');
  const { status, jsonBody } = await putAdjustment(call);
  expect(status).toBe(200);
  return adjustmentPreview.parse(jsonBody);
}

async function shown(relieving: Relieving) {
  const { jsonBody } = await getBaseline(callOf(relieving, ''));
  return baseline.parse(jsonBody).adjustments;
}

/** Names of the firewall's addresses that Azure has, on the firewall or not. */
function there(relieving: Relieving, names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    const id = relieving.firewallId.replace(/azureFirewalls\/[^/]+$/i, `publicIPAddresses/${name}`);
    return relieving.dependencies.arm.body(id) !== undefined;
  });
}

describe('an adjustment by hand that replaces a relief', () => {
  it('is refused where it keeps an address that there is not, and nothing is recorded or deleted', async () => {
    const relieving = await relieved();
    const names = relieving.names();
    const before = await relieving.reconciling.head();
    const [wrong = ''] = names.slice(3).map((name) => name.replace(/0(\d)$/, '$1'));
    const value = { count: 3, reserved: [{ name: wrong, until: later(relieving, 7) }] };

    await expect(putAdjustment(callOf(relieving, 'snat-relief', requestOf(relieving, value)))).rejects.toMatchObject({
      status: 400,
      errors: [
        {
          code: 'AdjustmentAddressUnknown',
          path: 'value.reserved[0].name',
          remedy: expect.stringContaining(names.join(', ')),
        },
      ],
    });
    await relieving.reconciling.settle();

    expect(await relieving.reconciling.head()).toEqual(before);
    expect(relieving.names()).toEqual(names);
  });

  it('tells beforehand which addresses go and which are kept, and does just that', async () => {
    const relieving = await relieved();
    const names = relieving.names();
    const until = later(relieving, 3);
    const value = { count: 3, reserved: [{ name: names[3] ?? '', until }] };
    const before = await relieving.reconciling.head();

    const told = await preview(relieving, 'snat-relief', value);
    expect(await relieving.reconciling.head()).toEqual(before);
    const { effect } = await adjust(relieving, 'snat-relief', value);

    expect(told.adjustment).toMatchObject({ id: 'snat-relief', value });
    expect(told.effect).toEqual({
      overrides: [],
      countAgain: [],
      takesOff: names.slice(3),
      deletes: names.slice(4),
      keeps: [{ name: names[3], until }],
    });
    expect(effect).toEqual(told.effect);
    expect(relieving.names()).toEqual(names.slice(0, 3));
    expect(there(relieving, names)).toEqual(names.slice(0, 4));
    expect(await shown(relieving)).toMatchObject([{ id: 'snat-relief', keeps: [{ name: names[3], until }] }]);
  });

  it('counts as reserved only what is on nothing', async () => {
    const relieving = await relieved();
    const reserved = relieving
      .names()
      .slice(3)
      .map((name) => ({ name, until: later(relieving, 3) }));

    const { effect } = await adjust(relieving, 'snat-relief', { count: 5, reserved });

    expect(effect).toMatchObject({ takesOff: [], deletes: [], keeps: [] });
    expect((await shown(relieving))[0]).not.toHaveProperty('keeps');
  });
});

describe('a second adjustment of one firewall', () => {
  it('says that it overrides the first and what it takes away, and status and journal say so too', async () => {
    const relieving = await relieved();
    const names = relieving.names();

    const { effect } = await adjust(relieving, 'more-ips', 4);

    expect(effect).toMatchObject({
      overrides: [{ id: 'snat-relief', value: 5, until: null }],
      takesOff: names.slice(4),
      deletes: names.slice(4),
    });
    expect(relieving.names()).toEqual(names.slice(0, 4));
    expect(there(relieving, names)).toEqual(names.slice(0, 4));
    const [first, second] = await shown(relieving);
    expect(first).toMatchObject({ id: 'snat-relief', overriddenBy: 'more-ips' });
    expect(second).not.toHaveProperty('overriddenBy');
    const lines = (await relieving.journal()).map(({ reason }) => reason);
    expect(lines).toContainEqual(expect.stringContaining(', overriding snat-relief (5): by hand'));
    expect(lines).toContainEqual(
      expect.stringContaining("An adjustment had made it, and 'more-ips', which counts now, does without it."),
    );
  });

  it('lets the first count again when it is ended', async () => {
    const relieving = await relieved();
    await adjust(relieving, 'more-ips', 4);

    const told = await deleteAdjustment(callOf(relieving, 'more-ips', {}, 'dryRun=true'));
    expect(relieving.addresses()).toBe(4);
    const { status, jsonBody } = await deleteAdjustment(callOf(relieving, 'more-ips'));
    await relieving.reconciling.settle();

    expect(told.status).toBe(200);
    expect(adjustmentPreview.parse(told.jsonBody).effect).toMatchObject({
      countAgain: [{ id: 'snat-relief', value: 5 }],
    });
    expect(status).toBe(202);
    expect(accepted.parse(jsonBody).effect).toEqual(adjustmentPreview.parse(told.jsonBody).effect);
    expect(relieving.addresses()).toBe(5);
    expect((await relieving.journal()).map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining('was ended by hand. What counts again: snat-relief (5).'),
    );
  });
});

describe('the end of an adjustment', () => {
  it('tells which addresses are deleted with it', async () => {
    const relieving = await relieved();
    const names = relieving.names();

    const { jsonBody } = await deleteAdjustment(callOf(relieving, 'snat-relief'));
    await relieving.reconciling.settle();

    expect(accepted.parse(jsonBody).effect).toMatchObject({ takesOff: names.slice(3), deletes: names.slice(3) });
    expect(there(relieving, names)).toEqual(names.slice(0, 3));
    expect((await relieving.journal()).map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining('An adjustment had made it, and none that counts now wants it.'),
    );
  });

  it('is recorded whatever has become of the spec', async () => {
    const relieving = await relieved();
    const [adjustment] = (await relieving.reconciling.head()).adjustments;
    const head = { ...newHead('gone'), adjustments: adjustment === undefined ? [] : [adjustment] };
    await relieving.dependencies.baselines.change('gone', () => ({ head, result: 0 }), { create: true });

    const { status, jsonBody } = await deleteAdjustment(callOf(relieving, 'snat-relief', {}, '', 'gone'));

    expect(status).toBe(202);
    expect(accepted.parse(jsonBody)).not.toHaveProperty('effect');
    expect((await relieving.dependencies.baselines.read('gone'))?.head.adjustments).toEqual([]);
  });
});

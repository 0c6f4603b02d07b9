import type { HttpRequest } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import { listEgressAddresses } from '../../functions/egress-addresses.ts';
import type { Call } from '../../functions/http.ts';
import { type EgressAddressList, egressAddressList } from '../../lib/api/egress-addresses.ts';
import { isJsonObject } from '../../lib/json.ts';
import { newHead } from '../../lib/state/baseline-head.ts';
import { Relieving } from '../support/relieving.ts';

/** One call about a baseline, with the answer held against what the API promises. */
async function list({ dependencies, reconciling }: Relieving, name = 'small'): Promise<EgressAddressList> {
  const call = {
    app: dependencies,
    nowIso: reconciling.nowIso,
    request: { params: { name } } as unknown as HttpRequest,
  } as unknown as Call;
  const { status, jsonBody } = await listEgressAddresses(call);
  expect(status).toBe(200);
  return egressAddressList.parse(jsonBody);
}

const states = ({ addresses }: EgressAddressList) => addresses.map(({ state }) => state);

/** Azure gives an address its IP when it makes it. */
function giveIp(relieving: Relieving, id: string, ipAddress: string): void {
  relieving.edit(id, (body) => ({
    ...body,
    properties: { ...(isJsonObject(body.properties) ? body.properties : {}), ipAddress },
  }));
}

describe('GET /api/baselines/{name}/egress-addresses', () => {
  it('lists what egress leaves from, as Azure has it', async () => {
    const relieving = await Relieving.provisioned();
    const [first] = (await list(relieving)).addresses;
    giveIp(relieving, first?.id ?? '', '203.0.113.7');

    const answer = await list(relieving);

    expect(answer).toMatchObject({ baseline: 'small', at: relieving.reconciling.nowIso, prefixes: [] });
    expect(answer.addresses).toHaveLength(3);
    for (const one of answer.addresses)
      expect(one).toMatchObject({ state: 'inUse', origin: 'made', through: relieving.firewallId });
    expect(answer.addresses.map(({ address }) => address)).toEqual(['203.0.113.7', null, null]);
  });

  it('follows a relief: about to be used, in use, reserved, given back', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.alert();
    await relieving.decide();
    const decided = await list(relieving);
    await relieving.reconciling.settle();
    const written = await list(relieving);
    await relieving.followed();
    relieving.gauge.utilizationPercent = 2;
    relieving.reconciling.pass(1_200);
    await relieving.verify();
    relieving.reconciling.pass(30 * 24 * 3_600);
    await relieving.timer();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    const released = await list(relieving);
    relieving.reconciling.pass(168 * 3_600);
    await relieving.timer();
    await relieving.reconciling.settle();

    expect(states(decided)).toEqual(['inUse', 'inUse', 'inUse', 'aboutToBeUsed', 'aboutToBeUsed']);
    expect(states(written)).toEqual(['inUse', 'inUse', 'inUse', 'inUse', 'inUse']);
    expect(states(released)).toEqual(['inUse', 'inUse', 'inUse', 'inUse', 'reserved']);
    expect(released.addresses.map(({ id }) => id)).toEqual(written.addresses.map(({ id }) => id));
    expect(states(await list(relieving))).toEqual(['inUse', 'inUse', 'inUse', 'inUse']);
  });

  it('tells the address of somebody else on the firewall from ours', async () => {
    const relieving = await Relieving.provisioned();
    const theirs = relieving.attachForeign('pip-theirs');

    const { addresses } = await list(relieving);

    expect(addresses.map(({ origin }) => origin)).toEqual(['made', 'made', 'made', 'foreign']);
    expect(addresses.at(-1)).toMatchObject({ id: theirs, state: 'inUse' });
  });

  it.each([
    ['an unknown baseline', 'other', { code: 'BaselineNotFound' }],
    ['one without a spec', 'empty', { code: 'BaselineNotFound' }],
  ])('answers 404 for %s', async (_what, name, problem) => {
    const relieving = await Relieving.provisioned();
    await relieving.dependencies.baselines.change('empty', () => ({ head: newHead('empty'), result: 0 }), {
      create: true,
    });

    await expect(list(relieving, name)).rejects.toMatchObject({ problem });
  });

  it('takes no name for a baseline that none can have', async () => {
    await expect(list(await Relieving.provisioned(), '../small')).rejects.toMatchObject({ status: 400 });
  });
});

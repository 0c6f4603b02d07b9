import type { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { putBaseline } from '../../functions/baselines.ts';
import type { Call } from '../../functions/http.ts';
import { Relieving, relievingSpec } from '../support/relieving.ts';

function callOf({ dependencies, reconciling }: Relieving, text: string, query: string): Call {
  return {
    app: dependencies,
    nowIso: reconciling.nowIso,
    caller: { user: 'author' },
    request: {
      params: { name: 'small' },
      query: new URLSearchParams(query),
      headers: new Headers({ 'content-type': 'application/json' }),
      arrayBuffer: async () => Buffer.from(text, 'utf8'),
    } as unknown as HttpRequest,
    client: { startNew: async () => '' } as unknown as DurableClient,
    context: {} as InvocationContext,
  } as unknown as Call;
}

describe('a spec that turns the relief off while a proposal waits', () => {
  /** One address more of the spec's own, in the same firewall that the proposal is about. */
  const spec = relievingSpec({ mode: 'off' }, { count: 4 });

  async function proposed(): Promise<Relieving> {
    const relieving = await Relieving.provisioned({ mode: 'propose' });
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    await relieving.followed();
    relieving.reconciling.pass(60);
    return relieving;
  }

  it('takes the proposal back, so that what else it says of the firewall is written', async () => {
    const relieving = await proposed();

    expect(await putBaseline(callOf(relieving, spec, ''))).toMatchObject({ status: 202 });
    await relieving.reconciling.settle();

    expect(relieving.addresses()).toBe(4);
    expect((await relieving.reconciling.head()).adjustments).toEqual([]);
    expect((await relieving.journal()).filter(({ decision }) => decision === 'scale out taken back')).toHaveLength(1);
  });

  it('shows just that beforehand, and stores nothing', async () => {
    const relieving = await proposed();
    const before = await relieving.reconciling.head();

    const { jsonBody, body } = await putBaseline(callOf(relieving, spec, 'dryRun=true'));
    const plan = (jsonBody ?? JSON.parse(String(body))) as { changes: { kind: string }[]; refused: unknown[] };

    expect(plan.refused).toEqual([]);
    expect(plan.changes.filter(({ kind }) => kind === 'publicIPAddress')).toHaveLength(1);
    expect(await relieving.reconciling.head()).toEqual(before);
  });
});

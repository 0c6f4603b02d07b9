import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIREWALL_ID_IN_ALERTS, snatAlert } from '../support/alert-samples.ts';
import { journal, provision, resources, sampleSpec } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const PROVISION_WITHIN_MS = 240_000;

interface Answer {
  readonly recognised: readonly { readonly target: string; readonly reaction: string; readonly operationId: string }[];
  readonly ignored: readonly { readonly target: string; readonly why: string }[];
}

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  environment = await startEnvironment({ requireKeys: true });
  await provision(environment, NAME, sampleSpec());
  firewall = [...(await resources(environment)).keys()].find((id) => /\/azurefirewalls\/[^/]+$/i.test(id)) ?? '';
}, PROVISION_WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

/** As an action group posts: with the key, without a name. */
const post = (payload: unknown, headers: Readonly<Record<string, string>> = {}) =>
  environment.api<Answer>('POST', '/api/alerts', payload, {
    'x-hubkeeper-user': '',
    'content-type': 'application/json',
    ...headers,
  });

describe('the alert intake of the whole app', () => {
  it('records an alert of its firewall once, over a killed host, and says so in the journal', async () => {
    const alert = JSON.parse(JSON.stringify(snatAlert()).replaceAll(FIREWALL_ID_IN_ALERTS, firewall.toLowerCase()));

    const first = await post(alert);
    await environment.killHost();
    const copies = await Promise.all(Array.from({ length: 20 }, () => post(alert)));

    expect(first.status).toBe(202);
    expect(first.body.recognised).toMatchObject([{ reaction: 'relieveSnatExhaustion' }]);
    expect(first.body.recognised[0]?.target.toLowerCase()).toBe(firewall.toLowerCase());
    for (const copy of copies)
      expect({ status: copy.status, body: copy.body }).toEqual({ status: 202, body: first.body });
    await environment.advance(120);
    const recorded = (await journal(environment, NAME)).filter((entry) => entry.decision === 'alert recorded');
    expect(recorded).toHaveLength(1);
  });

  it('takes nobody without the key, and at the secure address nobody without a token', async () => {
    expect((await post(snatAlert(), { 'x-functions-key': '' })).status).toBe(401);
    expect((await environment.api('POST', '/api/alerts/secure', snatAlert(), { 'x-functions-key': '' })).status).toBe(
      401,
    );
  });
});

import { createHash } from 'node:crypto';
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import * as fc from 'fast-check';
import { receiveKeyedAlert, receiveSecureAlert } from '../../functions/alerts.ts';
import type { App } from '../../functions/composition.ts';
import { ApiProblem, type Call } from '../../functions/http.ts';
import type { TokenVerdict } from '../../lib/api/entra-token.ts';
import { errorList } from '../../lib/api/errors.ts';
import { SCHEMAS } from '../../lib/api/routes.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { reactionsOf } from '../../lib/state/reactions.ts';
import { aboutSnat, aimedAt } from '../support/alert-answers.ts';
import { BASELINE, createIntake, type Intake, NOW } from '../support/alert-intake.ts';
import { ALERT_SAMPLES, FIREWALL_ID, FOREIGN_SAMPLES, snatAlert } from '../support/alert-samples.ts';
import { createMemoryStorage } from '../support/memory-storage.ts';
import { publishedSamples } from '../support/published-samples.ts';

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

interface Caller {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: TokenVerdict;
  readonly started?: string[];
  readonly handler?: typeof receiveKeyedAlert;
}

/** One call, with what goes wrong turned into a status as the app does it; anything else than an API error throws. */
async function post(intake: Intake, body: string, caller: Caller = {}): Promise<Answered> {
  const { headers = {}, token, started = [], handler = receiveKeyedAlert } = caller;
  const client = {
    startNew: async (name: string, options: { readonly instanceId: string }) => {
      started.push(`${name} ${options.instanceId}`);
      return options.instanceId;
    },
  };
  const call: Call = {
    request: new HttpRequest({
      method: 'POST',
      url: 'https://app.example/api/alerts',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: { string: body },
    }),
    caller: { user: 'azure-monitor', roles: new Set(['monitor']) },
    app: {
      ...intake.dependencies,
      journal: intake.journal,
      alertTokens: token === undefined ? undefined : async () => token,
    } as unknown as App,
    client: client as unknown as DurableClient,
    context: new InvocationContext({ functionName: 'receiveAlert', logHandler: () => {} }),
    nowIso: NOW,
  };
  try {
    const answer: HttpResponseInit = await handler(call);
    return { status: answer.status ?? 200, body: answer.jsonBody };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    return { status: error.status, body: { errors: error.errors } };
  }
}

async function managed(): Promise<Intake> {
  const intake = createIntake();
  await intake.manage(BASELINE, [FIREWALL_ID]);
  return intake;
}

describe('POST /api/alerts', () => {
  it.each([...ALERT_SAMPLES, ...FOREIGN_SAMPLES])('answers $name as documented', async ({ payload, expected }) => {
    const { status, body } = await post(createIntake(), JSON.stringify(payload));

    expect(status).toBe(expected.status);
    if (expected.status === 400) {
      expect(body).toMatchObject({
        errors: [{ path: expected.path, remedy: expect.stringContaining('useCommonAlertSchema') }],
      });
      return;
    }
    expect(body).toEqual({
      recognised: [],
      ignored: [{ target: expected.target, why: expect.stringMatching(expected.why) }],
    });
  });

  it('answers 202 for a managed firewall and starts its reaction, once', async () => {
    const intake = await managed();
    const started: string[] = [];

    const first = await post(intake, JSON.stringify(snatAlert()), { started });
    const copy = await post(intake, JSON.stringify(snatAlert()), { started });

    expect(first).toEqual({
      status: 202,
      body: {
        recognised: [{ target: FIREWALL_ID, reaction: 'relieveSnatExhaustion', operationId: 'prod-1' }],
        ignored: [],
      },
    });
    expect(copy).toEqual(first);
    expect(started).toEqual([expect.stringMatching(/^relieveSnatExhaustion relieveSnatExhaustion\.[0-9a-f]{32}\.1$/)]);
  });

  it('ties what it records to the alert and to the bytes that were posted', async () => {
    const storage = createMemoryStorage();
    const intake = createIntake({ storage });
    await intake.manage(BASELINE, [FIREWALL_ID]);
    const fired = JSON.stringify(snatAlert(), null, 3);
    const over = JSON.stringify(snatAlert({ monitorCondition: 'Resolved', resolvedDateTime: NOW }));

    for (const body of [fired, over]) await post(intake, body);

    const { data } = snatAlert() as { data: { essentials: { alertId: string } } };
    const tied = [fired, over].map((body) => ({
      alertId: data.essentials.alertId,
      payloadSha256: createHash('sha256').update(body).digest('hex'),
    }));
    const { outbox } = await intake.head();
    expect(outbox.map(({ decision, after }) => [decision, after])).toEqual([
      ['alert recorded', tied[0]],
      ['alert over', tied[1]],
    ]);
    const period = `period-${Math.floor(Date.parse(NOW) / (30 * 86_400_000))}`;
    const { rows } = await storage.tables.page('hubkeeperalerts', period, { size: 10 });
    const byCondition = (condition: string) => rows.find(({ value }) => value.condition === condition)?.value;
    expect([byCondition('Fired'), byCondition('Resolved')]).toMatchObject(tied);
  });

  it('keeps the baseline small in a storm of alerts, and loses no line of the journal', async () => {
    const intake = await managed();
    for (let n = 0; n < 120; n++) await post(intake, JSON.stringify(snatAlert({ alertId: `/alerts/${n}` })));

    const { outbox } = await intake.head();
    const { entries } = await intake.journal.read({ baseline: BASELINE, limit: 200 });
    expect(outbox.length).toBeLessThan(50);
    expect(entries.length + outbox.length).toBe(120);
  });

  it.each([
    ['', 400],
    ['{', 400],
    ['[]', 400],
    ['null', 400],
    ['"text"', 400],
    ['{}', 400],
    ['\u0000', 400],
    ['['.repeat(100_000), 400],
    [JSON.stringify({ ...snatAlert(), filler: 'x'.repeat(262_144) }), 413],
    [JSON.stringify({ ...snatAlert(), filler: 'x'.repeat(255_000) }), 200],
  ])('answers what is malformed or too large with 4xx: %#', async (body, status) => {
    expect((await post(createIntake(), body)).status).toBe(status);
  });

  it('refuses a declared size before it reads', async () => {
    expect((await post(createIntake(), '{}', { headers: { 'content-length': '300000' } })).status).toBe(413);
  });

  it('refuses another content type', async () => {
    expect((await post(createIntake(), '{}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });

  it('throws, for a 503, only when it could not be recorded', async () => {
    const intake = await managed();
    const away = intake.restarted({ failing: () => true });

    await expect(post(away, JSON.stringify(snatAlert()))).rejects.toThrow('storage account');
    expect((await post(away, JSON.stringify(snatAlert({}, { operator: 'LessThan' })))).status).toBe(200);
    expect((await post(away, '{')).status).toBe(400);
  });

  it('lets in whom the key let in, and refuses a token that does not hold', async () => {
    const body = JSON.stringify(snatAlert());
    const bearer = { headers: { authorization: 'Bearer abc' } };

    expect((await post(await managed(), body, { token: { verdict: 'invalid', why: 'no.' } })).status).toBe(202);
    expect((await post(await managed(), body, { ...bearer, token: { verdict: 'accepted' } })).status).toBe(202);
    expect((await post(await managed(), body, { ...bearer, token: { verdict: 'invalid', why: 'no.' } })).status).toBe(
      401,
    );
    expect((await post(await managed(), body, bearer)).status).toBe(202);
  });
});

describe('POST /api/alerts/secure', () => {
  const body = JSON.stringify(snatAlert());
  const bearer = { headers: { authorization: 'bearer abc' }, handler: receiveSecureAlert };

  it.each<[TokenVerdict, number, string]>([
    [{ verdict: 'invalid', why: 'no.' }, 401, 'TokenInvalid'],
    [{ verdict: 'notAllowed', why: 'no.' }, 403, 'TokenNotAllowed'],
    [{ verdict: 'unknown', why: 'no.' }, 503, 'TokenUnverifiable'],
  ])('answers a token that is %j with %d', async (token, status, code) => {
    const intake = await managed();

    expect(await post(intake, body, { ...bearer, token })).toMatchObject({ status, body: { errors: [{ code }] } });
    expect(reactionsOf(await intake.head())).toEqual([]);
  });

  it('takes a token that holds, and nobody without one', async () => {
    const token = { verdict: 'accepted' } as const;

    expect((await post(await managed(), body, { ...bearer, token })).status).toBe(202);
    for (const authorization of ['', 'Basic abc', 'Bearer', 'Bearer a b']) {
      const answered = await post(await managed(), body, { ...bearer, headers: { authorization }, token });
      expect(answered).toMatchObject({ status: 401, body: { errors: [{ code: 'TokenMissing' }] } });
    }
  });

  it('is closed while no tokens are configured', async () => {
    expect(await post(await managed(), body, bearer)).toMatchObject({
      status: 403,
      body: { errors: [{ code: 'TokensNotTaken' }] },
    });
  });
});

/** One way to spoil a payload: at a place, given by its number, put something else. */
interface Mutation {
  readonly place: number;
  readonly change:
    | { readonly kind: 'replace'; readonly value: Json }
    | { readonly kind: 'remove' }
    | { readonly kind: 'twist' }
    | { readonly kind: 'repeat' };
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(200),
  change: fc.oneof(
    fc.record({ kind: fc.constant('replace' as const), value: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> }),
    fc.record({
      kind: fc.constant('replace' as const),
      value: fc.constantFrom<Json>(
        FIREWALL_ID,
        FIREWALL_ID.toUpperCase(),
        [FIREWALL_ID, FIREWALL_ID],
        'Fired',
        'Resolved',
        'LessThan',
        'GreaterThan',
        -1,
        1e308,
        '',
        null,
        '__proto__',
        "' or 1 eq 1",
        '../../x',
        '\u0000',
        '\uD800',
      ),
    }),
    fc.constant({ kind: 'remove' as const }),
    fc.constant({ kind: 'twist' as const }),
    fc.constant({ kind: 'repeat' as const }),
  ),
});

/** Spoils a value at the nth place of a walk through it. */
function spoiled(value: Json, { place, change }: Mutation): Json {
  let left = place % Math.max(1, placesOf(value));
  const walk = (node: Json): Json | undefined => {
    if (left-- === 0) return changed(node);
    if (Array.isArray(node)) return node.flatMap((item: Json) => walk(item) ?? []);
    if (!isJsonObject(node)) return node;
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, item]) => {
        const next = item === undefined ? undefined : walk(item);
        return next === undefined ? [] : [[key, next]];
      }),
    );
  };
  const changed = (node: Json): Json | undefined => {
    switch (change.kind) {
      case 'replace':
        return change.value;
      case 'remove':
        return undefined;
      case 'repeat':
        return [node, node];
      case 'twist':
        if (typeof node === 'string') return node === node.toUpperCase() ? node.toLowerCase() : node.toUpperCase();
        return typeof node === 'number' ? String(node) : { value: node };
    }
  };
  return walk(value) ?? null;
}

function placesOf(value: Json): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + placesOf(item), 1);
  if (!isJsonObject(value)) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + (item === undefined ? 0 : placesOf(item)), 1);
}

/** Text that is broken as JSON tells little: most payloads are only strange. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 14, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

const payloads = [
  ...[...ALERT_SAMPLES, ...FOREIGN_SAMPLES].map(({ payload }) => JSON.parse(JSON.stringify(payload)) as Json),
  ...[...publishedSamples().values()].flatMap((payload) => [payload, aboutSnat(aimedAt(payload, FIREWALL_ID))]),
];
const snat = JSON.parse(JSON.stringify(snatAlert())) as Json;
const spoiledPayload = fc
  .record({
    payload: fc.oneof(
      { weight: 2, arbitrary: fc.constant(snat) },
      { weight: 3, arbitrary: fc.constantFrom(...payloads) },
    ),
    mutations: fc.array(mutation, { maxLength: 4 }),
    cut: rarely(fc.nat(4_000)),
    junk: rarely(fc.record({ at: fc.nat(4_000), text: fc.string({ maxLength: 6 }) })),
  })
  .map(({ payload, mutations, cut, junk }) => {
    let text = JSON.stringify(mutations.reduce(spoiled, payload));
    if (junk !== null) text = text.slice(0, junk.at) + junk.text + text.slice(junk.at);
    return cut === null ? text : text.slice(0, cut);
  });

/** Thousands of cases on a machine that others use as well. */
const PATIENCE_MS = 300_000;
const EXPECTED_STATUSES = new Set([200, 202, 400, 413]);

function expectSoundAnswer({ status, body }: Answered): void {
  expect(EXPECTED_STATUSES.has(status)).toBe(true);
  const schema = status < 400 ? SCHEMAS.AlertAnswer : errorList;
  expect(schema.safeParse(body).success).toBe(true);
}

describe('spoiled alerts', () => {
  it(
    'are answered, never with a 5xx, and change nothing that is managed but not named',
    async () => {
      const intake = createIntake();
      const owned = FIREWALL_ID.replace('fw-hub', 'fw-owned');
      await intake.manage(BASELINE, [owned]);
      const before = await intake.head();
      await fc.assert(
        fc.asyncProperty(spoiledPayload, async (body) => {
          const started: string[] = [];
          const answered = await post(intake, body, { started });

          expectSoundAnswer(answered);
          expect([answered.status === 202, started]).toEqual([false, []]);
        }),
        { numRuns: 7_500 },
      );
      expect(await intake.head()).toEqual(before);
      expect(intake.calls().filter((call) => !call.endsWith('.read'))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'have at most the one effect on the firewall that they name',
    async () => {
      await fc.assert(
        fc.asyncProperty(spoiledPayload, async (body) => {
          const intake = await managed();
          const started: string[] = [];
          const answered = await post(intake, body, { started });
          const copy = await post(intake, body, { started });
          const reactions = reactionsOf(await intake.head());

          expectSoundAnswer(answered);
          expect(copy).toEqual(answered);
          expect(started).toHaveLength(answered.status === 202 ? 1 : 0);
          expect(reactions.map(({ target, sequence }) => [target, sequence])).toEqual(
            answered.status === 202 ? [[FIREWALL_ID, 1]] : reactions.map(() => [FIREWALL_ID, 0]),
          );
        }),
        { numRuns: 3_500 },
      );
    },
    PATIENCE_MS,
  );

  it(
    'come in sequences that leave one reaction at most at work',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(spoiledPayload, { minLength: 1, maxLength: 8 }), async (bodies) => {
          const intake = await managed();
          const started: string[] = [];
          for (const body of bodies) expectSoundAnswer(await post(intake, body, { started }));

          expect(started.length).toBeLessThanOrEqual(1);
          expect((await intake.head()).counters.operation).toBe(started.length);
        }),
        { numRuns: 300 },
      );
    },
    PATIENCE_MS,
  );
});

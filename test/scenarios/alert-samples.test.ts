import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../lib/json.ts';
import {
  aboutSnat,
  aimedAt,
  changedAlert,
  OUTCOMES,
  type Outcome,
  type Outcomes,
  RECORDED,
  SNAT_VARIANTS,
} from '../support/alert-answers.ts';
import { ALERT_SAMPLES, FOREIGN_SAMPLES } from '../support/alert-samples.ts';
import { journal, provision, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { publishedSamples } from '../support/published-samples.ts';
import { addressesOf, firewallId, PORTS_PER_ADDRESS, setTraffic, snatSpec } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
const SNAT_SAMPLE = 'authored-metric-snat-fired';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 300_000;
const HOUR_SECONDS = 3_600;
/** The timer that brings journal lines home comes every minute. */
const LINES_HOME_SECONDS = 120;

// As they come over the wire, where nothing is undefined.
const own = new Map(
  [...ALERT_SAMPLES, ...FOREIGN_SAMPLES].map(({ name, payload }) => [
    name,
    JSON.parse(JSON.stringify(payload)) as Json,
  ]),
);
const published = publishedSamples();

interface Answer {
  readonly recognised?: readonly { readonly target: string; readonly reaction: string; readonly operationId: string }[];
  readonly ignored?: readonly { readonly target: string; readonly why: string }[];
  readonly errors?: readonly { readonly path: string; readonly remedy: string }[];
}

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  environment = await startEnvironment();
  await provision(environment, NAME, snatSpec());
  firewall = await firewallId(environment);
  // Only the samples speak: the simulation's own alerts are kept back.
  await environment.sim('PUT', 'alerts', { muted: true });
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

/** As an action group posts: without a name. */
async function post(payload: Json): Promise<{ readonly status: number; readonly body: Answer }> {
  const { status, body } = await environment.api<Answer>('POST', '/api/alerts', JSON.stringify(payload), {
    'x-hubkeeper-user': '',
    'content-type': 'application/json',
  });
  return { status, body };
}

function expectAnswer({ status, body }: { readonly status: number; readonly body: Answer }, outcome: Outcome): void {
  switch (outcome.answer) {
    case 'refused':
      expect({ status, path: body.errors?.[0]?.path }).toEqual({ status: 400, path: outcome.path });
      expect(body.errors?.[0]?.remedy).toContain('useCommonAlertSchema');
      return;
    case 'ignored':
      expect({ status, body }).toEqual({
        status: 200,
        body: { recognised: [], ignored: [{ target: expect.any(String), why: expect.stringMatching(outcome.why) }] },
      });
      return;
    case 'recorded':
      expect({ status, body }).toEqual({
        status: 202,
        body: {
          recognised: [{ target: firewall, reaction: 'relieveSnatExhaustion', operationId: expect.any(String) }],
          ignored: [],
        },
      });
  }
}

/** Everything that is kept of alerts: their lines in the journal. */
async function alertLines(): Promise<readonly string[]> {
  return (await journal(environment, NAME))
    .filter(({ decision }) => decision.startsWith('alert '))
    .map(({ resource, decision }) => `${decision} ${resource}`);
}

/** Posts each payload twice, and sees to it that what is kept of them is what should be, once. */
async function expectOutcomes(posts: readonly (readonly [Json, Outcome])[]): Promise<void> {
  const kept = await alertLines();
  const { principals } = await statistics(environment);
  const addresses = await addressesOf(environment, firewall);

  for (const [payload, outcome] of posts) {
    const first = await post(payload);
    expectAnswer(first, outcome);
    expect(await post(payload)).toEqual(first);
  }

  await environment.advance(LINES_HOME_SECONDS);
  const expected = posts.flatMap(([, outcome]) =>
    'journal' in outcome && outcome.journal !== undefined ? [`${outcome.journal} ${firewall}`] : [],
  );
  expect((await alertLines()).slice(kept.length)).toEqual(expected);
  // The firewall is at rest: whoever looks at it because of a sample finds nothing to do.
  expect((await statistics(environment)).principals).toEqual(principals);
  expect(await addressesOf(environment, firewall)).toEqual(addresses);
}

/** A sample as it is and about the managed firewall. The latter are alerts of their own: none is a copy of another. */
function postsOf(payload: Json, { asItIs, aimed, aboutSnat: exhausted }: Outcomes, source: string): [Json, Outcome][] {
  const target = aimedAt(payload, firewall.toLowerCase());
  return [
    [payload, asItIs],
    [changedAlert(target, { name: `aimed ${source}` }), aimed],
    [changedAlert(aboutSnat(target), { name: `about SNAT ${source}` }), exhausted],
  ];
}

const SOURCES: readonly (readonly [string, ReadonlyMap<string, Json>])[] = [
  ['our likenesses of the samples', own],
  ['the published samples', published],
];

for (const [source, samples] of SOURCES) {
  (samples.size === 0 ? describe.skip : describe)(`${source}, over HTTP`, () => {
    it('are those that the table has, all of them', () => {
      expect([...samples.keys()].sort()).toEqual(Object.keys(OUTCOMES).sort());
    });

    it.each([...samples.keys()])('%s has the outcome that the table says', async (name) => {
      const outcomes = OUTCOMES[name];
      if (outcomes === undefined) throw new Error(`The table does not say what becomes of ${name}.`);
      await expectOutcomes(postsOf(samples.get(name) ?? null, outcomes, `${source} ${name}`));
    });

    it.each(SNAT_VARIANTS)(`${SNAT_SAMPLE} with $name`, async ({ outcome, ...change }) => {
      const alert = aimedAt(samples.get(SNAT_SAMPLE) ?? null, firewall.toLowerCase());
      await expectOutcomes([[changedAlert(alert, { ...change, name: `${change.name} ${source}` }), outcome]]);
    });
  });
}

describe('the sample of a full firewall', () => {
  it(
    'becomes addresses where the metric bears it out, and copies of it add none',
    async () => {
      const alert = aimedAt(published.get(SNAT_SAMPLE) ?? own.get(SNAT_SAMPLE) ?? null, firewall.toLowerCase());
      // 88 % of three addresses, which is 60 % of five.
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await environment.advance(600);

      const answers = await Promise.all(Array.from({ length: 10 }, () => post(alert)));
      await environment.advance(2 * HOUR_SECONDS);

      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expectAnswer(answers[0] ?? { status: 0, body: {} }, RECORDED);
      expect(await addressesOf(environment, firewall)).toHaveLength(5);
    },
    WITHIN_MS,
  );
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { cloudEventOf, EVENT_TYPE, type EventPublisher } from '../../../../lib/azure/event-publisher.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import { Relieving } from '../../../support/relieving.ts';

/** Azure's part: it gives the addresses their numbers. */
async function withNumbers(relieving: Relieving): Promise<void> {
  const addresses = (await relieving.dependencies.ledger.all('small')).filter(({ kind }) => kind === 'publicIPAddress');
  for (const [index, { id }] of addresses.entries()) {
    relieving.edit(id, (body) => ({
      ...body,
      properties: { ...(isJsonObject(body.properties) ? body.properties : {}), ipAddress: `203.0.113.${index}` },
    }));
  }
}

/** The event that tells of a relief that helped, as the topic gets it. */
async function actionDone(): Promise<JsonObject> {
  const told: JsonObject[] = [];
  const events: EventPublisher = {
    listens: true,
    publish: async (event) => {
      told.push(JSON.parse(JSON.stringify({ specversion: '1.0', ...cloudEventOf(event) })));
      return { outcome: 'published', attempts: 1 };
    },
  };
  const relieving = await Relieving.provisioned({ events });
  await relieving.alert();
  await relieving.decide();
  await relieving.reconciling.settle();
  await relieving.followed();
  await withNumbers(relieving);
  relieving.gauge.utilizationPercent = 40;
  relieving.reconciling.pass(1_200);
  await relieving.verify();
  const found = told.find(({ type }) => type === EVENT_TYPE.actionDone);
  if (found === undefined) throw new Error('The relief did not tell that it was done.');
  return found;
}

/** Names and types of everything in a value; of a list what is in its first member. */
function shapeOf(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (!isJsonObject(value)) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

describe('the documentation of events', () => {
  const text = readFileSync('docs/events.md', 'utf8');

  it('names every type', () => {
    for (const type of Object.values(EVENT_TYPE)) expect(text).toContain(`\`${type}\``);
  });

  it('shows what is really told', async () => {
    const example: JsonObject = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
    const real = await actionDone();

    expect(example.type).toBe(real.type);
    // Figures of utilisation differ by what the metric has; the example leaves them out.
    const { before: _, now: __, ...data } = isJsonObject(real.data) ? real.data : {};
    expect(shapeOf(example)).toEqual(shapeOf({ ...real, data }));
  });
});

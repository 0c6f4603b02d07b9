import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OutboundEvent } from '../../../lib/azure/event-publisher.ts';
import type { Dependencies } from '../../../lib/dependencies.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const WORKSPACE =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub';
const HOUR_SECONDS = 3_600;
const SPEC: JsonObject = { drift: { mode: 'act' } };

let events: OutboundEvent[];
let dependencies: Dependencies & { readonly arm: FakeAzure };
let reconciling: Reconciling;

beforeEach(() => {
  events = [];
  dependencies = {
    ...memoryDependencies(),
    events: {
      listens: true,
      publish: async (event) => {
        events.push(event);
        return { outcome: 'published', attempts: 1 };
      },
    },
  };
  reconciling = new Reconciling(dependencies, NAME);
});

/** Somebody's edit of one property under `properties`. */
function edit(changes: Readonly<Record<string, Json>>): void {
  const { id: _, ...body } = dependencies.arm.body(WORKSPACE) ?? {};
  dependencies.arm.put(WORKSPACE, { ...body, properties: { ...(body.properties as JsonObject), ...changes } });
}

function days(): unknown {
  const { properties } = dependencies.arm.body(WORKSPACE) ?? {};
  return (properties as JsonObject).retentionInDays;
}

/** Azure takes so many of the next writes for wrong. */
function refuse(times: number): void {
  const error = { code: 'RetentionConflict', message: 'Somebody else’s rule has that.' };
  for (let n = 0; n < times; n++) dependencies.arm.answerOnce('PUT', WORKSPACE, 400, { error });
}

const triesSince = (count: number) => dependencies.arm.writes.slice(count).filter((one) => one === `PUT ${WORKSPACE}`);

/** Scans every hour. @returns the hours in which a write was tried. */
async function scans(hours: number): Promise<readonly number[]> {
  const tried: number[] = [];
  for (let hour = 0; hour < hours; hour++) {
    const before = dependencies.arm.writes.length;
    await reconciling.record('drift', 'hubkeeper');
    await reconciling.settle();
    if (triesSince(before).length > 0) tried.push(hour);
    reconciling.pass(HOUR_SECONDS);
  }
  return tried;
}

async function linesOf(decision: string): Promise<readonly string[]> {
  const { entries } = await dependencies.journal.read({ baseline: NAME });
  return entries.filter((line) => line.decision === decision).map(({ reason }) => reason);
}

/** A repair that Azure has refused so often that it was given up. */
async function givenUp(): Promise<readonly number[]> {
  await reconciling.put(smallSpec(NAME, ['a'], SPEC), 'ann');
  await reconciling.settle();
  edit({ retentionInDays: 7 });
  refuse(5);
  return scans(24);
}

describe('a repair that Azure refuses every time', () => {
  it('is tried five times, each after a longer pause, then left alone and told once', async () => {
    expect(await givenUp()).toEqual([0, 1, 2, 4, 8]);

    expect(days()).toBe(7);
    expect(await linesOf('given up')).toEqual([
      expect.stringMatching(
        /^It failed 5 times in a row, .*Somebody else’s rule has that\."? Hubkeeper tries it again when/,
      ),
    ]);
    expect(events.filter(({ kind }) => kind === 'helpNeeded')).toMatchObject([
      { resource: WORKSPACE, data: { code: 'RetentionConflict', failures: 5 } },
    ]);
    expect((await dependencies.drift.read(NAME))?.drifts).toMatchObject([
      { state: 'refused', code: 'RepairParked', why: expect.stringContaining('5 times in a row') },
    ]);
    const { lastResult } = await reconciling.head();
    expect(await reconciling.run(lastResult?.operationId ?? '')).toMatchObject({
      state: 'succeeded',
      refused: [{ id: WORKSPACE, code: 'RepairParked' }],
    });
  });

  it('is never told as put right', async () => {
    await givenUp();

    const told = await linesOf('compared');
    expect(told.filter((line) => /1 difference in 1 resource/.test(line))).toHaveLength(24);
    expect(told.filter((line) => /\d put right/.test(line))).toEqual([]);
    expect(told.filter((line) => /1 to be put right/.test(line))).toHaveLength(5);
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['the resource changes', async () => edit({ theirs: 1 })],
    ['the spec changes', () => reconciling.put(smallSpec(NAME, ['a'], { ...SPEC, tags: { owner: 'net' } }), 'ann')],
    ['somebody reconciles', () => reconciling.record('reconcile', 'ann')],
  ])('is tried again when %s', async (_, move) => {
    await givenUp();
    await move();
    await reconciling.settle();
    await scans(1);

    expect(days()).toBe(30);
    expect(await linesOf('taken up again')).toHaveLength(1);
    expect((await dependencies.drift.read(NAME))?.failing).toEqual([]);
  });

  it('counts anew once it has gone well', async () => {
    await reconciling.put(smallSpec(NAME, ['a'], SPEC), 'ann');
    await reconciling.settle();
    for (let times = 0; times < 3; times++) {
      edit({ retentionInDays: 7 });
      refuse(2);
      await scans(30);
      expect(days()).toBe(30);
    }

    expect(await linesOf('given up')).toEqual([]);
  });
});

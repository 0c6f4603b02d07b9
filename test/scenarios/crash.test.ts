import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COLLEAGUES_CHANGES, type ColleaguesChange } from '../support/crash-drift.ts';
import { buildCrashApp, complaints, type Picture } from '../support/crash-run.ts';
import {
  type Disturbance,
  type Extent,
  playStory,
  type Story,
  type StoryResult,
  toleranceOf,
} from '../support/crash-stories.ts';

/** A share of what `npm run crash-check` plays; other points are drawn by setting the variable. */
const SEED = Number(process.env.HUBKEEPER_CRASH_SEED ?? 1);
const HOST_KILLS = 2;
/** Less than any of the stories has from where it is disturbed. */
const SMALLEST: Extent = { activities: 80, steps: 20 };
const PATIENCE_MS = 180_000;

let folder: string;
let appFile: string;
let calm: StoryResult;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hubkeeper-crash-'));
  appFile = buildCrashApp(folder);
  calm = await playStory(appFile, 'provision', { name: 'none' });
}, PATIENCE_MS);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Plays a story; the disturbance must really have come. A failure names the seed. */
async function play(story: Story, disturbance: Disturbance, extent: Extent = SMALLEST): Promise<Picture> {
  const { picture, disturbed } = await playStory(appFile, story, disturbance, extent);
  expect({ story, disturbance, disturbed }).toEqual({ story, disturbance, disturbed: true });
  return picture;
}

/** Resources of the journal lines of a decision; one that is told twice is in here twice. */
function told(picture: Picture, decision: string): readonly string[] {
  return picture.journal.flatMap((line) => (line.startsWith(`${decision} /`) ? [line.slice(decision.length + 1)] : []));
}

const kills = Array.from({ length: HOST_KILLS }, (_, index): Disturbance => ({ name: 'host', seed: SEED + index }));

describe('provisioning', () => {
  it('undisturbed makes everything once, and tells it once', () => {
    const { picture } = calm;
    expect(picture.operation).toEqual({ state: 'succeeded', errors: [] });
    expect(told(picture, 'created')).toEqual([...new Set(told(picture, 'created'))]);
    expect([...picture.creates.values()].every((creates) => creates === 1)).toBe(true);
    expect(complaints(picture, picture)).toEqual([]);
  });

  it.each<Disturbance>([
    { name: 'memory' },
    { name: 'twice' },
    ...kills,
    { name: 'azure', seed: SEED },
    { name: 'storage', seed: SEED },
  ])(
    'comes to the same end under %j',
    async (disturbance) => {
      const picture = await play('provision', disturbance, calm.extent);

      const found = complaints(calm.picture, picture, toleranceOf('provision', disturbance));
      expect({ disturbance, found }).toEqual({ disturbance, found: [] });
    },
    PATIENCE_MS,
  );
});

describe('drift that is put right', () => {
  const ends = (...fates: readonly ColleaguesChange['fate'][]) =>
    COLLEAGUES_CHANGES.flat()
      .filter(({ fate }) => fates.includes(fate))
      .map(({ resource }) => resource)
      .sort();
  const endsOf = (ids: readonly string[]) =>
    ids.map((id) => ends('putRight', 'approved', 'reported').find((end) => id.endsWith(end)) ?? id).sort();
  let undisturbed: StoryResult;

  beforeAll(async () => {
    undisturbed = await playStory(appFile, 'drift', { name: 'none' });
  }, PATIENCE_MS);

  it('is found, decided and written once each', () => {
    const { picture } = undisturbed;
    expect(picture).toMatchObject({ operation: { state: 'succeeded', errors: [] }, repeated: [], planned: [] });
    expect(endsOf(told(picture, 'drift found'))).toEqual(ends('putRight', 'approved', 'reported'));
    const recreated = told(picture, 'created').filter((id) => !told(calm.picture, 'created').includes(id));
    expect(recreated).toEqual([]);
    const again = told(picture, 'created').filter((id, at, all) => all.indexOf(id) !== at);
    expect(endsOf([...told(picture, 'updated'), ...again])).toEqual(ends('putRight', 'approved'));
  });

  it.each<Disturbance>([{ name: 'memory' }, { name: 'host', seed: SEED }, { name: 'azure', seed: SEED }])(
    'comes to the same end under %j',
    async (disturbance) => {
      const picture = await play('drift', disturbance, undisturbed.extent);

      const found = complaints(undisturbed.picture, picture, toleranceOf('drift', disturbance));
      expect({ disturbance, found }).toEqual({ disturbance, found: [] });
    },
    PATIENCE_MS,
  );
});

describe('drift that is put right while a spec waits for an approval', () => {
  let undisturbed: StoryResult;

  beforeAll(async () => {
    undisturbed = await playStory(appFile, 'step-in', { name: 'none' });
  }, PATIENCE_MS);

  it('leaves nothing to do, and the zone that the spec drops is gone', () => {
    const { picture } = undisturbed;
    expect(picture).toMatchObject({ operation: { state: 'succeeded', errors: [] }, repeated: [], planned: [] });
    expect(told(picture, 'drift found')).toHaveLength(
      COLLEAGUES_CHANGES.flat().filter(({ fate }) => fate === 'putRight').length,
    );
    expect([...picture.resources.keys()].filter((id) => id.includes('azmk8s.io'))).toEqual([]);
  });

  it.each<Disturbance>([{ name: 'memory' }, { name: 'host', seed: SEED }])(
    'comes to the same end under %j',
    async (disturbance) => {
      const picture = await play('step-in', disturbance, undisturbed.extent);

      const found = complaints(undisturbed.picture, picture, toleranceOf('step-in', disturbance));
      expect({ disturbance, found }).toEqual({ disturbance, found: [] });
    },
    PATIENCE_MS,
  );
});

describe('a kill of the host', () => {
  it(
    'while a newer spec takes over leaves each resource made once and as the newer spec has it',
    async () => {
      const picture = await play('change', { name: 'host', seed: SEED });

      expect(picture).toMatchObject({ operation: { state: 'succeeded', errors: [] }, rejections: {}, planned: [] });
      expect(picture.creates).toEqual(calm.picture.creates);
      expect(told(picture, 'created')).toEqual(told(calm.picture, 'created'));
      const units = [...picture.resources.values()].flatMap((body) => body.get('/tags/businessUnit') ?? []);
      expect(new Set(units)).toEqual(new Set(['BU0002']));
    },
    PATIENCE_MS,
  );

  it(
    'around a hold changes nothing: the run waits and goes on by itself',
    async () => {
      const picture = await play('hold', { name: 'host', seed: SEED });

      const found = complaints(
        { ...calm.picture, journal: [] },
        { ...picture, journal: [] },
        toleranceOf('hold', { name: 'host', seed: SEED }),
      );
      expect({ seed: SEED, found }).toEqual({ seed: SEED, found: [] });
      expect(told(picture, 'created')).toEqual(told(calm.picture, 'created'));
      expect(picture.journal.filter((line) => line === 'held' || line === 'released')).toEqual(['held', 'released']);
    },
    PATIENCE_MS,
  );

  it(
    'during a teardown leaves nothing behind, with each deletion told once',
    async () => {
      const picture = await play('teardown', { name: 'host', seed: SEED });

      expect(picture).toMatchObject({ operation: { state: 'succeeded', errors: [] }, rejections: {} });
      // Azure keeps a deleted workspace for a while.
      expect([...picture.resources.keys()].filter((id) => !id.includes('/deletedworkspaces/'))).toEqual([]);
      expect(told(picture, 'deleted')).toEqual(told(calm.picture, 'created'));
      expect(picture.creates).toEqual(calm.picture.creates);
    },
    PATIENCE_MS,
  );
});

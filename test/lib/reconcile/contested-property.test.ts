import { beforeEach, describe, expect, it } from '@jest/globals';
import { WatchedBaseline } from '../../support/watched-baseline.ts';

const { workspace } = WatchedBaseline;
const RETENTION = 'properties.retentionInDays';
const OWNER = 'tags.owner';
const HOUR_SECONDS = 3_600;
let baseline: WatchedBaseline;

beforeEach(() => {
  baseline = new WatchedBaseline();
});

/** What stands of each drift, by path. */
async function standing(): Promise<Readonly<Record<string, readonly [state: string, code: string]>>> {
  const { drifts } = await baseline.record();
  return Object.fromEntries(drifts.map(({ path, state, code }) => [path, [state, code]]));
}

const steal = () => baseline.retag(workspace, { owner: 'other' });

describe('a fight over one property', () => {
  it('leaves that property alone, and the rest of its resource is put right', async () => {
    await baseline.provision();
    await baseline.fight(workspace, steal);
    baseline.edit(workspace, { retentionInDays: 7 });
    const id = await baseline.scan(workspace);

    expect(baseline.dependencies.arm.body(workspace)).toMatchObject({
      tags: { owner: 'other' },
      properties: { retentionInDays: 30 },
    });
    expect(await standing()).toEqual({ [OWNER]: ['refused', 'WriterConflict'] });
    expect((await baseline.linesOf(id)).map(({ decision }) => decision).sort()).toEqual([
      'compared',
      'drift found',
      'succeeded',
      'updated',
    ]);
  });

  it('holds nothing back in the very look that ends it', async () => {
    await baseline.provision();
    let rounds = 0;
    await baseline.fight(workspace, () => {
      rounds += 1;
      steal();
      if (rounds === 4) baseline.edit(workspace, { retentionInDays: 7 });
    });

    expect(rounds).toBe(4);
    expect(baseline.dependencies.arm.body(workspace)).toMatchObject({
      tags: { owner: 'other' },
      properties: { retentionInDays: 30 },
    });
    expect(await standing()).toEqual({ [OWNER]: ['refused', 'WriterConflict'] });
    expect(await baseline.reasonsOf('writer conflict')).toHaveLength(1);
    expect((await baseline.reasonsOf('refused')).filter((reason) => reason.includes('retentionInDays'))).toEqual([]);
  });

  it('ends for good when the other writer gives in', async () => {
    await baseline.provision();
    await baseline.fight(workspace, steal);
    baseline.retag(workspace, { owner: 'net' });
    await baseline.scan();

    expect(await standing()).toEqual({});
    expect(await baseline.reasonsOf('drift gone')).toHaveLength(1);
  });

  it('does not bind a person who reconciles', async () => {
    await baseline.provision();
    await baseline.fight(workspace, steal);
    await baseline.reconciling.record('reconcile', 'ann');
    await baseline.reconciling.settle();

    expect(baseline.dependencies.arm.body(workspace)?.tags).toMatchObject({ owner: 'net' });
  });

  it('is taken up again after a day', async () => {
    await baseline.provision();
    await baseline.fight(workspace, steal);
    baseline.reconciling.pass(24 * HOUR_SECONDS);
    await baseline.scan();

    expect(baseline.dependencies.arm.body(workspace)?.tags).toMatchObject({ owner: 'net' });
  });

  it('hides nothing that is to be approved', async () => {
    await baseline.provision({ drift: { mode: 'act', policies: [{ path: RETENTION, policy: 'approve' }] } });
    await baseline.fight(workspace, steal);
    baseline.edit(workspace, { retentionInDays: 7 });
    await baseline.scan();

    expect(await standing()).toEqual({
      [OWNER]: ['refused', 'WriterConflict'],
      [RETENTION]: ['waiting', 'approval'],
    });
    expect((await baseline.reconciling.head()).approvals).toHaveLength(1);
  });
});

describe('a part of a resource that is to be approved', () => {
  const policies = [{ path: RETENTION, policy: 'approve' }];

  it('is told as what comes after the rest, while that waits', async () => {
    await baseline.provision({ drift: { mode: 'act', policies }, budgets: { perRun: 0, perDay: 0 } });
    baseline.edit(workspace, { retentionInDays: 7 });
    steal();
    const id = await baseline.scan();

    expect(await standing()).toEqual({ [OWNER]: ['waiting', 'budget'], [RETENTION]: ['waiting', 'rest'] });
    const found = (await baseline.linesOf(id)).filter(({ decision }) => decision === 'drift found');
    expect(found.map(({ before }) => before)).toEqual(
      expect.arrayContaining([{ [OWNER]: 'other' }, { [RETENTION]: 7 }]),
    );
    expect(await baseline.reasonsOf('compared')).toContainEqual(
      expect.stringContaining('2 differences in 1 resource (2 waiting)'),
    );
  });

  it('is asked about when the rest is written, and is gone when somebody undoes it', async () => {
    await baseline.provision({ drift: { mode: 'act', policies } });
    baseline.edit(workspace, { retentionInDays: 7 });
    steal();
    await baseline.scan();
    expect(await standing()).toEqual({ [RETENTION]: ['waiting', 'approval'] });

    baseline.edit(workspace, { retentionInDays: 30 });
    await baseline.scan();
    expect(await standing()).toEqual({});
  });
});

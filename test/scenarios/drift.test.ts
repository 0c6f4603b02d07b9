import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { formatPath, getAt, parsePath } from '../../lib/plan/property-path.ts';
import { operationOf, planOf } from '../support/baseline-scenario.ts';
import { driftOf, linesOf, loseEvents, propertyName, scan, untilOver } from '../support/drift-scenario.ts';
import { type DriftFate, driftSpec, inject, injectedDrifts, resourceOf } from '../support/drifts.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { Stage } from '../support/stage.ts';

/** A day of simulated time, minute by minute, takes its wall time on a busy machine. */
const PATIENCE_MS = 300_000;

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'drift' });
});

afterAll(() => environment?.stop());

function namesOf(stage: Stage, ...fates: readonly DriftFate[]): readonly string[] {
  return injectedDrifts
    .filter(({ fate }) => fates.includes(fate))
    .flatMap((drift) =>
      [drift.path, ...(drift.morePaths ?? [])].map((path) => propertyName(resourceOf(stage, drift), path)),
    )
    .sort();
}

/** The value at a path, of which the last part may be a member of a set of texts. */
function entryAt(body: Json, path: string): Json | undefined {
  const segments = parsePath(path);
  const around = getAt(body, formatPath(segments.slice(0, -1)));
  const last = segments.at(-1);
  if (!Array.isArray(around) || last?.type !== 'entry') return getAt(body, path);
  return around.find((member) => member === last.key) ?? getAt(body, path);
}

/** An entry without what moves with every write of its resource; fails when there is none. */
function withoutState(entry: Json | undefined): Json {
  if (entry === undefined) throw new Error('The entry is not there.');
  if (!isJsonObject(entry)) return entry;
  const { etag: _, ...rest } = entry;
  return rest;
}

/** Entries that others add, as a person names them. */
function listedNames(stage: Stage): readonly string[] {
  return injectedDrifts
    .flatMap((drift) => {
      const paths = [drift.fate === 'listed' ? drift.path : undefined, drift.listedPath];
      return paths.flatMap((path) => (path === undefined ? [] : [propertyName(resourceOf(stage, drift), path)]));
    })
    .sort();
}

describe('more than forty changes behind its back', () => {
  it(
    'ours are found and handled by their policies, all others are left alone',
    async () => {
      const stage = await Stage.open(environment);
      await loseEvents(stage);
      const provisioned = await stage.provision(driftSpec(stage));
      expect({ state: provisioned.state, errors: provisioned.errors }).toEqual({ state: 'succeeded', errors: [] });
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
      expect(injectedDrifts.length).toBeGreaterThanOrEqual(40);
      const before = await stage.world();
      await scan(stage);
      await inject(stage, injectedDrifts);
      const drifted = await stage.world();

      await scan(stage);
      // What Azure shows only one by one is read in the course of a day.
      await environment.advance(24 * 3_600);
      const scanned = await scan(stage);

      // What the spec says to ignore is known, and not worth a line.
      const found = (await linesOf(stage, 'drift found')).map(({ resource, before: was, after: is }) =>
        propertyName(resource ?? '', Object.keys({ ...Object(was), ...Object(is) })[0]),
      );
      expect([...found].sort()).toEqual(namesOf(stage, 'putRight', 'waits', 'reported'));
      expect(scanned).toMatchObject({ state: 'waiting', errors: [] });
      const { drifts, foreignEntries } = await driftOf(stage);
      expect(foreignEntries.map(({ id, path }) => propertyName(id, path)).sort()).toEqual(listedNames(stage));
      const told = (await linesOf(stage, 'foreign entry found')).map(({ resource, reason }) =>
        propertyName(resource ?? '', /added (\S+?)[:.] /.exec(reason)?.[1]),
      );
      expect([...told].sort()).toEqual(listedNames(stage));
      const named = (policy: string) =>
        drifts
          .filter((drift) => drift.policy === policy)
          .map(({ id, path }) => propertyName(id, path))
          .sort();
      expect(named('report')).toEqual(namesOf(stage, 'reported'));
      expect(named('ignore')).toEqual(namesOf(stage, 'ignored'));
      expect(named('approve')).toEqual(namesOf(stage, 'waits'));
      expect(named('enforce')).toEqual([]);

      const waiting = (await operationOf(environment, scanned.id)).nodes.find(
        ({ waitingFor }) => waitingFor !== undefined,
      );
      await stage.approve(waiting?.waitingFor?.planHash ?? '');
      const ended = await untilOver(stage, scanned.id);

      expect({ state: ended.state, errors: ended.errors }).toEqual({ state: 'succeeded', errors: [] });
      const plan = await planOf(environment, stage.name);
      expect(plan.changes).toEqual([]);
      const left = injectedDrifts.filter(({ fate }) => fate === 'reported' || fate === 'ignored');
      expect(new Set(plan.refused.map(({ id }) => id.toLowerCase()))).toEqual(
        new Set(left.map((drift) => resourceOf(stage, drift).toLowerCase())),
      );
      for (const { why } of plan.refused) expect(why).toMatch(/'(report|ignore)'/);
      const after = await stage.world();
      const stay = injectedDrifts.flatMap((drift) => {
        const paths = [drift.fate === 'listed' ? drift.path : undefined, drift.listedPath, drift.keptPath];
        return paths.flatMap((path) => (path === undefined ? [] : [{ id: resourceOf(stage, drift), path }]));
      });
      expect(stay.length).toBeGreaterThanOrEqual(6);
      for (const { id, path } of stay) {
        const valueIn = (world: typeof after) => entryAt(JSON.parse(JSON.stringify(world.get(id.toLowerCase()))), path);
        expect(withoutState(valueIn(after))).toEqual(withoutState(valueIn(drifted)));
      }
      for (const drift of injectedDrifts) {
        const id = resourceOf(stage, drift).toLowerCase();
        const isThere = after.has(id);
        expect({ id, isThere }).toEqual({ id, isThere: true });
        if (drift.fate === 'reported' || drift.fate === 'ignored')
          expect(after.get(id)?.tags).toEqual(
            drift.path?.startsWith('tags') ? drifted.get(id)?.tags : before.get(id)?.tags,
          );
      }
    },
    PATIENCE_MS,
  );
});

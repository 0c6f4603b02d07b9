/**
 * How many calls to Azure comparing a baseline at rest costs: a scheduled scan, one that reads everything, and a look at
 * a resource that an event named. Run: `node bench/drift-scan.ts`. Azure is in memory: only counts are taken. Writes
 * `bench/results/drift-scan.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { resolve } from '../lib/baseline/resolve.ts';
import { baselineSpec } from '../lib/baseline/spec.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { makePlan, type PlanRequest } from '../lib/reconcile/make-plan.ts';
import { WorldInMemory } from '../test/support/applied-plan.ts';
import { memoryDependencies } from '../test/support/memory-dependencies.ts';
import { specWithSpokes } from './support/spoke-specs.ts';

const SIZES = [50, 500, 5_000];
/** The default schedule. */
const SCANS_PER_DAY = 24;
/** What a page of a list is taken to hold, on the low side. */
const RESOURCES_PER_PAGE = 50;
const START_MS = Date.parse('2026-11-20T00:00:00Z');

interface Reads {
  readonly gets: number;
  readonly listPages: number;
  readonly all: number;
}

/** The spec with the fewest spokes that makes at least so many resources. */
function specOfSize(resources: number) {
  const nodesWith = (spokes: number) => new WorldInMemory(resolvedWith(spokes)).graph.nodes.length;
  const perSpoke = nodesWith(2) - nodesWith(1);
  return resolvedWith(Math.max(1, Math.ceil((resources - nodesWith(0)) / perSpoke)));
}

function resolvedWith(spokes: number) {
  const own = parse(specWithSpokes(spokes)) as { readonly spokes: readonly JsonObject[] };
  // Ten dot something ends at 255 networks: smaller ones have room for more.
  const placed = own.spokes.map((spoke, at) => ({
    ...spoke,
    network: { addressPrefixes: [`10.${100 + Math.floor(at / 16)}.${(at % 16) * 16}.0/20`] },
  }));
  return resolve(baselineSpec.parse({ ...own, spokes: placed }));
}

/** A baseline at rest, with everything as it was written. */
async function atRest(resources: number) {
  const dependencies = memoryDependencies();
  const resolved = specOfSize(resources);
  const world = new WorldInMemory(resolved);
  world.apply(world.plan());
  const { nodes, baseline } = world.graph;
  for (const { id, kind } of nodes) {
    const body = world.bodyOf(id) ?? {};
    const inside = nodes.filter(
      (other) => kind === 'virtualNetwork' && other.id.startsWith(`${id}/virtualNetworkPeerings/`),
    );
    const peerings = inside.map((peering) => ({
      ...world.bodyOf(peering.id),
      name: peering.id.split('/').at(-1) ?? '',
    }));
    const properties = isJsonObject(body.properties) ? body.properties : {};
    dependencies.arm.put(
      id,
      kind === 'virtualNetwork' ? { ...body, properties: { ...properties, virtualNetworkPeerings: peerings } } : body,
    );
  }
  await dependencies.ledger.write(baseline, world.input().ledger);

  let gets = 0;
  let listPages = 0;
  const { arm } = dependencies;
  const [send, list] = [arm.send.bind(arm), arm.list.bind(arm)];
  arm.send = async (request) => {
    gets += 1;
    return send(request);
  };
  arm.list = async (path) => {
    const found = await list(path);
    listPages += Math.max(1, Math.ceil(found.length / RESOURCES_PER_PAGE));
    return found;
  };
  const reads = async (nowMs: number, more: Pick<PlanRequest, 'hints' | 'scan'>): Promise<Reads> => {
    gets = 0;
    listPages = 0;
    const { plan, rotation } = await makePlan(dependencies, {
      baseline,
      resolved,
      specVersion: 1,
      adjustments: [],
      nowIso: new Date(nowMs).toISOString(),
      rules: { reactionRules: [], attended: true, specIsApplied: true, approvalFrom: 'destructive' },
      ...more,
    });
    // As a run does when it has adopted the plan.
    if (rotation !== undefined) await dependencies.rotation.write(baseline, rotation);
    if (plan.changes.length > 0)
      throw new Error(`It is not at rest: ${plan.changes[0]?.id} ${plan.changes[0]?.reason}`);
    return { gets, listPages, all: gets + listPages };
  };
  return { nodes, reads };
}

const rows = [];
for (const size of SIZES) {
  const { nodes, reads } = await atRest(size);
  const whole = await reads(START_MS, {});
  const scans: Reads[] = [];
  for (let hour = 1; hour <= 2 * SCANS_PER_DAY; hour++)
    scans.push(
      await reads(START_MS + hour * 3_600_000, {
        scan: { readsEverything: false, alwaysRead: [], findsUnmanaged: true },
      }),
    );
  const lastDay = scans.slice(-SCANS_PER_DAY);
  const network = nodes.find(({ kind }) => kind === 'routeTable')?.id ?? '';
  const hint = {
    resource: network,
    action: 'write' as const,
    at: new Date(START_MS).toISOString(),
    author: null,
    correlationId: null,
  };
  rows.push({
    resources: nodes.length,
    readOneByOne: nodes.filter(({ kind }) => kind === 'diagnosticSetting').length,
    everythingReads: whole.all,
    scheduledScanReads: {
      lists: lastDay[0]?.listPages ?? 0,
      most: Math.max(...lastDay.map(({ all }) => all)),
      mean: Math.round(lastDay.reduce((sum, { all }) => sum + all, 0) / lastDay.length),
    },
    eventReads: (await reads(START_MS, { hints: [hint] })).all,
  });
}

const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'drift-scan.json'), `${JSON.stringify({ scansPerDay: SCANS_PER_DAY, rows }, null, 2)}\n`);
console.table(rows.map(({ scheduledScanReads, ...row }) => ({ ...row, ...scheduledScanReads })));

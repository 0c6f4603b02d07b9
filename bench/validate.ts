/**
 * How long validation takes: for each document of the invalid corpus, and for valid specs of 10 to 320 spokes. Figures
 * are ratios to a parse of the base document by the yaml package on the same machine, so that they compare across
 * machines. Run with `node bench/validate.ts`; writes bench/results/validate.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { BaselineSpecInput } from '../lib/baseline/spec.ts';
import { validateSpecDocument } from '../lib/baseline/validate.ts';
import { baseSpec } from '../test/support/base-spec.ts';
import { changed, invalidSpecs } from '../test/support/invalid-specs.ts';
import { unreadableDocuments } from '../test/support/unreadable-documents.ts';

const options = { todayIso: '2026-11-20' };
const spokeCounts = [10, 20, 40, 80, 160, 320];
const repeats = 15;

interface Sample {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Least of several runs, in milliseconds: what the work costs without what else the machine does. */
function leastMs(work: () => unknown, runs: number = repeats): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function sample(spec: unknown): Sample {
  return { bytes: new TextEncoder().encode(stringify(spec)), contentType: 'application/yaml' };
}

const validate = ({ bytes, contentType }: Sample) => validateSpecDocument(bytes, contentType, options);

/** The base spec with so many spokes, a cluster in every second one. */
function withSpokes(count: number): BaselineSpecInput {
  const base = baseSpec();
  const spokes = Array.from({ length: count }, (_, index) => {
    const block = `10.${(index >> 4) + 1}.${(index & 15) * 16}.0/20`;
    const nodes = { name: 'snet-nodes', purpose: 'nodes' as const };
    const vms = { name: 'snet-vms', purpose: 'general' as const };
    const cluster = { nodePools: [{ name: 'system', mode: 'System' as const, maxCount: 5 }] };
    const network = { addressPrefixes: [block] };
    return index % 2 === 0
      ? { name: `s${index}`, network, subnets: [nodes, vms], cluster }
      : { name: `s${index}`, network, subnets: [vms] };
  });
  return { ...base, hub: { ...base.hub, privateDnsZones: [] }, spokes, spokeToSpokePeerings: [] };
}

const round = (value: number) => Math.round(value * 100) / 100;

const baseText = stringify(baseSpec());
for (let run = 0; run < 50; run += 1) parse(baseText);
const unitMs = leastMs(() => parse(baseText), 50);

const invalid = [
  ...invalidSpecs.map(({ code, what, changes }) => ({
    name: what === undefined ? code : `${code}: ${what}`,
    ...sample(changed(changes)),
  })),
  ...unreadableDocuments.map(({ code, what, bytes, contentType }) => ({
    name: `${code}: ${what}`,
    bytes,
    contentType,
  })),
].map((entry) => ({
  name: entry.name,
  bytes: entry.bytes.byteLength,
  parses: round(leastMs(() => validate(entry), 5) / unitMs),
}));

const growth = spokeCounts.map((spokes) => {
  const document = sample(withSpokes(spokes));
  const result = validate(document);
  if (!result.ok) throw new Error(`the spec of ${spokes} spokes is refused: ${result.violations[0]?.message}`);
  return { spokes, bytes: document.bytes.byteLength, parses: leastMs(() => validate(document), 7) / unitMs };
});

const bySize = [...invalid].sort((a, b) => a.parses - b.parses);
const results = {
  unit: 'parses of the base document by the yaml package',
  base: { bytes: baseText.length, parses: round(leastMs(() => validate(sample(baseSpec()))) / unitMs) },
  invalid: {
    documents: invalid.length,
    median: bySize[Math.floor(bySize.length / 2)]?.parses,
    slowest: bySize.slice(-5).reverse(),
  },
  // A factor of 2 for twice the spokes is linear growth.
  growth: growth.map(({ spokes, bytes, parses }, index) => ({
    spokes,
    bytes,
    parses: round(parses),
    factor: index === 0 ? undefined : round(parses / (growth[index - 1]?.parses ?? parses)),
  })),
};

mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
writeFileSync(new URL('./results/validate.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { functionsCore } from '../local/host/core.ts';
import { loadApp } from '../local/host/load-app.ts';

// How long the built app takes to load, which is the part of a cold start that is ours:
//     npm run build && node bench/load-time.ts [--app dist/main.cjs] [--runs 11] [--at-most MILLISECONDS]
// Each run is a process of its own. With --at-most the exit code is 1 when the median is above it. The ratio to an app
// that loads nothing but the two Functions packages, which compares between machines, goes to results/load-time.json.

const root = resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    app: { type: 'string', default: join(root, 'dist/main.cjs') },
    runs: { type: 'string', default: '11' },
    'at-most': { type: 'string' },
    once: { type: 'boolean', default: false },
  },
});

interface Measured {
  readonly loadMs: number;
  readonly functions: number;
}

function measureHere(): Measured {
  const startMs = performance.now();
  loadApp(options.app);
  return { loadMs: performance.now() - startMs, functions: functionsCore.registrations().length };
}

function measureInNewProcess(app: string): Measured {
  const output = execFileSync(process.execPath, [import.meta.filename, '--once', '--app', app], { encoding: 'utf8' });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

/** Builds an app that loads the two Functions packages alone, as the product is built. */
function buildLeastApp(folder: string): string {
  const entryFile = join(root, 'bench/support/functions-only-app.ts');
  const build = join(root, 'scripts/build.ts');
  execFileSync(process.execPath, [build, '--app', entryFile, '--output', folder, '--no-cli']);
  return join(folder, 'main.cjs');
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function sortedLoads(measured: readonly Measured[]): readonly number[] {
  return measured.map(({ loadMs }) => loadMs).sort((a, b) => a - b);
}

function main(): void {
  if (options.once) {
    console.log(JSON.stringify(measureHere()));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-bench-'));
  const leastApp = buildLeastApp(folder);
  // In turns, so that whatever else the machine does meets both.
  const pairs = Array.from(
    { length: Number(options.runs) },
    () => [measureInNewProcess(options.app), measureInNewProcess(leastApp)] as const,
  );
  rmSync(folder, { recursive: true, force: true });
  const measured = pairs.map(([product]) => product);
  const sorted = sortedLoads(measured);
  const medianMs = Math.round(median(sorted));
  // The fastest of each: the others were disturbed.
  const [fastest = 0] = sorted;
  const [fastestOfLeast = 1] = sortedLoads(pairs.map(([, least]) => least));
  const ratio = Math.round((fastest / fastestOfLeast) * 100) / 100;
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const result = {
    functions: measured[0]?.functions ?? 0,
    medianMs,
    leastMs: Math.round(least),
    mostMs: Math.round(most),
    toFunctionsPackagesAlone: ratio,
  };
  console.log(JSON.stringify(result));
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  const written = {
    meaning: {
      toFunctionsPackagesAlone: 'fastest load over that of an app which loads the two Functions packages alone',
    },
    functions: result.functions,
    toFunctionsPackagesAlone: ratio,
  };
  writeFileSync(join(results, 'load-time.json'), `${JSON.stringify(written, null, 2)}\n`);
  const bound = options['at-most'];
  if (bound !== undefined && medianMs > Number(bound)) process.exitCode = 1;
}

main();

import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { functionsCore } from '../local/host/core.ts';
import { loadApp } from '../local/host/load-app.ts';

// How long the built app takes to load, which is the part of a cold start that is ours:
//     npm run build && node bench/load-time.ts [--app dist/main.cjs] [--runs 11] [--at-most MILLISECONDS]
// Each run is a process of its own. With --at-most the exit code is 1 when the median is above it.

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

function measureInNewProcess(): Measured {
  const output = execFileSync(process.execPath, [import.meta.filename, '--once', '--app', options.app], {
    encoding: 'utf8',
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

function main(): void {
  if (options.once) {
    console.log(JSON.stringify(measureHere()));
    return;
  }
  const measured = Array.from({ length: Number(options.runs) }, measureInNewProcess);
  const sorted = measured.map(({ loadMs }) => loadMs).sort((a, b) => a - b);
  const medianMs = Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const result = {
    functions: measured[0]?.functions ?? 0,
    medianMs,
    leastMs: Math.round(least),
    mostMs: Math.round(most),
  };
  console.log(JSON.stringify(result));
  const bound = options['at-most'];
  if (bound !== undefined && medianMs > Number(bound)) process.exitCode = 1;
}

main();

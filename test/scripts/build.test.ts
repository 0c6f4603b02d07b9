import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = process.cwd();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubkeeper-build-'));
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app/heavy-module.ts'), "console.log('module evaluated'); export class Heavy {}\n");
  writeFileSync(
    join(folder, 'app/heavy-package.cjs'),
    "console.log('package evaluated'); exports.Heavy = class Heavy {};\n",
  );
  writeFileSync(
    join(folder, 'app/index.ts'),
    `console.log('app evaluated');
     export async function load(): Promise<string> {
       const first = await import('./heavy-module.ts');
       const second = await import('./heavy-package.cjs');
       return first.Heavy.name + second.Heavy.name;
     }
     try { require('@azure/functions-core'); } catch { console.log('nobody supplied the core'); }
    `,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runNode(...parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function build(): string {
  const options = ['--app', join(folder, 'app/index.ts'), '--output', join(folder, 'dist'), '--no-cli'];
  return runNode(join(root, 'scripts/build.ts'), ...options);
}

describe('build', () => {
  it('evaluates what is imported dynamically when it is asked for, not at start-up', () => {
    build();

    const script = `const app = require(${JSON.stringify(join(folder, 'dist/main.cjs'))});
      console.log('started');
      app.load().then((names) => console.log(names));`;

    expect(runNode('--eval', script).trim().split('\n')).toEqual([
      'app evaluated',
      'nobody supplied the core',
      'started',
      'module evaluated',
      'package evaluated',
      'HeavyHeavy',
    ]);
  });

  it('makes a folder that can be deployed as it is', () => {
    build();

    expect(JSON.parse(readFileSync(join(folder, 'dist/package.json'), 'utf8'))).toEqual({
      name: 'hubkeeper',
      version: expect.any(String),
      private: true,
      type: 'commonjs',
      main: 'main.cjs',
    });
    expect(readFileSync(join(folder, 'dist/host.json'), 'utf8')).toBe(readFileSync('host.json', 'utf8'));
  });

  it('does nothing while the sources are the same, and builds again when one changes', () => {
    build();
    const file = join(folder, 'dist/main.cjs');
    const { mtimeNs } = statSync(file, { bigint: true });

    expect(build()).toBe('');
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs);

    writeFileSync(join(folder, 'app/heavy-module.ts'), 'export class Light {}; export class Heavy {}\n');
    expect(build()).not.toBe('');
    expect(readFileSync(file, 'utf8')).toContain('Light');
  });
});

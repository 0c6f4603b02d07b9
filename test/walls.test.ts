import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = process.cwd();
const CONFIGURATION = '.dependency-cruiser.cjs';

/** For each wall, files that break it and nothing else. */
const BREACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': {
    'lib/azure/a.ts': "import { b } from './b.ts'; export const a = () => b;",
    'lib/azure/b.ts': "import { a } from './a.ts'; export const b = () => a;",
  },
  resolvable: { 'lib/azure/a.ts': "import './missing.ts';" },
  'no-development-packages-in-the-product': { 'lib/azure/a.ts': "import 'jest';" },
  'lib-knows-nobody-above': {
    'lib/azure/a.ts': "import '../../orchestrations/o.ts';",
    'orchestrations/o.ts': 'export const o = 1;',
  },
  'orchestrations-know-no-functions': {
    'orchestrations/o.ts': "import type { F } from '../functions/f.ts'; export type O = F;",
    'functions/f.ts': 'export type F = 1;',
  },
  'functions-know-no-tests': {
    'functions/f.ts': "import '../test/t.ts';",
    'test/t.ts': 'export const t = 1;',
  },
  'product-knows-no-local': {
    'lib/azure/a.ts': "export const load = () => import('../../local/l.ts');",
    'local/l.ts': 'export const l = 1;',
  },
  'local-knows-no-product': {
    'local/l.ts': "import type { A } from '../lib/azure/a.ts'; export type L = A;",
    'lib/azure/a.ts': 'export type A = 1;',
  },
  'plan-knows-no-azure': {
    'lib/plan/p.ts': "import type { TokenCredential } from '@azure/core-auth'; export type P = TokenCredential;",
  },
  'plan-stands-alone': {
    'lib/plan/p.ts': "import { b } from '../baseline/b.ts'; export const p = b;",
    'lib/baseline/b.ts': 'export const b = 1;',
  },
  'state-knows-no-reconciler': {
    'lib/state/s.ts': "import type { R } from '../reconcile/r.ts'; export type S = R;",
    'lib/reconcile/r.ts': 'export type R = 1;',
  },
  'decisions-know-no-azure': { 'lib/egress/e.ts': "import '@azure/core-auth';" },
  'decisions-touch-no-adapter': {
    'lib/baseline/b.ts': "import { a } from '../azure/a.ts'; export const b = a;",
    'lib/azure/a.ts': 'export const a = 1;',
  },
  'decisions-touch-no-world': {
    'lib/ingress/i.ts': "import { readFileSync } from 'node:fs'; export const i = readFileSync;",
  },
  'orchestrators-touch-nothing': {
    'orchestrations/o.ts': "import { randomUUID } from 'node:crypto'; export const o = randomUUID;",
  },
};

/** What may be imported across folders. */
const ALLOWED: Readonly<Record<string, string>> = {
  'functions/f.ts': "import { o } from '../orchestrations/o.ts'; import '@azure/functions'; export const f = o;",
  'orchestrations/o.ts': "import { p } from '../lib/plan/p.ts'; export const o = p;",
  'orchestrations/activities/a.ts':
    "import { createHash } from 'node:crypto'; import { z } from '../../lib/azure/z.ts'; export const a = [createHash, z];",
  'lib/plan/p.ts': "import type { Json } from '../json.ts'; export const p: Json = 1;",
  'lib/baseline/b.ts':
    "import { p } from '../plan/p.ts'; import { createHash } from 'node:crypto'; export const b = [p, createHash];",
  'lib/azure/z.ts': "import '@azure/core-auth'; import { b } from '../baseline/b.ts'; export const z = b;",
  'lib/azure/x.ts': "import type { Y } from './y.ts'; export const x = (y: Y) => y;",
  'lib/azure/y.ts': "import { x } from './x.ts'; export type Y = 1; export const y = () => x;",
  'lib/json.ts': 'export type Json = number;',
  'local/l.ts': "import { createServer } from 'node:http'; export const l = createServer;",
};

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'hubkeeper-walls-'));
  for (const file of [CONFIGURATION, 'package.json']) cpSync(join(root, file), join(tree, file));
  for (const folder of ['functions', 'orchestrations', 'lib', 'local']) mkdirSync(join(tree, folder));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

function plant(files: Readonly<Record<string, string>>): void {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(join(tree, dirname(file)), { recursive: true });
    writeFileSync(join(tree, file), source);
  }
}

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string } }[];
    readonly totalCruised: number;
  };
}

function report(): Report['summary'] {
  const checker = join(root, 'node_modules/.bin/depcruise');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [checker, '--config', CONFIGURATION, '--output-type', 'json', 'functions', 'orchestrations', 'lib', 'local'],
    { cwd: tree, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(`The checker did not run: ${stderr}`);
  const { summary }: Report = JSON.parse(stdout);
  return summary;
}

describe('import walls', () => {
  it.each(Object.entries(BREACHES))('%s: its breach is found', (name, files) => {
    plant(files);

    expect([...new Set(report().violations.map(({ rule }) => rule.name))]).toEqual([name]);
  });

  it('let through what the layout allows', () => {
    plant(ALLOWED);

    const { violations, totalCruised } = report();

    expect(violations).toEqual([]);
    expect(totalCruised).toBeGreaterThan(Object.keys(ALLOWED).length);
  });

  it('each have a breach here', () => {
    const configuration: { forbidden: { name: string }[] } = createRequire(join(root, 'package.json'))(
      join(root, CONFIGURATION),
    );

    expect(configuration.forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(BREACHES).sort());
  });
});

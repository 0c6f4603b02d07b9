import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

/** Where the deployed files go: nothing else is uploaded. */
const OUTPUT = 'dist';
/** What the bundles are made of. `scripts` is in here because this file decides how they are made. */
const SOURCES = ['functions', 'orchestrations', 'lib', 'scripts'];
const SINGLE_SOURCES = ['host.json', 'package.json', 'package-lock.json', 'tsconfig.json'];
const STAMP = '.sources';

const { values: options } = parseArgs({
  options: {
    app: { type: 'string', default: 'functions/index.ts' },
    cli: { type: 'string', default: 'lib/cli/main.ts' },
    output: { type: 'string', default: OUTPUT },
    force: { type: 'boolean', default: false },
    minify: { type: 'boolean', default: false },
  },
});

const root = resolve(import.meta.dirname, '..');
const output = resolve(root, options.output);

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(emptyWhenAbsent);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function emptyWhenAbsent(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

/** One hash over the names and bytes of everything the bundles depend on. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ ...options, force: false }));
  const folders = new Set([...SOURCES, dirname(options.app), dirname(options.cli)]);
  const listed = await Promise.all([...folders].map((folder) => filesBelow(join(root, folder))));
  const files = [...listed.flat(), ...SINGLE_SOURCES.map((file) => join(root, file))].sort();
  for (const file of new Set(files)) {
    const bytes = await readFile(file);
    hash.update(`${relative(root, file)}\0${bytes.byteLength}\0`).update(bytes);
  }
  return hash.digest('hex');
}

async function isCurrent(hash: string): Promise<boolean> {
  try {
    return (await readFile(join(output, STAMP), 'utf8')) === hash;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Bundles into a folder of its own and then swaps the folders: whoever starts meanwhile never meets half a build. */
async function buildInto(folder: string, hash: string): Promise<void> {
  const packageJson: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = isRecord(packageJson) ? packageJson.version : undefined;
  await Promise.all([
    build({
      absWorkingDir: root,
      entryPoints: [options.app],
      outfile: join(folder, 'main.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      // Supplied by the Functions worker under exactly this name; it is not on npm.
      external: ['@azure/functions-core'],
      sourcemap: 'external',
      keepNames: true,
      minify: options.minify,
      legalComments: 'none',
      logLevel: 'warning',
    }),
    build({
      absWorkingDir: root,
      entryPoints: [options.cli],
      outfile: join(folder, 'hubkeeper.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      sourcemap: 'external',
      keepNames: true,
      legalComments: 'none',
      logLevel: 'warning',
    }),
  ]);
  await chmod(join(folder, 'hubkeeper.cjs'), 0o755);
  await copyFile(join(root, 'host.json'), join(folder, 'host.json'));
  await writeFile(join(folder, '.funcignore'), ['hubkeeper.cjs', '*.map', STAMP, ''].join('\n'));
  const deployed = { name: 'hubkeeper', version, private: true, type: 'commonjs', main: 'main.cjs' };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(deployed, null, 2)}\n`);
  await writeFile(join(folder, STAMP), hash);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const hash = await hashOfSources();
if (options.force || !(await isCurrent(hash))) {
  const fresh = `${output}.${process.pid}.new`;
  const old = `${output}.${process.pid}.old`;
  try {
    await mkdir(fresh, { recursive: true });
    await buildInto(fresh, hash);
    await rename(output, old).catch(emptyWhenAbsent);
    await rename(fresh, output);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  console.log(`Built ${relative(root, output)}/main.cjs and ${relative(root, output)}/hubkeeper.cjs.`);
}

import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build } from 'esbuild';

// Bundles the app and its command line tool into `dist`. `dist` without what `.funcignore` names is what gets deployed.
// Nothing happens when the sources are those of the last build.

const APP = 'functions/index.ts';
const CLI = 'lib/cli/main.ts';
/** What the bundles are made of. `scripts` is in here because this file decides how they are made. */
const SOURCES = ['functions', 'orchestrations', 'lib', 'scripts'];
const SINGLE_SOURCES = ['host.json', 'package.json', 'package-lock.json', 'tsconfig.json'];
const STAMP = '.sources';

const { values: options } = parseArgs({
  options: {
    app: { type: 'string', default: APP },
    'no-cli': { type: 'boolean', default: false },
    output: { type: 'string', default: 'dist' },
    force: { type: 'boolean', default: false },
    minify: { type: 'boolean', default: false },
  },
});

const root = resolve(import.meta.dirname, '..');
const output = resolve(root, options.output);

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  sourcemap: 'external',
  // The SDKs tell errors apart by the names of their classes.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

function emptyWhenAbsent(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(emptyWhenAbsent);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** One hash over the names and bytes of everything the bundles depend on. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ ...options, force: false }));
  const folders = new Set([...SOURCES, dirname(options.app)]);
  const listed = await Promise.all([...folders].map((folder) => filesBelow(resolve(root, folder))));
  const files = new Set([...listed.flat(), ...SINGLE_SOURCES.map((file) => join(root, file))]);
  for (const file of [...files].sort()) {
    const bytes = await readFile(file);
    hash.update(`${relative(root, file)}\0${bytes.byteLength}\0`).update(bytes);
  }
  return hash.digest('hex');
}

async function isCurrent(hash: string): Promise<boolean> {
  const stamp = await readFile(join(output, STAMP), 'utf8').catch(emptyWhenAbsent);
  return stamp === hash;
}

async function bundleApp(folder: string): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: [options.app],
    outfile: join(folder, 'main.cjs'),
    target: 'node22',
    // Supplied by the Functions worker under exactly this name; it is not on npm.
    external: ['@azure/functions-core'],
    minify: options.minify,
  });
  const packageJson: Readonly<Record<string, unknown>> = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { name, version } = packageJson;
  const deployed = { name, version, private: true, type: 'commonjs', main: 'main.cjs' };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(deployed, null, 2)}\n`);
  await copyFile(join(root, 'host.json'), join(folder, 'host.json'));
  await writeFile(join(folder, '.funcignore'), ['hubkeeper.cjs', '*.map', STAMP, ''].join('\n'));
}

async function bundleCli(folder: string): Promise<void> {
  const outfile = join(folder, 'hubkeeper.cjs');
  await build({
    ...COMMON,
    entryPoints: [CLI],
    outfile,
    target: 'node20',
  });
  await chmod(outfile, 0o755);
}

/** Bundles beside the output and moves each file over: whoever starts or builds meanwhile meets no half-written file. */
async function buildAll(hash: string): Promise<void> {
  const fresh = `${output}.${process.pid}.new`;
  try {
    await mkdir(fresh, { recursive: true });
    await mkdir(output, { recursive: true });
    await Promise.all([bundleApp(fresh), options['no-cli'] ? undefined : bundleCli(fresh)]);
    for (const file of await readdir(fresh)) await rename(join(fresh, file), join(output, file));
    // Last, since it says that the rest is complete.
    await writeFile(join(output, STAMP), hash);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const hash = await hashOfSources();
if (options.force || !(await isCurrent(hash))) {
  await buildAll(hash);
  console.log(`Built ${relative(process.cwd(), output)}.`);
}

/** One package of a lockfile, as far as it matters here. */
export interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

/** package-lock.json, version 3. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** An optional package that the lockfile names and does not hold. */
export interface MissingPackage {
  readonly wantedBy: string;
  readonly name: string;
  readonly version: string;
}

const OPERATING_SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Optional packages without an entry where npm looks for one: beside whoever wants them, or further up. */
export function missingPackages({ packages }: Lockfile): readonly MissingPackage[] {
  return Object.entries(packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !placesFor(wantedBy).some((place) => `${place}node_modules/${name}` in packages))
      .map(([name, version]) => ({ wantedBy, name, version })),
  );
}

/** The lockfile with an entry for each missing platform package. @throws for one whose platform its name does not tell. */
export function completeLockfile(lockfile: Lockfile): {
  readonly completed: Lockfile;
  readonly added: readonly string[];
} {
  const missing = missingPackages(lockfile);
  const entries = missing.map((each) => {
    const { dev } = lockfile.packages[each.wantedBy] ?? {};
    return [`node_modules/${each.name}`, { ...entryFor(each), ...(dev === true ? { dev } : {}) }] as const;
  });
  const packages = [...Object.entries(lockfile.packages), ...entries].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { completed: { ...lockfile, packages: Object.fromEntries(packages) }, added: missing.map(({ name }) => name) };
}

function placesFor(wantedBy: string): readonly string[] {
  const places = [''];
  for (let at = wantedBy.indexOf('/node_modules/'); at >= 0; at = wantedBy.indexOf('/node_modules/', at + 1)) {
    places.push(`${wantedBy.slice(0, at)}/`);
  }
  return wantedBy === '' ? places : [...places, `${wantedBy}/`];
}

function entryFor({ name, version }: MissingPackage): LockedPackage {
  const parts = name.split(/[-/]/);
  const system = OPERATING_SYSTEMS.find((each) => parts.includes(each));
  const processor = PROCESSORS.find((each) => parts.includes(each));
  if (system === undefined || processor === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new RangeError(`${name}@${version} is not in the lockfile, and its name does not tell its platform.`);
  }
  const libc = parts.some((part) => part.startsWith('musl')) ? 'musl' : parts.some(isGlibc) ? 'glibc' : undefined;
  return {
    version,
    optional: true,
    os: [system],
    cpu: [processor],
    ...(libc === undefined || system !== 'linux' ? {} : { libc: [libc] }),
  };
}

function isGlibc(part: string): boolean {
  return part.startsWith('gnu');
}

import { createHash } from 'node:crypto';

/** Longest name that Microsoft.Network takes. */
const LONGEST_NAME = 80;

/** The name, or its beginning and a hash of it where it is too long. */
function fitted(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, LONGEST_NAME - hash.length - 1)}-${hash}`;
}

/**
 * Names made by convention, each under a key `kind/conventional name` by which the spec may override it. A conventional
 * name depends on nothing that can itself be overridden, so keys stay the same.
 */
export class NameBook {
  readonly #overrides: Readonly<Record<string, string>>;
  readonly #made = new Map<string, string>();

  constructor(overrides: Readonly<Record<string, string>>) {
    this.#overrides = overrides;
  }

  /** `given`: the name that the spec says in its place; `within`: the parent's name, where children of several share one. */
  name(kind: string, conventional: string, given?: string, within?: string): string {
    const key = [kind, ...(within === undefined ? [] : [within]), fitted(conventional)].join('/');
    const override = Object.hasOwn(this.#overrides, key) ? this.#overrides[key] : undefined;
    const name = override ?? given ?? fitted(conventional);
    this.#made.set(key, name);
    return name;
  }

  get made(): ReadonlyMap<string, string> {
    return new Map(this.#made);
  }
}

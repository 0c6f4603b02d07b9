import { idKey, isBelow } from './arm-path.ts';
import type { Catalogue } from './catalogue.ts';
import { Collection, type Documents } from './documents.ts';
import type { IncomingReference, Reference, StoredResource } from './resource-type.ts';

/** The resources that exist, by id, with who is whose child and who points at whom. */
export class ResourceTable {
  readonly #resources: Collection<StoredResource>;
  readonly #catalogue: Catalogue;
  /** Key of a parent, scope or group to the keys right below it. */
  readonly #children = new Map<string, Set<string>>();
  readonly #ofType = new Map<string, Set<string>>();
  readonly #references = new Map<string, readonly Reference[]>();
  /** Key pointed at to the keys of who points there. */
  readonly #pointing = new Map<string, Set<string>>();

  constructor(documents: Documents, catalogue: Catalogue) {
    this.#resources = new Collection<StoredResource>(documents, 'resources');
    this.#catalogue = catalogue;
    for (const resource of this.#resources.values()) this.#index(resource);
  }

  get(id: string): StoredResource | undefined {
    return this.#resources.get(idKey(id));
  }

  /** In order of creation. */
  all(): readonly StoredResource[] {
    return [...this.#resources.values()];
  }

  list(type: string, withinId?: string): readonly StoredResource[] {
    const within = withinId === undefined ? undefined : idKey(withinId);
    return this.#found(this.#ofType.get(type.toLowerCase())).filter(
      ({ id }) => within === undefined || isBelow(id.key, within),
    );
  }

  children(parentId: string, type?: string): readonly StoredResource[] {
    const wanted = type?.toLowerCase();
    return this.#found(this.#children.get(idKey(parentId))).filter(
      (child) => wanted === undefined || child.id.type.toLowerCase() === wanted,
    );
  }

  /** Everything below an id at any depth, extension resources too. */
  below(id: string): readonly StoredResource[] {
    const key = idKey(id);
    return this.all().filter((resource) => isBelow(resource.id.key, key));
  }

  references(resource: StoredResource): readonly Reference[] {
    return this.#references.get(resource.id.key) ?? [];
  }

  referencedBy(id: string): readonly IncomingReference[] {
    return this.#incoming(idKey(id));
  }

  referencedWithin(id: string): readonly IncomingReference[] {
    const key = idKey(id);
    return [...this.#pointing.keys()]
      .filter((to) => to === key || isBelow(to, key))
      .flatMap((to) => this.#incoming(to));
  }

  put(resource: StoredResource): void {
    this.#resources.set(resource.id.key, resource);
    this.#index(resource);
  }

  remove(id: string): void {
    const resource = this.get(id);
    if (resource === undefined) return;
    const { key, parentId, type } = resource.id;
    this.#resources.delete(key);
    this.#forgetReferences(key);
    this.#ofType.get(type.toLowerCase())?.delete(key);
    if (parentId !== undefined) this.#children.get(idKey(parentId))?.delete(key);
  }

  #index(resource: StoredResource): void {
    const { id, body } = resource;
    addTo(this.#ofType, id.type.toLowerCase(), id.key);
    if (id.parentId !== undefined) addTo(this.#children, idKey(id.parentId), id.key);
    this.#forgetReferences(id.key);
    const references = this.#catalogue.find(id.type)?.references?.(id, body) ?? [];
    this.#references.set(id.key, references);
    for (const { to } of references) addTo(this.#pointing, idKey(to), id.key);
  }

  #forgetReferences(key: string): void {
    for (const { to } of this.#references.get(key) ?? []) {
      const pointing = this.#pointing.get(idKey(to));
      pointing?.delete(key);
      if (pointing?.size === 0) this.#pointing.delete(idKey(to));
    }
    this.#references.delete(key);
  }

  #incoming(toKey: string): readonly IncomingReference[] {
    return this.#found(this.#pointing.get(toKey)).flatMap((resource) =>
      this.references(resource)
        .filter(({ to }) => idKey(to) === toKey)
        .map((reference) => ({ resource, reference })),
    );
  }

  #found(keys: ReadonlySet<string> | undefined): readonly StoredResource[] {
    return [...(keys ?? [])].map((key) => this.#resources.get(key)).filter((found) => found !== undefined);
  }
}

function addTo(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name);
  if (keys === undefined) index.set(name, new Set([key]));
  else keys.add(key);
}

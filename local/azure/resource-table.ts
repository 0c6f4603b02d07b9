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
  readonly #references = new Map<string, readonly Reference[]>();

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
    const wanted = type.toLowerCase();
    const within = withinId === undefined ? undefined : idKey(withinId);
    return this.all().filter(
      ({ id }) => id.type.toLowerCase() === wanted && (within === undefined || isBelow(id.key, within)),
    );
  }

  children(parentId: string, type?: string): readonly StoredResource[] {
    const wanted = type?.toLowerCase();
    return [...(this.#children.get(idKey(parentId)) ?? [])]
      .map((key) => this.#resources.get(key))
      .filter((child) => child !== undefined)
      .filter((child) => wanted === undefined || child.id.type.toLowerCase() === wanted);
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
    const key = idKey(id);
    return this.#incoming((to) => to === key);
  }

  referencedWithin(id: string): readonly IncomingReference[] {
    const key = idKey(id);
    return this.#incoming((to) => to === key || isBelow(to, key));
  }

  put(resource: StoredResource): void {
    this.#resources.set(resource.id.key, resource);
    this.#index(resource);
  }

  remove(id: string): void {
    const resource = this.get(id);
    if (resource === undefined) return;
    this.#resources.delete(resource.id.key);
    this.#references.delete(resource.id.key);
    if (resource.id.parentId !== undefined) this.#children.get(idKey(resource.id.parentId))?.delete(resource.id.key);
  }

  #index(resource: StoredResource): void {
    const { id, body } = resource;
    if (id.parentId !== undefined) {
      const parent = idKey(id.parentId);
      const siblings = this.#children.get(parent) ?? new Set();
      this.#children.set(parent, siblings.add(id.key));
    }
    const references = this.#catalogue.find(id.type)?.references?.(id, body) ?? [];
    this.#references.set(id.key, references);
  }

  #incoming(points: (toKey: string) => boolean): readonly IncomingReference[] {
    const found: IncomingReference[] = [];
    for (const [key, references] of this.#references) {
      const resource = this.#resources.get(key);
      if (resource === undefined) continue;
      for (const reference of references) {
        if (points(idKey(reference.to))) found.push({ resource, reference });
      }
    }
    return found;
  }
}

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { idKey, parseId } from './arm-path.ts';
import type { Catalogue } from './catalogue.ts';
import type { ResourceTable } from './resource-table.ts';
import type { Effect, NewResource, ProvisioningState, StoredResource } from './resource-type.ts';

/** What changed in the end, as resource events tell it. */
export interface ResourceChange {
  readonly kind: 'written' | 'deleted';
  readonly id: string;
  readonly type: string;
  /** The operation that it is a part of, where it is not the whole of one: the deletion of a group, of its members. */
  readonly causedBy?: string;
  readonly atMs: number;
}

/** Writes to the resource table that keep case, etags, creation times and versions of families right. */
export class ResourceChanges {
  readonly #resources: ResourceTable;
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  constructor(resources: ResourceTable, catalogue: Catalogue, clock: Clock) {
    this.#resources = resources;
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  /**
   * Creates or replaces a resource; without a state it keeps the one it has, and a new one is Succeeded. Answers what
   * is stored now.
   */
  put(resource: NewResource, provisioningState?: ProvisioningState, lastOperation?: string): StoredResource {
    const stored = this.#store(resource, provisioningState, lastOperation);
    this.#renewFamily(stored.id.id);
    return this.#resources.get(stored.id.id) ?? stored;
  }

  #store(resource: NewResource, provisioningState?: ProvisioningState, lastOperation?: string): StoredResource {
    const existing = this.#resources.get(resource.id);
    const id = existing?.id ?? parseId(resource.id, this.#catalogue);
    if (id === undefined) throw new Error(`${resource.id} is not the id of a simulated resource.`);
    const nowMs = this.#clock.nowMs();
    const location = resource.location ?? existing?.location;
    const operation = lastOperation ?? existing?.lastOperation;
    const stored: StoredResource = {
      id: existing?.id ?? this.#underStoredParent(id),
      body: resource.body,
      ...(location === undefined ? {} : { location }),
      ...(resource.tags === undefined ? {} : { tags: resource.tags }),
      etag: newEtag(),
      provisioningState: resource.provisioningState ?? provisioningState ?? existing?.provisioningState ?? 'Succeeded',
      ...(operation === undefined ? {} : { lastOperation: operation }),
      createdAtMs: existing?.createdAtMs ?? nowMs,
      changedAtMs: nowMs,
    };
    this.#resources.put(stored);
    return stored;
  }

  /** Removes a resource with all that is below it. */
  remove(id: string): void {
    const resource = this.#resources.get(id);
    if (resource === undefined) return;
    for (const below of this.#resources.below(resource.id.id)) this.#resources.remove(below.id.id);
    this.#resources.remove(resource.id.id);
    if (resource.id.parentId !== undefined) this.#renewFamily(resource.id.parentId);
  }

  setState(id: string, provisioningState: ProvisioningState): void {
    this.setStates([id], provisioningState);
  }

  /** Families get their new version once, however many of their members change. */
  setStates(ids: readonly string[], provisioningState: ProvisioningState): void {
    const changed = ids.filter((id) => this.#changeState(id, provisioningState));
    this.#renewFamilies(changed);
  }

  #changeState(id: string, provisioningState: ProvisioningState): boolean {
    const resource = this.#resources.get(id);
    if (resource === undefined || resource.provisioningState === provisioningState) return false;
    this.#resources.put({ ...resource, provisioningState, etag: newEtag(), changedAtMs: this.#clock.nowMs() });
    return true;
  }

  setTags(id: string, tags: Readonly<Record<string, string>>): void {
    const resource = this.#resources.get(id);
    if (resource === undefined) return;
    this.#resources.put({ ...resource, tags, etag: newEtag(), changedAtMs: this.#clock.nowMs() });
    this.#renewFamily(id);
  }

  /** Answers the ids that were put. */
  apply(effects: readonly Effect[], provisioningState?: ProvisioningState, lastOperation?: string): readonly string[] {
    const put: string[] = [];
    for (const effect of effects) {
      if (effect.kind === 'delete') this.remove(effect.id);
      else put.push(this.#store(effect.resource, provisioningState, lastOperation).id.id);
    }
    this.#renewFamilies(put);
    return put;
  }

  /** The top resource whose version a resource shares; itself if it has a version of its own. */
  familyRoot(id: string): string {
    const resource = this.#resources.get(id);
    if (resource === undefined || this.#catalogue.find(resource.id.type)?.etag !== 'family') return id;
    const { parentId } = resource.id;
    if (parentId === undefined) return id;
    const parent = this.#resources.get(parentId);
    if (parent === undefined || this.#catalogue.find(parent.id.type)?.etag !== 'family') return id;
    return this.familyRoot(parent.id.id);
  }

  /** A child's id begins with its parent's as first given, whatever case the request had. */
  #underStoredParent(id: StoredResource['id']): StoredResource['id'] {
    const above = id.parentId ?? id.scopeId ?? groupOf(id);
    const parent = above === undefined ? undefined : this.#resources.get(above);
    if (parent === undefined || above === undefined) return id;
    return {
      ...id,
      id: `${parent.id.id}${id.id.slice(above.length)}`,
      ...(id.resourceGroup === undefined ? {} : { resourceGroup: parent.id.resourceGroup ?? id.resourceGroup }),
      ...(id.parentId === undefined ? {} : { parentId: parent.id.id }),
      ...(id.scopeId === undefined ? {} : { scopeId: parent.id.id }),
    };
  }

  #renewFamilies(ids: readonly string[]): void {
    for (const root of new Set(ids.map((id) => this.familyRoot(id)))) this.#renewFamily(root);
  }

  #renewFamily(id: string): void {
    const root = this.#resources.get(this.familyRoot(id));
    if (root === undefined || this.#catalogue.find(root.id.type)?.etag !== 'family') return;
    const etag = newEtag();
    this.#resources.put({ ...root, etag });
    for (const member of this.#resources.below(root.id.id)) {
      if (this.#catalogue.find(member.id.type)?.etag === 'family') this.#resources.put({ ...member, etag });
    }
  }
}

function newEtag(): string {
  return `W/"${randomUUID()}"`;
}

/** Id of the resource group that a resource sits in directly. */
function groupOf(id: StoredResource['id']): string | undefined {
  if (id.resourceGroup === undefined || id.type === 'Microsoft.Resources/resourceGroups') return undefined;
  const group = `/subscriptions/${id.subscription}/resourceGroups/${id.resourceGroup}`;
  return idKey(id.id).startsWith(`${idKey(group)}/`) ? group : undefined;
}

import type { Json, JsonObject } from '../../json.ts';
import { isJsonObject } from '../../json.ts';
import type { Effect, StoredResource, World } from '../../resource-type.ts';
import { objectAt, textAt, valueAt, without, withoutNulls } from './fields.ts';
import { sameName } from './ids.ts';

/** A child as a body carries it inline, or as it is stored. */
export interface ChildDraft {
  readonly name: string;
  readonly properties: JsonObject;
}

/** Collection of inline children: `undefined` where the body does not have it, which is not the same as an empty one. */
export function draftsIn(body: JsonObject, collection: string): readonly ChildDraft[] | undefined {
  const items = valueAt(body, 'properties', collection);
  if (!Array.isArray(items)) return undefined;
  return items.filter(isJsonObject).map((item: JsonObject) => ({
    name: textAt(item, 'name') ?? '',
    properties: propertiesOf(item),
  }));
}

/** Properties as stored: without nulls and without what only the service sets. */
export function propertiesOf(item: Json, ...readOnly: readonly string[]): JsonObject {
  const clean = withoutNulls(objectAt(item, 'properties'));
  return isJsonObject(clean) ? without(clean, 'provisioningState', 'resourceGuid', ...readOnly) : {};
}

export function storedDrafts(parentId: string, type: string, world: World): readonly ChildDraft[] {
  return world.children(parentId, type).map(draftOf);
}

function draftOf(child: StoredResource): ChildDraft {
  return { name: child.id.name, properties: objectAt(child.body, 'properties') };
}

/** The stored children with one replaced or added. */
export function withDraft(drafts: readonly ChildDraft[], draft: ChildDraft): readonly ChildDraft[] {
  return [...drafts.filter(({ name }) => !sameName(name, draft.name)), draft];
}

export function withoutDraft(drafts: readonly ChildDraft[], gone: string): readonly ChildDraft[] {
  return drafts.filter(({ name }) => !sameName(name, gone));
}

/** Stored children that a full body leaves out: to be deleted. */
export function droppedChildren(
  parentId: string,
  type: string,
  drafts: readonly ChildDraft[],
  world: World,
): readonly StoredResource[] {
  return world.children(parentId, type).filter((child) => !drafts.some(({ name }) => sameName(name, child.id.name)));
}

/** What a full body does to the children it lists and to those it leaves out. */
export function childEffects(
  parentId: string,
  type: string,
  drafts: readonly ChildDraft[],
  world: World,
  bodyOf: (draft: ChildDraft, id: string) => JsonObject,
): readonly Effect[] {
  const collection = type.slice(type.lastIndexOf('/') + 1);
  const puts = drafts.map((draft): Effect => {
    const id = `${parentId}/${collection}/${draft.name}`;
    return { kind: 'put', resource: { id, body: bodyOf(draft, id) } };
  });
  const deletes = droppedChildren(parentId, type, drafts, world).map(
    (child): Effect => ({ kind: 'delete', id: child.id.id }),
  );
  return [...deletes, ...puts];
}

/** A child inside its parent's body: id, name, etag, type and its own state added. */
export function inlineChild(child: StoredResource, properties: JsonObject): JsonObject {
  return {
    name: child.id.name,
    id: child.id.id,
    etag: child.etag,
    properties: { provisioningState: child.provisioningState, ...properties },
    type: child.id.type,
  };
}

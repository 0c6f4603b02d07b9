import type { Catalogue } from './catalogue.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { ResourceType, StoredResource, World } from './resource-type.ts';

/** The envelope that the engine keeps apart from the body. */
const ENVELOPE = ['id', 'name', 'type', 'location', 'tags', 'etag'];

/** Body of a GET. */
export function presentResource(resource: StoredResource, catalogue: Catalogue, world: World): JsonObject {
  const type = catalogue.require(resource.id.type);
  const body = type.present?.(resource, world) ?? resource.body;
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const withState =
    type.provisioningState === false
      ? properties
      : { provisioningState: resource.provisioningState, ...withoutState(properties) };
  return {
    id: resource.id.id,
    name: resource.id.name,
    type: resource.id.type,
    ...(showsEtag(type) ? { etag: resource.etag } : {}),
    ...(resource.location === undefined ? {} : { location: resource.location }),
    ...(resource.tags === undefined ? {} : { tags: { ...resource.tags } }),
    ...body,
    ...(body.properties === undefined && type.provisioningState === false ? {} : { properties: withState }),
  };
}

/** What is kept of a PUT unless the type knows better. */
export function withoutEnvelope(body: JsonObject): JsonObject {
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !ENVELOPE.includes(name)));
  return isJsonObject(kept.properties) ? { ...kept, properties: withoutState(kept.properties) } : kept;
}

function withoutState(properties: JsonObject): JsonObject {
  const { provisioningState: _state, ...rest } = properties;
  return rest;
}

function showsEtag(type: ResourceType): boolean {
  return type.etag === undefined || type.etag === 'own' || type.etag === 'family';
}

import type { JsonObject } from '../../json.ts';
import type { Effect, StoredResource } from '../../resource-type.ts';
import { objectAt } from './fields.ts';

/** The resource with another body; tags, place and state stay. */
function replaceBody(resource: StoredResource, body: JsonObject, state = resource.provisioningState): Effect {
  return {
    kind: 'put',
    resource: {
      id: resource.id.id,
      body,
      provisioningState: state,
      ...(resource.location === undefined ? {} : { location: resource.location }),
      ...(resource.tags === undefined ? {} : { tags: resource.tags }),
    },
  };
}

/** The resource with some of its properties changed. */
export function changeProperties(resource: StoredResource, changes: JsonObject): Effect {
  return replaceBody(resource, {
    ...resource.body,
    properties: { ...objectAt(resource.body, 'properties'), ...changes },
  });
}

/** The resource as it is, in state Failed. */
export function fail(resource: StoredResource): Effect {
  return replaceBody(resource, resource.body, 'Failed');
}

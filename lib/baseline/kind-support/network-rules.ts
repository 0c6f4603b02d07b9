import type { ComparisonRules } from '../../plan/kind.ts';

/** Newest version of Microsoft.Network whose definitions Microsoft publishes in full. */
export const NETWORK_API_VERSION = '2025-09-01';

/** Read-only everywhere in Microsoft.Network. */
export const NETWORK_READ_ONLY = ['etag', 'properties.provisioningState', 'properties.resourceGuid'] as const;

/** Why a resource cannot move. */
export const FIXED_LOCATION = 'Azure does not move a resource to another region; make a new one and remove this one.';

/** Rules of a kind that has nothing of that sort. */
export const PLAIN_RULES: ComparisonRules = {
  readOnly: NETWORK_READ_ONLY,
  entries: [],
  sets: [],
  ignoreCase: [],
  defaults: {},
  immutable: { location: FIXED_LOCATION },
  secret: [],
};

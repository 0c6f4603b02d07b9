/** What an ARM id of a resource in a resource group says. */
export interface ArmId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Such as `Microsoft.Network/virtualNetworks/subnets`; `Microsoft.Resources/resourceGroups` for a group. */
  readonly type: string;
  /** Last name of the id. */
  readonly name: string;
}

export function resourceGroupId(subscriptionId: string, resourceGroup: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

/** Id of a resource; a child type takes its names joined by `/`. */
export function armId(subscriptionId: string, resourceGroup: string, type: string, names: string): string {
  const [provider = '', ...types] = type.split('/');
  const parts = names.split('/');
  const tail = types.map((part, index) => `${part}/${parts[index] ?? ''}`).join('/');
  return `${resourceGroupId(subscriptionId, resourceGroup)}/providers/${provider}/${tail}`;
}

/** The type of an id after its last `providers`; empty when there is none. */
export function typeOfId(id: string): string {
  const segments = id.split('/');
  const provider = segments.findLastIndex((segment) => segment.toLowerCase() === 'providers');
  if (provider < 0) return '';
  const tail = segments.slice(provider + 1);
  return [tail[0] ?? '', ...tail.slice(1).filter((_, index) => index % 2 === 0)].join('/');
}

/** Reads an id; the parts of a text that is none are empty. */
export function parseArmId(id: string): ArmId {
  const segments = id.split('/');
  const after = (word: string): string => {
    const at = segments.findIndex((segment) => segment.toLowerCase() === word);
    return at < 0 ? '' : (segments[at + 1] ?? '');
  };
  return {
    subscriptionId: after('subscriptions'),
    resourceGroup: after('resourcegroups'),
    type: typeOfId(id) || 'Microsoft.Resources/resourceGroups',
    name: segments.at(-1) ?? '',
  };
}

/** The id of the resource that a nested id lies in, `levels` children up. */
export function parentId(id: string, levels = 1): string {
  return id
    .split('/')
    .slice(0, -2 * levels)
    .join('/');
}

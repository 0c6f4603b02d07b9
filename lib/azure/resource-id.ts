const GROUP_TYPE = 'Microsoft.Resources/resourceGroups';

/** The parts of an ARM id that calls are made from. */
export interface ParsedResourceId {
  readonly subscriptionId: string;
  /** Absent for subscriptions and what hangs on them. */
  readonly resourceGroup?: string;
  /** Full type, such as `Microsoft.Network/virtualNetworks/subnets`; `Microsoft.Resources/resourceGroups` for groups. */
  readonly type: string;
  readonly name: string;
  /** Id of the resource that holds this one: the parent, or for an extension the resource that it hangs on. */
  readonly parentId: string;
}

/** The resources that this one is in or hangs on, and its group, from the inside out. @throws as `parseResourceId`. */
export function resourcesAround(id: string): readonly string[] {
  const { resourceGroup, type, parentId } = parseResourceId(id);
  const isGroup = resourceGroup === undefined || type === GROUP_TYPE;
  return isGroup ? [] : [parentId, ...resourcesAround(parentId)];
}

/** @throws Error for text that is no ARM id of a resource group or of something in one. */
export function parseResourceId(id: string): ParsedResourceId {
  const group = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(id);
  const [prefix, subscriptionId, resourceGroup] = group ?? [];
  if (prefix === undefined || subscriptionId === undefined || resourceGroup === undefined)
    throw new Error(`'${id}' is not the id of a resource in a resource group.`);
  const rest = id.slice(prefix.length);
  if (rest === '') {
    return {
      subscriptionId,
      resourceGroup,
      type: GROUP_TYPE,
      name: resourceGroup,
      parentId: `/subscriptions/${subscriptionId}`,
    };
  }
  const lastProvider = rest.toLowerCase().lastIndexOf('/providers/');
  const segments = rest.slice(lastProvider + '/providers/'.length).split('/');
  const [namespace, ...pairs] = segments;
  if (lastProvider < 0 || namespace === undefined || pairs.length < 2 || pairs.length % 2 !== 0 || pairs.includes(''))
    throw new Error(`'${id}' is not an ARM resource id.`);
  const types = pairs.filter((_, at) => at % 2 === 0);
  const nested = types.length > 1;
  return {
    subscriptionId,
    resourceGroup,
    type: [namespace, ...types].join('/'),
    name: pairs.at(-1) ?? '',
    parentId: nested
      ? id.slice(0, id.length - `/${pairs.at(-2)}/${pairs.at(-1)}`.length)
      : `${prefix}${rest.slice(0, lastProvider)}`,
  };
}

import type { Method, ResourceType } from './resource-type.ts';

/** The regions that the simulation knows; a name is normalised to lower case without spaces. */
export const REGIONS: readonly string[] = [
  'westeurope',
  'northeurope',
  'swedencentral',
  'germanywestcentral',
  'francecentral',
  'switzerlandnorth',
  'uksouth',
  'ukwest',
  'norwayeast',
  'polandcentral',
  'italynorth',
  'spaincentral',
  'eastus',
  'eastus2',
  'centralus',
  'southcentralus',
  'northcentralus',
  'westus',
  'westus2',
  'westus3',
  'canadacentral',
  'canadaeast',
  'brazilsouth',
  'southeastasia',
  'eastasia',
  'japaneast',
  'japanwest',
  'koreacentral',
  'australiaeast',
  'australiasoutheast',
  'centralindia',
  'southindia',
  'uaenorth',
  'southafricanorth',
];

/** `West Europe` becomes `westeurope`. */
export function normaliseLocation(location: string): string {
  return location.replaceAll(/\s/g, '').toLowerCase();
}

export function locationsOf(type: ResourceType): readonly string[] {
  return type.locations ?? REGIONS;
}

export function methodsOf(type: ResourceType): readonly Method[] {
  if (type.methods !== undefined) return type.methods;
  return type.tracked ? ['GET', 'PUT', 'DELETE', 'PATCH'] : ['GET', 'PUT', 'DELETE'];
}

/** The type's name in roles and operations: resource groups are known there by another one. */
export function permissionType(type: string): string {
  return type === 'Microsoft.Resources/resourceGroups' ? 'Microsoft.Resources/subscriptions/resourceGroups' : type;
}

export function namespaceOf(type: string): string {
  return type.slice(0, type.indexOf('/'));
}

/** `Microsoft.Network/virtualNetworks` for its subnets; undefined for a type that is no child. */
export function parentTypeOf(type: string): string | undefined {
  const at = type.lastIndexOf('/');
  return at === type.indexOf('/') ? undefined : type.slice(0, at);
}

/** The resource types by name, which compares without case. */
export class Catalogue {
  readonly #types: ReadonlyMap<string, ResourceType>;
  readonly #namespaces: ReadonlyMap<string, string>;

  constructor(types: readonly ResourceType[]) {
    const byName = new Map<string, ResourceType>();
    for (const type of types) {
      if (byName.has(type.type.toLowerCase())) throw new Error(`Resource type ${type.type} is defined twice.`);
      byName.set(type.type.toLowerCase(), type);
    }
    this.#types = byName;
    this.#namespaces = new Map(
      types.map(({ type }) => namespaceOf(type)).map((namespace) => [namespace.toLowerCase(), namespace]),
    );
  }

  find(type: string): ResourceType | undefined {
    return this.#types.get(type.toLowerCase());
  }

  /** A type that must exist because a stored resource has it. */
  require(type: string): ResourceType {
    const found = this.find(type);
    if (found === undefined) throw new Error(`Resource type ${type} is not simulated.`);
    return found;
  }

  types(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  /** The namespace as Microsoft writes it. */
  namespace(name: string): string | undefined {
    return this.#namespaces.get(name.toLowerCase());
  }

  namespaces(): readonly string[] {
    return [...this.#namespaces.values()];
  }
}

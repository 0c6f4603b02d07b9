import type { ArmError } from './arm-error.ts';
import { type Catalogue, namespaceOf } from './catalogue.ts';
import type { Json } from './json.ts';
import type { ResourceTable } from './resource-table.ts';
import type { Quota, ResourceType } from './resource-type.ts';
import type { SimulationSettings } from './simulation-settings.ts';

/** What a subscription uses of its limits in each region. */
export class Usages {
  readonly #resources: ResourceTable;
  readonly #catalogue: Catalogue;
  readonly #settings: SimulationSettings;

  constructor(resources: ResourceTable, catalogue: Catalogue, settings: SimulationSettings) {
    this.#resources = resources;
    this.#catalogue = catalogue;
    this.#settings = settings;
  }

  /** The provider's refusal of one more resource, or null. */
  refuse(type: ResourceType, subscription: string, location: string): ArmError | null {
    const { quota } = type;
    if (quota === undefined) return null;
    const limit = this.#limit(quota, subscription);
    return this.#used(type, quota, subscription, location) >= limit ? quota.error(limit) : null;
  }

  /** Body of GET usages. */
  list(namespace: string, subscription: string, location: string): Json {
    const value = this.#catalogue.types().flatMap((type) => {
      const { quota } = type;
      if (quota === undefined || namespaceOf(type.type) !== namespace) return [];
      return [
        {
          currentValue: this.#used(type, quota, subscription, location),
          id: `/subscriptions/${subscription}/providers/${namespace}/locations/${location}/usages/${quota.name}`,
          limit: this.#limit(quota, subscription),
          name: { localizedValue: quota.localizedName, value: quota.name },
          unit: 'Count',
        },
      ];
    });
    return { value };
  }

  #limit(quota: Quota, subscription: string): number {
    return this.#settings.subscription(subscription)?.quotas?.[quota.name] ?? quota.limit;
  }

  #used(type: ResourceType, quota: Quota, subscription: string, location: string): number {
    return this.#resources
      .list(type.type, `/subscriptions/${subscription}`)
      .filter((resource) => resource.location === location)
      .reduce((sum, resource) => sum + (quota.amount?.(resource) ?? 1), 0);
  }
}

import type { TokenCredential } from '@azure/core-auth';

/** How much of one network quota is used in a region of a subscription. */
export interface NetworkUsage {
  /** Name of the quota, such as `PublicIPAddresses`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
}

/** Reads usages through the typed client, loaded at first use. */
export function createNetworkUsages(
  endpoint: string,
  tokenScope: string,
  credential: TokenCredential,
): (subscriptionId: string, location: string) => Promise<readonly NetworkUsage[]> {
  return async (subscriptionId, location) => {
    const { NetworkManagementClient } = await import('@azure/arm-network');
    const client = new NetworkManagementClient(credential, subscriptionId, {
      endpoint,
      credentials: { scopes: [tokenScope] },
      retryOptions: { maxRetries: 0 },
    });
    const usages: NetworkUsage[] = [];
    for await (const { name, currentValue, limit } of client.usages.list(location)) {
      usages.push({ name: name?.value ?? '', used: Number(currentValue), limit: Number(limit) });
    }
    return usages;
  };
}

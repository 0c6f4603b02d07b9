import type { TokenCredential } from '@azure/core-auth';
import { isRestError } from '@azure/core-rest-pipeline';
import { armFailureOf, parseBody } from './arm.ts';
import { ArmRefusalError, readRefusal } from './arm-answer.ts';

/** How much of one network quota is used in a region of a subscription. */
export interface NetworkUsage {
  /** Name of the quota, such as `PublicIPAddresses`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
}

/**
 * Reads usages through the typed client, loaded at first use.
 * The function throws ArmRefusalError when Azure refuses; ArmUnreachableError when there is no answer.
 */
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
    try {
      for await (const { name, currentValue, limit } of client.usages.list(location)) {
        usages.push({ name: name?.value ?? '', used: Number(currentValue), limit: Number(limit) });
      }
    } catch (error) {
      throw failureOf(
        error,
        `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/usages`,
      );
    }
    return usages;
  };
}

function failureOf(error: unknown, target: string): Error {
  if (!isRestError(error) || error.response === undefined) return armFailureOf(error, { method: 'GET', target });
  const { status, headers, bodyAsText } = error.response;
  return new ArmRefusalError(readRefusal({ status, headers: headers.toJSON(), body: parseBody(bodyAsText) }, target));
}

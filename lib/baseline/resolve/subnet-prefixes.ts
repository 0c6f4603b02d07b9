import { ProblemError } from '../../problem.ts';
import { planAddresses } from '../address-plan.ts';
import { networkRequests } from '../network-requests.ts';
import type { BaselineSpec } from '../spec.ts';

/** Prefixes of a subnet by its name, IPv4 first. */
export type Prefixes = (subnetName: string) => readonly string[];

export const isIpv4 = (prefix: string): boolean => !prefix.includes(':');

/** Prefixes of every subnet, by the path of its network. Throws for a spec whose subnets do not fit. */
export function plannedPrefixes(spec: BaselineSpec): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(
    networkRequests(spec).map((request) => {
      const { prefixes, unplaced } = planAddresses(request);
      const first = unplaced[0];
      if (first !== undefined) {
        throw new ProblemError({
          code: 'SubnetDoesNotFit',
          actor: 'caller',
          message: `No /${first.prefixLength} is left for subnet ${first.name}.`,
          remedy: 'Give the network more address space or the subnet a longer prefix.',
          path: first.path,
        });
      }
      return [request.path, prefixes] as const;
    }),
  );
}

/** Planned and IPv6 prefixes of the subnets of one network. */
export function prefixesOf(
  planned: ReadonlyMap<string, string> | undefined,
  subnets: readonly { name: string; ipv6AddressPrefix?: string }[],
): Prefixes {
  const ipv6 = new Map(subnets.map(({ name, ipv6AddressPrefix }) => [name, ipv6AddressPrefix]));
  return (name) => [planned?.get(name), ipv6.get(name)].filter((prefix) => prefix !== undefined);
}

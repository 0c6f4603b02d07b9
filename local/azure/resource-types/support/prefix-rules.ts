import type { ArmError } from '../../arm-error.ts';
import { refuse } from './network-errors.ts';
import { canonicalText, hasHostBits, parsePrefix } from './prefixes.ts';

/** Refuses what is not CIDR notation, and a prefix with host bits set. */
export function validatePrefix(text: string, resourceId: string): ArmError | null {
  const prefix = parsePrefix(text);
  if (prefix === null) {
    return refuse(
      'InvalidAddressPrefixFormat',
      `Address prefix ${text} of resource ${resourceId} is not formatted correctly. It should follow CIDR notation, ` +
        'for example 10.0.0.0/24.',
    );
  }
  if (hasHostBits(prefix)) {
    return refuse(
      'InvalidCIDRNotation',
      `The address prefix ${text} in resource ${resourceId} has an invalid CIDR notation. For the given prefix length, ` +
        `the address prefix should be ${canonicalText(prefix)}.`,
    );
  }
  return null;
}

import type { ArmError } from '../../arm-error.ts';
import { firstOf, refuse } from './network-errors.ts';

/** 1 to 80 characters: first a word character, last a word character or _, between also . and - */
const NETWORK_NAME = /^\w([\w.-]{0,78}\w)?$/;

/** Names of children that a body carries inline: the same rule as for resources, and no two alike. */
export function validateChildNames(parentId: string, names: readonly (string | undefined)[]): ArmError | null {
  const seen = new Set<string>();
  return firstOf(names, (name) => {
    if (name === undefined || !NETWORK_NAME.test(name)) {
      return refuse(
        'InvalidResourceName',
        `Resource name ${name ?? ''} is invalid. The name can be up to 80 characters long. It must begin with a word ` +
          "character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
      );
    }
    if (seen.has(name.toLowerCase())) {
      return refuse(
        'DuplicateResourceName',
        `Resource ${parentId} has two child resources with the same name (${name}).`,
      );
    }
    seen.add(name.toLowerCase());
    return null;
  });
}

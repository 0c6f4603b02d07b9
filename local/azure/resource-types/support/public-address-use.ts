import type { ArmError } from '../../arm-error.ts';
import type { World } from '../../resource-type.ts';
import { textAt } from './fields.ts';
import { sameId, sameName } from './ids.ts';
import { firstError, refuse } from './network-errors.ts';
import { validateSameRegion } from './references.ts';

/** What a firewall, a Bastion host or a gateway may take as its public address: Standard, static, free, in its region. */
export function validatePublicAddressUse(
  userId: string,
  location: string | undefined,
  addressId: string,
  world: World,
): ArmError | null {
  const address = world.get(addressId);
  if (address === undefined) return null;
  return firstError(
    () => validateSameRegion(userId, location, [addressId], world),
    () => {
      const sku = textAt(address.body, 'sku', 'name') ?? 'Basic';
      const method = textAt(address.body, 'properties', 'publicIPAllocationMethod') ?? 'Dynamic';
      if (sameName(sku, 'Standard') && sameName(method, 'Static')) return null;
      return refuse(
        'PublicIPAddressMustBeStandardAndStatic',
        `Public IP address ${addressId} referenced by resource ${userId} has sku ${sku} and allocation method ${method}. ` +
          'It must have sku Standard and allocation method Static.',
      );
    },
    () => validateAddressFree(userId, addressId, world),
  );
}

/** A public address belongs to one user. */
export function validateAddressFree(userId: string, addressId: string, world: World): ArmError | null {
  const other = world.referencedBy(addressId).find(({ resource }) => !sameId(resource.id.id, userId));
  if (other === undefined) return null;
  return refuse(
    'PublicIPAddressInUse',
    `Resource ${userId} is referencing public IP address ${addressId} that is already allocated to resource ` +
      `${other.reference.by}.`,
  );
}

import { z } from 'zod';
import { typeOfId } from '../arm-id.ts';

/** Names that Microsoft.Network takes: 1 to 80 characters, first a letter or digit, last a word character. */
export const resourceName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?$/,
    'must be 1 to 80 letters, digits, periods, underscores or hyphens, with a letter or digit first and none of . - last',
  );

/** Names of resource groups: up to 90 characters, no final period. */
export const resourceGroupName = z
  .string()
  .regex(
    /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$/,
    'must be 1 to 90 letters, digits, underscores, parentheses, hyphens or periods, without a period at the end',
  );

/** Short names of the parts of a baseline; they become part of resource names and of instance ids. */
export const partName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?$/,
    'must be 1 to 40 letters, digits or hyphens, without a hyphen at either end',
  );

const ARM_ID = /^\/subscriptions\/[0-9a-fA-F-]{36}\/resource[Gg]roups\/[^/]+\/providers\/[^/]+(?:\/[^/]+\/[^/]+)+$/;

/** The id of an existing resource of one ARM type. */
export function existingId(type: string) {
  return z
    .string()
    .regex(ARM_ID)
    .refine((id) => typeOfId(id).toLowerCase() === type.toLowerCase(), { error: `expected the id of a ${type}` });
}

export const subscriptionId = z.guid('must be a GUID, such as 00000000-0000-4000-8000-000000000001');

/** An Azure region as people write it: `westeurope`, `West Europe`. */
export const location = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9 ]{2,40}$/, 'must be the name of an Azure region, such as westeurope or West Europe');

/** An IPv4 or IPv6 prefix; its meaning is checked with the rest of the addresses. */
export const addressPrefix = z.string().min(1);

/** One IPv4 or IPv6 address. */
export const ipAddress = z.string().min(1);

export const zones = z.array(z.enum(['1', '2', '3'])).max(3);

export const tags = z.record(z.string().min(1).max(512), z.string().max(256));

export const resourceGroup = z
  .strictObject({
    name: resourceGroupName
      .optional()
      .describe('Name of a resource group that is made when it does not exist. Give this or id.'),
    id: z
      .string()
      .regex(/^\/subscriptions\/[0-9a-fA-F-]{36}\/resource[Gg]roups\/[^/]+$/)
      .optional()
      .describe('Id of an existing resource group, which is neither changed nor removed.'),
  })
  .refine((group) => (group.name === undefined) !== (group.id === undefined), {
    error: 'give either name or id',
  });

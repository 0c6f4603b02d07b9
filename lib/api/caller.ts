import * as z from 'zod';
import { userName } from './common.ts';
import { type ApiError, errorOf } from './errors.ts';
import type { Role } from './routes.ts';

/** Who calls, and what they may do. */
export interface Caller {
  readonly user: string;
  readonly roles: ReadonlySet<Role>;
}

/** What App Service authentication puts into `x-ms-client-principal`, base64-encoded JSON. */
const clientPrincipal = z.looseObject({
  name_typ: z.string().optional(),
  role_typ: z.string().optional(),
  claims: z.array(z.looseObject({ typ: z.string(), val: z.string() })),
});

const ALL_ROLES: ReadonlySet<Role> = new Set<Role>(['anonymous', 'reader', 'operator', 'approver', 'monitor']);
/** Roles whose calls need not name anybody. */
const NAMELESS_ROLES: ReadonlySet<Role> = new Set<Role>(['anonymous', 'reader', 'monitor']);
/** How a caller is called that is no person. */
const MONITOR_NAME = 'azure-monitor';
const NAME_CLAIMS = [
  'preferred_username',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'name',
];
const ROLE_CLAIMS = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];
/** App roles of the app registration: `hubkeeper.reader` and so on; an operator may read, an approver too. */
const ROLE_NAMES: Readonly<Record<string, readonly Role[]>> = {
  'hubkeeper.reader': ['reader'],
  'hubkeeper.operator': ['reader', 'operator', 'monitor'],
  'hubkeeper.approver': ['reader', 'approver'],
  // What Microsoft's script names the role that action groups get.
  actiongroupssecurewebhook: ['monitor'],
};

/**
 * Tells who calls. A principal of App Service authentication wins and brings its roles; without one the function key
 * has opened the door for every role and the caller names himself in `x-hubkeeper-user`.
 */
export function callerOf(
  headers: { readonly principal: string | null; readonly user: string | null },
  needed: Role,
): { readonly caller: Caller } | { readonly error: ApiError } {
  if (headers.principal !== null && headers.principal !== '')
    return callerOfPrincipal(headers.principal, headers.user, needed);
  if (headers.user === null || headers.user === '') {
    return NAMELESS_ROLES.has(needed)
      ? { caller: { user: needed === 'monitor' ? MONITOR_NAME : 'anonymous', roles: ALL_ROLES } }
      : { error: errorOf('UserMissing', 'The call does not say who makes it.', { path: 'x-hubkeeper-user' }) };
  }
  const user = userName.safeParse(headers.user);
  if (!user.success)
    return {
      error: errorOf('InvalidRequest', 'x-hubkeeper-user must be 1 to 100 printable ASCII characters.', {
        path: 'x-hubkeeper-user',
      }),
    };
  if (user.data.toLowerCase() === 'hubkeeper')
    return {
      error: errorOf('UserMismatch', "'hubkeeper' is the app itself and cannot call it.", { path: 'x-hubkeeper-user' }),
    };
  return { caller: { user: user.data, roles: ALL_ROLES } };
}

function callerOfPrincipal(
  encoded: string,
  header: string | null,
  needed: Role,
): { readonly caller: Caller } | { readonly error: ApiError } {
  const principal = parsePrincipal(encoded);
  if (principal === undefined)
    return {
      error: errorOf('UserMissing', 'The principal of App Service authentication cannot be read.', {
        path: 'x-ms-client-principal',
      }),
    };
  const first = (types: readonly (string | undefined)[]) =>
    types.flatMap((type) => principal.claims.filter((claim) => claim.typ === type)).at(0)?.val;
  const user = first([principal.name_typ, ...NAME_CLAIMS]) ?? (needed === 'monitor' ? MONITOR_NAME : undefined);
  if (user === undefined)
    return { error: errorOf('UserMissing', 'The signed-in principal has no name.', { path: 'x-ms-client-principal' }) };
  if (header !== null && header !== '' && header.toLowerCase() !== user.toLowerCase()) {
    return {
      error: errorOf('UserMismatch', `The call is signed in as '${user}' and names '${header}'.`, {
        path: 'x-hubkeeper-user',
      }),
    };
  }
  const roleTypes = new Set([principal.role_typ, ...ROLE_CLAIMS]);
  const roles = new Set<Role>([
    'anonymous',
    ...principal.claims
      .filter((claim) => roleTypes.has(claim.typ))
      .flatMap((claim) => ROLE_NAMES[claim.val.toLowerCase()] ?? []),
  ]);
  if (!roles.has(needed)) return { error: errorOf('RoleMissing', `'${user}' does not have the role ${needed}.`) };
  return { caller: { user, roles } };
}

function parsePrincipal(encoded: string): z.infer<typeof clientPrincipal> | undefined {
  try {
    const parsed = clientPrincipal.safeParse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Neither base64 nor JSON: the same as a principal without claims, so the caller is refused.
    return undefined;
  }
}

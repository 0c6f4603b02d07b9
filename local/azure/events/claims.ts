import type { Caller } from '../access-control.ts';
import type { JsonObject } from '../json.ts';
import { guidOf } from '../resource-types/support/ids.ts';
import { TENANT_ID } from '../token-issuer.ts';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Application id of the Azure portal, the same in every tenant. */
const PORTAL_APP_ID = 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c';
const TOKEN_LIFE_SECONDS = 3_900;
/** Addresses for documentation (RFC 5737). */
const PERSONS_ADDRESS = '203.0.113.24';
const SERVICES_ADDRESS = '198.51.100.8';

const MICROSOFT = 'http://schemas.microsoft.com/identity/claims';
const WS_2005 = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** Entra's object id of a caller: names of the simulation that are no GUID get one of their own. */
export function objectIdOf({ objectId }: Caller): string {
  return GUID.test(objectId) ? objectId.toLowerCase() : guidOf('principal', objectId);
}

export function addressOf({ person }: Caller): string {
  return person === undefined ? SERVICES_ADDRESS : PERSONS_ADDRESS;
}

/** Claims of the token that a request came with, as events repeat them. A managed identity may lack `appid`. */
export function claimsOf(caller: Caller, atMs: number, withAppId: boolean): JsonObject {
  const objectId = objectIdOf(caller);
  const issuedSeconds = Math.floor(atMs / 1000) - 300;
  const common = {
    aud: 'https://management.core.windows.net/',
    iss: `https://sts.windows.net/${TENANT_ID}/`,
    iat: String(issuedSeconds),
    nbf: String(issuedSeconds),
    exp: String(issuedSeconds + TOKEN_LIFE_SECONDS),
    appidacr: '2',
    [`${MICROSOFT}/objectidentifier`]: objectId,
    [`${MICROSOFT}/tenantid`]: TENANT_ID,
    ver: '1.0',
  };
  const { person } = caller;
  if (person === undefined) {
    return {
      ...common,
      ...(withAppId ? { appid: caller.clientId } : {}),
      [`${MICROSOFT}/identityprovider`]: `https://sts.windows.net/${TENANT_ID}/`,
      [`${WS_2005}/nameidentifier`]: objectId,
      idtyp: 'app',
    };
  }
  return {
    ...common,
    appid: PORTAL_APP_ID,
    ipaddr: addressOf(caller),
    name: person.displayName,
    'http://schemas.microsoft.com/claims/authnmethodsreferences': 'pwd,mfa',
    [`${MICROSOFT}/scope`]: 'user_impersonation',
    [`${WS_2005}/nameidentifier`]: guidOf('nameidentifier', objectId),
    [`${WS_2005}/name`]: person.userPrincipalName,
    [`${WS_2005}/upn`]: person.userPrincipalName,
  };
}

/** Why the caller was let in. Azure writes the principal's id without dashes here. */
export function evidenceOf(caller: Caller, subscription: string): JsonObject {
  const scope = `/subscriptions/${subscription}`;
  return {
    role: caller.person === undefined ? 'Contributor' : 'Owner',
    roleAssignmentScope: scope,
    roleAssignmentId: guidOf('assignment', caller.name, scope).replaceAll('-', ''),
    principalId: objectIdOf(caller).replaceAll('-', ''),
    principalType: caller.person === undefined ? 'ServicePrincipal' : 'User',
  };
}

import type { TokenCredential } from '@azure/core-auth';

/** Who the app is to Azure Resource Manager, as its token says: object id and app id, `null` where it has none. */
export interface Identity {
  readonly objectId: string | null;
  readonly appId: string | null;
}

export type OwnIdentity = () => Promise<Identity>;

/**
 * Reads the app's own identity from the claims of its token, once: a process keeps its identity. The token itself goes
 * nowhere. A token that shows no claims gives an identity without ids, which is nobody's.
 * @throws when no token is to be had.
 */
export function createOwnIdentity({
  credential,
  tokenScope,
}: {
  readonly credential: TokenCredential;
  readonly tokenScope: string;
}): OwnIdentity {
  let known: Identity | undefined;
  return async () => {
    if (known !== undefined) return known;
    const token = await credential.getToken(tokenScope);
    const { oid, appid, azp } = await claimsOf(token?.token ?? '');
    known = { objectId: textOf(oid), appId: textOf(appid) ?? textOf(azp) };
    return known;
  };
}

/** The claims of a token that was given to us by its issuer: nothing is decided about who may do what. */
async function claimsOf(token: string): Promise<Readonly<Record<string, unknown>>> {
  const { decodeJwt } = await import('jose');
  try {
    return decodeJwt(token);
  } catch {
    // Tokens are opaque by contract. What cannot be read says nothing of who we are.
    return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

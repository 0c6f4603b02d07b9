import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/core-auth';

/**
 * The app's managed identity. The identity library is loaded at the first token, not at start-up: it costs more
 * start-up time than everything else the HTTP functions need.
 */
export function createCredential(managedIdentityClientId: string | undefined): TokenCredential {
  let inner: Promise<TokenCredential> | undefined;
  return {
    async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> {
      inner ??= import('@azure/identity').then(({ ManagedIdentityCredential }) =>
        managedIdentityClientId === undefined
          ? new ManagedIdentityCredential()
          : new ManagedIdentityCredential({ clientId: managedIdentityClientId }),
      );
      return (await inner).getToken(scopes, options);
    },
  };
}

import type { Json } from './json.ts';
import type { TokenIssuer } from './token-issuer.ts';

/**
 * What Microsoft Entra ID publishes of a tenant, at the paths that it has there: the keys that tokens are signed with
 * (`/{tenant}/discovery/v2.0/keys`) and the document that names them. Undefined for any other path.
 */
export function entraAnswer(method: string, url: string, baseUrl: string, tokens: TokenIssuer): Json | undefined {
  const match =
    /^\/([\w.-]+)\/(v2\.0\/)?(discovery(?:\/v2\.0)?\/keys|\.well-known\/openid-configuration)(?:\?.*)?$/.exec(url);
  if (match === null || method !== 'GET') return undefined;
  const [, tenant = '', version, document = ''] = match;
  if (document.startsWith('discovery')) return tokens.keySet();
  return {
    issuer:
      version === undefined ? `https://sts.windows.net/${tenant}/` : `https://login.microsoftonline.com/${tenant}/v2.0`,
    jwks_uri: `${baseUrl}/${tenant}/discovery/${version ?? ''}keys`,
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Json } from './json.ts';

export const TENANT_ID = '72f9a1c0-4b0e-4d7a-9c55-0d3f6a1b2c10';

/** The app's system-assigned identity. */
export const MANAGED_IDENTITY = {
  name: 'managed-identity',
  objectId: '5f0c1c5e-2a5d-4b0b-8d6b-3a9c7f1e4d20',
  clientId: 'a3d7c9e2-61f4-4c8b-b0a5-7e2d9f8c1b30',
} as const;

/** Managed identities get tokens of 24 hours. */
export const DEFAULT_TOKEN_LIFE_SECONDS = 86_400;

/** What a token for ARM may be for. */
const ARM_AUDIENCES = ['https://management.azure.com', 'https://management.core.windows.net'];

/** Name of the only signing key. */
const KEY_ID = 'simulation';

/** Whom a token speaks for, and to whom. */
export interface TokenHolder {
  readonly audience: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly objectId: string;
  /** App roles. */
  readonly roles?: readonly string[];
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresOnSeconds: number;
  readonly notBeforeSeconds: number;
}

export type TokenVerdict =
  | { readonly valid: true; readonly objectId: string; readonly clientId: string }
  | { readonly valid: false; readonly code: string; readonly message: string };

/** Issues and judges the identity's tokens (RS256, wall-clock life). The key survives a restart, and so do tokens. */
export class TokenIssuer {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #wallNowMs: () => number;

  constructor(keyFile: string, wallNowMs: () => number = Date.now) {
    this.#privateKey = ensureKey(keyFile);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#wallNowMs = wallNowMs;
  }

  issue(audience: string, lifeSeconds: number): IssuedToken {
    return this.issueFor({ ...MANAGED_IDENTITY, audience, tenantId: TENANT_ID }, lifeSeconds);
  }

  /** A token of somebody else, as the tenant's security token service signs it. */
  issueFor(holder: TokenHolder, lifeSeconds: number): IssuedToken {
    const { audience, tenantId, clientId, objectId, roles } = holder;
    const issuer = `https://sts.windows.net/${tenantId}/`;
    const nowSeconds = Math.floor(this.#wallNowMs() / 1000);
    const expiresOnSeconds = nowSeconds + lifeSeconds;
    const claims = {
      aud: audience,
      iss: issuer,
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: expiresOnSeconds,
      appid: clientId,
      appidacr: '2',
      idp: issuer,
      idtyp: 'app',
      oid: objectId,
      sub: objectId,
      tid: tenantId,
      ...(roles === undefined ? {} : { roles }),
      ver: '1.0',
    };
    const unsigned = `${encode({ typ: 'JWT', alg: 'RS256', kid: KEY_ID })}.${encode(claims)}`;
    const signature = signBytes('RSA-SHA256', Buffer.from(unsigned), this.#privateKey).toString('base64url');
    return { token: `${unsigned}.${signature}`, expiresOnSeconds, notBeforeSeconds: nowSeconds };
  }

  /** The key that tokens are signed with, as a JSON Web Key Set. */
  keySet(): Json {
    const { kty, n, e } = this.#publicKey.export({ format: 'jwk' });
    return { keys: [{ kty: kty ?? 'RSA', use: 'sig', alg: 'RS256', kid: KEY_ID, n: n ?? '', e: e ?? '' }] };
  }

  /** What ARM, or another service with its own audiences, says to an Authorization header. */
  judge(authorization: string | undefined, audiences: readonly string[] = ARM_AUDIENCES): TokenVerdict {
    if (authorization === undefined || authorization === '') {
      return refused('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    }
    const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      return refused(
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is provided in an invalid format.",
      );
    }
    return this.#judgeToken(token, audiences);
  }

  #judgeToken(token: string, audiences: readonly string[]): TokenVerdict {
    const [header, payload, signature, ...more] = token.split('.');
    const claims = decode(payload);
    if (decode(header)?.alg !== 'RS256' || signature === undefined || more.length > 0 || claims === undefined) {
      return refused('InvalidAuthenticationToken', 'The access token is invalid.');
    }
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verifyBytes('RSA-SHA256', signed, this.#publicKey, Buffer.from(signature, 'base64url'))) {
      return refused(
        'InvalidAuthenticationToken',
        'The access token is from the wrong issuer or its signature is not valid.',
      );
    }
    const { aud, exp, nbf, oid, appid } = claims;
    if (typeof aud !== 'string' || !audiences.includes(aud.replace(/\/+$/, ''))) {
      return refused(
        'InvalidAuthenticationToken',
        `The access token has been obtained for wrong audience or resource '${String(aud)}'. ` +
          `It should exactly match with one of the allowed audiences '${audiences.map((one) => `${one}/`).join("','")}'.`,
      );
    }
    const nowSeconds = this.#wallNowMs() / 1000;
    if (typeof exp !== 'number' || exp <= nowSeconds) {
      return refused(
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${time(exp)}' is earlier than current UTC time '${time(nowSeconds)}'.`,
      );
    }
    if (typeof nbf === 'number' && nbf > nowSeconds + 300) {
      return refused('InvalidAuthenticationToken', 'The access token is not yet valid.');
    }
    return { valid: true, objectId: String(oid), clientId: String(appid) };
  }
}

function refused(code: string, message: string): TokenVerdict {
  return { valid: false, code, message };
}

function time(seconds: unknown): string {
  return typeof seconds === 'number' ? new Date(seconds * 1000).toISOString() : String(seconds);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function ensureKey(keyFile: string): KeyObject {
  if (existsSync(keyFile)) return createPrivateKey(readFileSync(keyFile, 'utf8'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  mkdirSync(dirname(keyFile), { recursive: true });
  const unfinished = `${keyFile}.new`;
  writeFileSync(unfinished, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  renameSync(unfinished, keyFile);
  return privateKey;
}

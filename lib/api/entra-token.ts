import type { JSONWebKeySet, JWTPayload } from 'jose';
import { isJsonObject } from '../json.ts';

/** What a token must say to be taken. */
export interface TokenRules {
  /** Identifier URI of our app registration (v1 tokens) or its client id (v2 tokens); one of them must be the audience. */
  readonly audiences: readonly string[];
  readonly tenantId: string;
  /** App id of the only caller. */
  readonly callerAppId: string;
  /** App role that the caller must have been given. */
  readonly role: string;
  /** Where tokens come from, such as `https://login.microsoftonline.com`; signing keys are fetched there. */
  readonly authority: string;
}

export type TokenVerdict =
  | { readonly verdict: 'accepted' }
  /** Not a token of ours: wrong signature, issuer, audience or time. */
  | { readonly verdict: 'invalid'; readonly why: string }
  /** A token of ours of somebody who may not call. */
  | { readonly verdict: 'notAllowed'; readonly why: string }
  /** Nothing can be said, since the signing keys cannot be had; a later try may pass. */
  | { readonly verdict: 'unknown'; readonly why: string };

/** Judges the bearer token of a call. Never throws. */
export type TokenCheck = (token: string) => Promise<TokenVerdict>;

/** The wall clock, and how keys are fetched: the JSON of a key set. */
export interface TokenWorld {
  readonly now: () => Date;
  readonly fetchKeys: (url: string) => Promise<unknown>;
}

/** Microsoft's own libraries allow five minutes between clocks. */
const CLOCK_TOLERANCE_SECONDS = 300;
/** Microsoft rolls signing keys without notice and advises to look once a day. */
const KEYS_LAST_MS = 24 * 3_600_000;
/** An unknown key may be a new one: look again, but no made-up key ids may make us ask without end. */
const UNKNOWN_KEY_PAUSE_MS = 5 * 60_000;
const FAILED_FETCH_PAUSE_MS = 15_000;
/** Keys that could not be renewed are trusted for so long. */
const OLD_KEYS_LAST_MS = 7 * 24 * 3_600_000;
/** Microsoft publishes about ten keys. */
const MOST_KEYS = 100;
/** Tokens of applications have one to two thousand characters. */
const LONGEST_TOKEN = 16_384;

/** v1 issuers of the clouds; a token names its tenant in it. */
const V1_ISSUERS = ['https://sts.windows.net', 'https://sts.chinacloudapi.cn'];

interface KnownKeys {
  readonly keys: JSONWebKeySet;
  readonly fetchedMs: number;
}

/**
 * Validation of Entra tokens that a secure webhook sends: signature (RS256 only), issuer (v1 and v2), audience,
 * tenant, times, calling app and its role. Keys are fetched at first use and kept; the library is loaded then, too.
 */
export function createTokenCheck(rules: TokenRules, world: TokenWorld): TokenCheck {
  const keysUrl = `${rules.authority}/${rules.tenantId}/discovery/v2.0/keys`;
  const issuers = [
    ...V1_ISSUERS.map((issuer) => `${issuer}/${rules.tenantId}/`),
    `${rules.authority}/${rules.tenantId}/v2.0`,
    `https://login.microsoftonline.com/${rules.tenantId}/v2.0`,
  ];
  let known: KnownKeys | undefined;
  let lastTryMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const nowMs = world.now().getTime();
    lastTryMs = nowMs;
    const keys = keySetOf(await world.fetchKeys(keysUrl));
    known = { keys, fetchedMs: nowMs };
  }

  /** One fetch at a time, shared by all who wait. */
  async function renew(): Promise<void> {
    underWay ??= fetchKeys().finally(() => {
      underWay = undefined;
    });
    await underWay;
  }

  /** @throws what the fetch threw when there are no keys that can still be trusted. */
  async function currentKeys(): Promise<JSONWebKeySet> {
    const nowMs = world.now().getTime();
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs - known.fetchedMs;
    if (ageMs > KEYS_LAST_MS && (known === undefined || nowMs - lastTryMs > FAILED_FETCH_PAUSE_MS)) {
      try {
        if (underWay === undefined && nowMs - lastTryMs <= FAILED_FETCH_PAUSE_MS && known === undefined)
          throw new Error('they could not be fetched a moment ago');
        await renew();
      } catch (error) {
        if (known === undefined || ageMs > OLD_KEYS_LAST_MS) throw error;
      }
    }
    if (known === undefined) throw new Error('there are none');
    return known.keys;
  }

  /** True when newer keys are there than those tried. */
  async function renewForUnknownKey(): Promise<boolean> {
    const before = known;
    if (world.now().getTime() - lastTryMs < UNKNOWN_KEY_PAUSE_MS) return false;
    await renew();
    return known !== before;
  }

  async function verify(token: string): Promise<JWTPayload> {
    const { jwtVerify, createLocalJWKSet, errors } = await import('jose');
    const verifyWith = async (keys: JSONWebKeySet) => {
      const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
        algorithms: ['RS256'],
        audience: [...rules.audiences],
        issuer: issuers,
        currentDate: world.now(),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'iss', 'aud'],
      });
      return payload;
    };
    try {
      return await verifyWith(await keysOrUnknown());
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!(await renewForUnknownKey().catch(() => false))) throw error;
      return verifyWith(await keysOrUnknown());
    }
  }

  async function keysOrUnknown(): Promise<JSONWebKeySet> {
    try {
      return await currentKeys();
    } catch (error) {
      throw new KeysUnavailable(error);
    }
  }

  return async (token) => {
    if (rules.audiences.length === 0) return { verdict: 'notAllowed', why: 'No audience is configured.' };
    if (token.length > LONGEST_TOKEN) return { verdict: 'invalid', why: 'It is too long.' };
    try {
      return judge(await verify(token), rules);
    } catch (error) {
      if (error instanceof KeysUnavailable) return { verdict: 'unknown', why: error.message };
      return { verdict: 'invalid', why: reasonOf(error) };
    }
  };
}

class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The signing keys cannot be had: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
    this.name = 'KeysUnavailable';
  }
}

/** What the signed claims say of the caller. v1 tokens name the app in `appid`, v2 tokens in `azp`. */
function judge(claims: JWTPayload, { tenantId, callerAppId, role }: TokenRules): TokenVerdict {
  if (!sameText(claims.tid, tenantId)) return { verdict: 'invalid', why: 'It is of another tenant.' };
  const apps = [claims.appid, claims.azp].filter((app) => app !== undefined);
  if (apps.length === 0 || !apps.every((app) => sameText(app, callerAppId)))
    return { verdict: 'notAllowed', why: 'It was issued to another app than the one that may call.' };
  const { roles } = claims;
  if (!Array.isArray(roles) || !roles.includes(role))
    return { verdict: 'notAllowed', why: `The calling app does not have the role ${role}.` };
  return { verdict: 'accepted' };
}

function sameText(value: unknown, wanted: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === wanted.toLowerCase();
}

/** @throws Error for what is no set of keys. */
function keySetOf(value: unknown): JSONWebKeySet {
  if (!isJsonObject(value) || !Array.isArray(value.keys)) throw new Error('the answer is no key set');
  const keys = value.keys.filter(isJsonObject).filter((key) => key.kty === 'RSA');
  if (keys.length === 0 || keys.length > MOST_KEYS) throw new Error(`the answer has ${keys.length} keys`);
  return { keys: keys.map((key) => ({ ...key, kty: 'RSA' })) } as JSONWebKeySet;
}

/** The library's sentence says which check failed and holds nothing of the token. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'It cannot be read.';
}

import { beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { createTokenCheck, type TokenRules, type TokenWorld } from '../../../lib/api/entra-token.ts';

const TENANT = '1f1f1f1f-2e2e-3d3d-4c4c-5b5b5b5b5b5b';
const CALLER = '461e8683-5575-4561-ac7f-899cc907d62a';
const CLIENT = '0c0c0c0c-1111-2222-3333-444444444444';
const NOW_MS = Date.parse('2026-05-04T09:13:00Z');
const RULES: TokenRules = {
  audiences: ['api://hubkeeper', CLIENT],
  tenantId: TENANT,
  callerAppId: CALLER,
  role: 'ActionGroupsSecureWebhook',
  authority: 'https://login.microsoftonline.com',
};

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: Readonly<Record<string, unknown>>;
}

let own: Pair;
let foreign: Pair;
let rolled: Pair;

async function pairOf(kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } };
}

beforeAll(async () => {
  [own, foreign, rolled] = await Promise.all([pairOf('one'), pairOf('one'), pairOf('two')]);
});

/** A v1 token, as the identifier URI as audience brings. */
const V1: JWTPayload = {
  iss: `https://sts.windows.net/${TENANT}/`,
  aud: 'api://hubkeeper',
  appid: CALLER,
  tid: TENANT,
  roles: ['ActionGroupsSecureWebhook'],
  ver: '1.0',
};
const { appid: _, ...withoutAppId } = V1;
const V2: JWTPayload = {
  ...withoutAppId,
  iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  aud: CLIENT,
  azp: CALLER,
  ver: '2.0',
};

function signed(claims: JWTPayload, pair: Pair = own, kid = String(pair.jwk.kid)): Promise<string> {
  const nowSeconds = NOW_MS / 1000;
  return new SignJWT({ iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + 3_600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
    .sign(pair.privateKey);
}

/** A world whose clock and keys the test moves. */
function worldOf(keys: () => readonly Pair[]) {
  const state = { nowMs: NOW_MS, fetches: [] as string[] };
  const world: TokenWorld = {
    now: () => new Date(state.nowMs),
    fetchKeys: async (url) => {
      state.fetches.push(url);
      return { keys: keys().map(({ jwk }) => jwk) };
    },
  };
  return { state, world };
}

function checkOf(rules: Partial<TokenRules> = {}) {
  return createTokenCheck({ ...RULES, ...rules }, worldOf(() => [own]).world);
}

describe('the tokens of secure webhooks', () => {
  it('are taken in both versions', async () => {
    const check = checkOf();

    expect(await check(await signed(V1))).toEqual({ verdict: 'accepted' });
    expect(await check(await signed(V2))).toEqual({ verdict: 'accepted' });
    expect(await check(await signed({ ...V2, roles: ['Other', 'ActionGroupsSecureWebhook'] }))).toEqual({
      verdict: 'accepted',
    });
  });

  it.each<[string, JWTPayload]>([
    ['another audience', { ...V1, aud: 'api://other' }],
    ['no audience', { ...V1, aud: undefined }],
    ['the issuer of another tenant', { ...V1, iss: 'https://sts.windows.net/99999999-2e2e-3d3d-4c4c-5b5b5b5b5b5b/' }],
    ['a made-up issuer', { ...V1, iss: `https://sts.windows.example/${TENANT}/` }],
    ['another tenant', { ...V1, tid: '99999999-2e2e-3d3d-4c4c-5b5b5b5b5b5b' }],
    ['no tenant', { ...V1, tid: undefined }],
    ['a time that is over', { ...V1, exp: NOW_MS / 1000 - 301 }],
    ['a time that has not begun', { ...V1, nbf: NOW_MS / 1000 + 301 }],
    ['no end', { ...V1, exp: undefined }],
  ])('are not valid with %s', async (_what, claims) => {
    expect(await checkOf()(await signed(claims))).toMatchObject({ verdict: 'invalid' });
  });

  it.each<[string, JWTPayload]>([
    ['another app', { ...V1, appid: CLIENT }],
    ['another app in version 2', { ...V2, azp: CLIENT }],
    ['two apps that differ', { ...V2, appid: CLIENT }],
    ['no app', { ...withoutAppId }],
    ['another role', { ...V1, roles: ['Other'] }],
    ['no role', { ...V1, roles: undefined }],
    ['a role that is no list', { ...V1, roles: 'ActionGroupsSecureWebhook' }],
  ])('do not allow a call with %s', async (_what, claims) => {
    expect(await checkOf()(await signed(claims))).toMatchObject({ verdict: 'notAllowed' });
  });

  it('allow five minutes between clocks', async () => {
    expect(await checkOf()(await signed({ ...V1, exp: NOW_MS / 1000 - 299 }))).toEqual({ verdict: 'accepted' });
    expect(await checkOf()(await signed({ ...V1, nbf: NOW_MS / 1000 + 299 }))).toEqual({ verdict: 'accepted' });
  });

  it('are not valid without a signature, with another one, or changed', async () => {
    const check = checkOf();
    const good = await signed(V1);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const otherPayload = Buffer.from(JSON.stringify({ ...V1, roles: ['Admin'] })).toString('base64url');

    for (const token of [
      new UnsecuredJWT(V1).setExpirationTime(NOW_MS / 1000 + 60).encode(),
      await signed(V1, foreign),
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      '',
      'a.b.c',
      'x'.repeat(20_000),
    ]) {
      expect(await check(token)).toMatchObject({ verdict: 'invalid' });
    }
  });

  it('are not valid when signed with the public key as a secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(own.jwk).padEnd(64));
    const token = await new SignJWT(V1)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setExpirationTime(NOW_MS / 1000 + 60)
      .sign(secret);

    expect(await checkOf()(token)).toMatchObject({ verdict: 'invalid' });
  });

  it('never say what is in them', async () => {
    const verdict = await checkOf()(await signed({ ...V1, aud: 'api://other', secretClaim: 'hush' }));

    expect(JSON.stringify(verdict)).not.toContain('hush');
  });
});

describe('the keys', () => {
  it('are fetched once, from the tenant, and again after a day', async () => {
    const { state, world } = worldOf(() => [own]);
    const check = createTokenCheck(RULES, world);

    await Promise.all(Array.from({ length: 20 }, async () => check(await signed(V1))));
    expect(state.fetches).toEqual([`https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`]);

    state.nowMs += 25 * 3_600_000;
    await check(await signed({ ...V1, exp: state.nowMs / 1000 + 60 }));
    expect(state.fetches).toHaveLength(2);
  });

  it('are fetched anew for a key that is new, but not for every one that is made up', async () => {
    let keys = [own];
    const { state, world } = worldOf(() => keys);
    const check = createTokenCheck(RULES, world);
    await check(await signed(V1));

    keys = [own, rolled];
    state.nowMs += 6 * 60_000;
    expect(await check(await signed(V1, rolled))).toEqual({ verdict: 'accepted' });
    expect(state.fetches).toHaveLength(2);
    for (let n = 0; n < 50; n++)
      expect(await check(await signed(V1, own, `made-up-${n}`))).toMatchObject({ verdict: 'invalid' });
    expect(state.fetches).toHaveLength(2);
  });

  it("that cannot be had are nobody's fault, and are asked for again a little later", async () => {
    let broken = true;
    const state = { nowMs: NOW_MS, fetches: 0 };
    const check = createTokenCheck(RULES, {
      now: () => new Date(state.nowMs),
      fetchKeys: async () => {
        state.fetches += 1;
        if (broken) throw new Error('HTTP 500');
        return { keys: [own.jwk] };
      },
    });

    expect(await check(await signed(V1))).toMatchObject({
      verdict: 'unknown',
      why: expect.stringContaining('HTTP 500'),
    });
    expect(await check(await signed(V1))).toMatchObject({ verdict: 'unknown' });
    expect(state.fetches).toBe(1);

    broken = false;
    state.nowMs += 16_000;
    expect(await check(await signed(V1))).toEqual({ verdict: 'accepted' });
    broken = true;
    state.nowMs += 26 * 3_600_000;
    expect(await check(await signed({ ...V1, exp: state.nowMs / 1000 + 60 }))).toEqual({ verdict: 'accepted' });
    state.nowMs += 8 * 24 * 3_600_000;
    expect(await check(await signed({ ...V1, exp: state.nowMs / 1000 + 60 }))).toMatchObject({ verdict: 'unknown' });
  });

  it.each<[string, unknown]>([
    ['no set', 'text'],
    ['an empty set', { keys: [] }],
    ['secrets', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'one' }] }],
    ['far too many', { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }],
  ])('are not taken from %s', async (_what, keys) => {
    const check = createTokenCheck(RULES, { now: () => new Date(NOW_MS), fetchKeys: async () => keys });

    expect(await check(await signed(V1))).toMatchObject({ verdict: 'unknown' });
  });

  it('are not asked for while no audience is configured', async () => {
    const { state, world } = worldOf(() => [own]);

    expect(await createTokenCheck({ ...RULES, audiences: [] }, world)(await signed(V1))).toMatchObject({
      verdict: 'notAllowed',
    });
    expect(state.fetches).toEqual([]);
  });
});

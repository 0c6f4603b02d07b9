import { describe, expect, it } from '@jest/globals';
import { createOwnIdentity } from '../../../lib/azure/own-identity.ts';

const SCOPE = 'https://management.azure.com/.default';

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.signature`;
}

/** A credential that gives these tokens one after the other; an error is thrown. */
function identityOf(...tokens: readonly (string | Error)[]) {
  const asked: unknown[] = [];
  const credential = {
    getToken: async (scope: string | string[]) => {
      const token = tokens[asked.push(scope) - 1];
      if (token instanceof Error) throw token;
      return token === undefined ? null : { token, expiresOnTimestamp: 0 };
    },
  };
  return { asked, identity: createOwnIdentity({ credential, tokenScope: SCOPE }) };
}

describe('the identity of the app', () => {
  it('is read from its token, once', async () => {
    const { asked, identity } = identityOf(tokenOf({ oid: 'object', appid: 'app' }), tokenOf({ oid: 'other' }));

    expect(await identity()).toEqual({ objectId: 'object', appId: 'app' });
    expect(await identity()).toEqual({ objectId: 'object', appId: 'app' });
    expect(asked).toEqual([SCOPE]);
  });

  it('is read from tokens of version 2, and from what lacks an app id', async () => {
    expect(await identityOf(tokenOf({ oid: 'object', azp: 'app' })).identity()).toEqual({
      objectId: 'object',
      appId: 'app',
    });
    expect(await identityOf(tokenOf({ oid: 'object' })).identity()).toEqual({ objectId: 'object', appId: null });
  });

  it.each(['opaque', '', 'a.b.c', tokenOf({ oid: 7 })])('is nobody where the token says nothing: %s', async (token) => {
    expect(await identityOf(token).identity()).toEqual({ objectId: null, appId: null });
  });

  it('is asked for again after no token was to be had', async () => {
    const { identity } = identityOf(new Error('no endpoint'), tokenOf({ oid: 'object', appid: 'app' }));

    await expect(identity()).rejects.toThrow('no endpoint');
    expect(await identity()).toEqual({ objectId: 'object', appId: 'app' });
  });
});

import { describe, expect, it } from '@jest/globals';
import { callerOf } from '../../../lib/api/caller.ts';

function principal(...claims: readonly (readonly [string, string])[]): string {
  const body = {
    auth_typ: 'aad',
    name_typ: 'name',
    role_typ: 'roles',
    claims: claims.map(([typ, val]) => ({ typ, val })),
  };
  return Buffer.from(JSON.stringify(body)).toString('base64');
}

describe('who calls', () => {
  it('is who the header says when nobody is signed in', () => {
    expect(callerOf({ principal: null, user: 'network-team' }, 'operator')).toMatchObject({
      caller: { user: 'network-team' },
    });
  });

  it('must be said for anything but reading', () => {
    expect(callerOf({ principal: null, user: null }, 'operator')).toMatchObject({ error: { code: 'UserMissing' } });
    expect(callerOf({ principal: null, user: null }, 'approver')).toMatchObject({ error: { code: 'UserMissing' } });
    expect(callerOf({ principal: null, user: null }, 'reader')).toMatchObject({ caller: { user: 'anonymous' } });
  });

  it('is Azure Monitor where alerts are reported, which has no name', () => {
    expect(callerOf({ principal: null, user: null }, 'monitor')).toMatchObject({ caller: { user: 'azure-monitor' } });
    const webhook = principal(['appid', '461e8683'], ['roles', 'ActionGroupsSecureWebhook']);
    expect(callerOf({ principal: webhook, user: null }, 'monitor')).toMatchObject({
      caller: { user: 'azure-monitor' },
    });
    expect(callerOf({ principal: webhook, user: null }, 'operator')).toMatchObject({ error: { code: 'UserMissing' } });
    const operator = principal(['name', 'somebody@example.org'], ['roles', 'hubkeeper.operator']);
    expect(callerOf({ principal: operator, user: null }, 'monitor')).toMatchObject({
      caller: { user: 'somebody@example.org' },
    });
    const reader = principal(['name', 'somebody@example.org'], ['roles', 'hubkeeper.reader']);
    expect(callerOf({ principal: reader, user: null }, 'monitor')).toMatchObject({ error: { code: 'RoleMissing' } });
  });

  it('is never the app itself', () => {
    expect(callerOf({ principal: null, user: 'Hubkeeper' }, 'operator')).toMatchObject({
      error: { code: 'UserMismatch' },
    });
  });

  it('is the signed-in principal, whom a differing header cannot replace', () => {
    const signedIn = principal(['name', 'somebody@example.org'], ['roles', 'hubkeeper.operator']);

    expect(callerOf({ principal: signedIn, user: null }, 'operator')).toMatchObject({
      caller: { user: 'somebody@example.org' },
    });
    expect(callerOf({ principal: signedIn, user: 'SOMEBODY@example.org' }, 'operator')).toMatchObject({
      caller: { user: 'somebody@example.org' },
    });
    expect(callerOf({ principal: signedIn, user: 'another' }, 'operator')).toMatchObject({
      error: { code: 'UserMismatch' },
    });
  });

  it.each([
    ['hubkeeper.reader', 'reader', true],
    ['hubkeeper.reader', 'operator', false],
    ['hubkeeper.operator', 'reader', true],
    ['hubkeeper.operator', 'approver', false],
    ['hubkeeper.approver', 'approver', true],
    ['hubkeeper.approver', 'operator', false],
    ['something.else', 'reader', false],
  ] as const)('with the app role %s may act as %s: %s', (role, needed, allowed) => {
    const result = callerOf({ principal: principal(['name', 'somebody'], ['roles', role]), user: null }, needed);

    expect('caller' in result).toBe(allowed);
    if ('error' in result) expect(result.error.code).toBe('RoleMissing');
  });

  it('is nobody when the principal cannot be read', () => {
    for (const broken of [
      '%%%',
      Buffer.from('{"claims":1}').toString('base64'),
      principal(['roles', 'hubkeeper.operator']),
    ]) {
      expect(callerOf({ principal: broken, user: 'network-team' }, 'reader')).toMatchObject({
        error: { code: 'UserMissing' },
      });
    }
  });
});

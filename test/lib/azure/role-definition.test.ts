import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { roleDefinition } from '../../../lib/azure/role-definition.ts';
import { kinds } from '../../../lib/baseline/kinds/index.ts';
import { isPermitted } from '../../../lib/reconcile/preflight-rules.ts';

const actions = roleDefinition().Actions as readonly string[];

describe('the custom role', () => {
  it('is the one in infra/', () => {
    expect(JSON.parse(readFileSync('infra/hubkeeper-role.json', 'utf8'))).toEqual(roleDefinition());
  });

  it('allows every write of every kind, and nothing by a wildcard', () => {
    const permissions = [{ actions, notActions: [] }];
    for (const { type } of kinds.filter((kind) => kind.name !== 'resourceGroup')) {
      expect(isPermitted(permissions, `${type}/write`)).toBe(true);
      expect(isPermitted(permissions, `${type}/delete`)).toBe(true);
    }
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  it('allows neither role assignments nor locks nor policies to be written', () => {
    expect(actions.filter((action) => /^Microsoft\.Authorization\/.*\/(write|delete)$/i.test(action))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../../lib/baseline/compile.ts';
import { kindOf, kinds } from '../../../../lib/baseline/kinds/index.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import { compare } from '../../../../lib/plan/compare.ts';
import { type DesiredNode, normaliseId } from '../../../../lib/plan/graph.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import { azureAnswer } from '../../../support/azure-answers.ts';
import { sample } from '../../../support/sample.ts';

const NOW = '2026-11-20T00:00:00Z';
const nodes = (['aks-baseline', 'two-regions'] as const)
  .flatMap((name) => compile(sample(name).resolved, [], NOW).nodes)
  .filter(({ presence }) => presence !== 'reference');
/** What a GET shows of a node after it was written. */
function answerOf(node: DesiredNode): JsonObject {
  const body = mergeForWrite(node.body, null, kindOf(node.kind).comparison, {});
  return azureAnswer({ id: node.id, kind: node.kind, body });
}

describe.each(kinds.map(({ name }) => name))('%s', (name) => {
  const own = nodes.filter(({ kind }) => kind === name);

  it('is in the samples', () => {
    expect(own.length).toBeGreaterThan(0);
  });

  it('is no drift as Azure answers it', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const found = compare(node.body, answerOf(node), comparison, ownedFieldsOf(node, comparison));

      expect({ id: node.id, ...found }).toEqual({ id: node.id, differences: [], immutable: [], staying: [] });
    }
  });

  it('shows a change of anything that it declares', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const answer = answerOf(node);
      const tampered: JsonObject = {
        ...answer,
        properties: { provisioningState: 'Succeeded' },
        tags: {},
        sku: { name: 'Other' },
      };
      const found = compare(node.body, tampered, comparison, ownedFieldsOf(node, comparison));
      const declared = Object.keys(ownedFieldsOf(node, comparison)).filter(
        (path) => path !== 'location' && path !== 'zones',
      );

      if (declared.length > 0) expect(found.differences.length + found.immutable.length).toBeGreaterThan(0);
    }
  });

  it('sends back nothing that only Azure sets, and everything of others', () => {
    for (const node of own) {
      const { comparison } = kindOf(name);
      const answer = { ...answerOf(node), tags: { theirs: 'stays' } };
      const body = mergeForWrite(node.body, answer, comparison, ownedFieldsOf(node, comparison));

      expect(JSON.stringify(body)).not.toMatch(/provisioningState|resourceGuid|W\//);
      // Diagnostic settings have no tags of their own.
      if (name !== 'diagnosticSetting') expect(body.tags).toMatchObject({ theirs: 'stays' });
    }
  });

  it('says which references it holds', () => {
    const { referencesOf } = kindOf(name);
    for (const node of own) {
      const found = referencesOf(answerOf(node)).map(normaliseId);

      expect(found).toEqual(expect.arrayContaining(referencesOf(node.body).map(normaliseId)));
    }
  });
});

describe('kinds', () => {
  it('have names of their own and pinned versions', () => {
    expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
    expect(new Set(kinds.map(({ type }) => type.toLowerCase())).size).toBe(kinds.length);
    for (const { apiVersion } of kinds) expect(apiVersion).toMatch(/^20\d\d-\d\d-\d\d(-preview)?$/);
  });

  it('read children through a kind that exists', () => {
    for (const { observe } of kinds)
      if (observe.by === 'inline') expect(kindOf(observe.parentKind).observe.by).toBe('subscription');
    expect(() => kindOf('unicorn')).toThrow(TypeError);
  });

  it('call a create safe and a delete never', () => {
    for (const { riskOf } of kinds) {
      expect(riskOf('create', [{ path: 'properties', after: {} }])).toBe('safe');
      expect(riskOf('delete', [])).not.toBe('safe');
      expect(riskOf('update', [{ path: 'tags.owner', before: 'a', after: 'b' }])).toBe('safe');
    }
  });
});

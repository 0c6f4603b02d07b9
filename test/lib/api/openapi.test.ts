import { describe, expect, it } from '@jest/globals';
import { buildOpenApi, openApiDocument } from '../../../lib/api/openapi.ts';
import { ROUTES, routeOf } from '../../../lib/api/routes.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';

const document = buildOpenApi();

/** The interface as it was promised: method and address. */
const PROMISED = [
  'DELETE /api/baselines/{name}',
  'DELETE /api/baselines/{name}/adjustments/{id}',
  'DELETE /api/baselines/{name}/hold',
  'DELETE /api/pause',
  'GET /api/approvals',
  'GET /api/baselines',
  'GET /api/baselines/{name}',
  'GET /api/health',
  'GET /api/journal',
  'GET /api/openapi.json',
  'GET /api/operations',
  'GET /api/operations/{id}',
  'GET /api/pause',
  'POST /api/alerts',
  'POST /api/alerts/secure',
  'POST /api/approvals/{planHash}',
  'POST /api/baselines/{name}/plan',
  'POST /api/baselines/{name}/reconcile',
  'POST /api/operations/{id}/stop',
  'PUT /api/baselines/{name}',
  'PUT /api/baselines/{name}/adjustments/{id}',
  'PUT /api/baselines/{name}/hold',
  'PUT /api/pause',
];

function at(root: Json | undefined, ...path: readonly string[]): Json | undefined {
  let value = root;
  for (const part of path) {
    if (!isJsonObject(value)) return undefined;
    value = value[part];
  }
  return value;
}

function refsIn(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => refsIn(item));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : refsIn(item),
  );
}

function operations(): { readonly name: string; readonly operation: JsonObject }[] {
  const paths = at(document, 'paths');
  if (!isJsonObject(paths)) return [];
  return Object.entries(paths).flatMap(([address, item]) =>
    isJsonObject(item)
      ? Object.entries(item).map(([method, operation]) => ({
          name: `${method.toUpperCase()} ${address}`,
          operation: isJsonObject(operation) ? operation : {},
        }))
      : [],
  );
}

describe('openApiDocument', () => {
  it('describes every call that was promised', () => {
    expect(operations().map(({ name }) => name)).toEqual(expect.arrayContaining(PROMISED));
  });

  it('points to nothing that is not there', () => {
    const refs = refsIn(document);

    expect(refs.length).toBeGreaterThan(50);
    for (const ref of refs)
      expect([ref, at(document, ...ref.replace('#/', '').split('/'))]).not.toEqual([ref, undefined]);
  });

  it('says of every call what it does, how it ends, and where its parameters go', () => {
    for (const { name, operation } of operations()) {
      const parameters = Array.isArray(operation.parameters) ? operation.parameters : [];
      const inPath = parameters
        .filter((parameter) => at(parameter, 'in') === 'path')
        .map((parameter) => `{${String(at(parameter, 'name'))}}`);

      expect(operation.summary).toMatch(/\.$/);
      expect([name, inPath]).toEqual([name, name.match(/\{\w+\}/g) ?? []]);
      expect(
        Object.keys(isJsonObject(operation.responses) ? operation.responses : {}).some((status) =>
          status.startsWith('2'),
        ),
      ).toBe(true);
      expect(
        Object.values(isJsonObject(operation.responses) ? operation.responses : {}).every(
          (answer) => typeof at(answer, 'description') === 'string',
        ),
      ).toBe(true);
    }
  });

  it('gives every call an id of its own', () => {
    const ids = operations().map(({ operation }) => operation.operationId);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('closes request bodies and leaves answers open', () => {
    const schemas = at(document, 'components', 'schemas');

    for (const [name, schema] of Object.entries(isJsonObject(schemas) ? schemas : {})) {
      if (name.endsWith('Request') || name === 'Spec')
        expect([name, at(schema, 'additionalProperties')]).toEqual([name, false]);
      else expect([name, at(schema, 'additionalProperties')]).not.toEqual([name, false]);
    }
  });

  it('takes specs as YAML and as JSON, with the schema of the spec', () => {
    const content = at(document, 'paths', '/api/baselines/{name}', 'put', 'requestBody', 'content');

    expect(Object.keys(isJsonObject(content) ? content : {})).toEqual(['application/yaml', 'application/json']);
    expect(at(document, 'components', 'schemas', 'Spec', 'properties', 'hub', 'type')).toBe('object');
  });

  it('is the same document each time and survives JSON', () => {
    expect(openApiDocument(ROUTES)).toEqual(document);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('leaves nothing of the library behind', () => {
    const text = JSON.stringify(document);

    expect(text).not.toMatch(/"\$schema"|"\$id"|"readOnly"|__shared|9007199254740991/);
  });
});

describe('ROUTES', () => {
  it('asks writes of an operator or an approver, never of a reader', () => {
    for (const route of ROUTES) {
      if (route.method === 'GET')
        expect([route.id, ['anonymous', 'reader'].includes(route.role)]).toEqual([route.id, true]);
      else if (route.path.startsWith('/alerts'))
        // Azure Monitor reports; the secure address has a token of its own in place of a key and a name.
        expect([route.id, ['monitor', 'anonymous'].includes(route.role)]).toEqual([route.id, true]);
      else if (route.id !== 'planBaseline')
        expect([route.id, ['operator', 'approver'].includes(route.role)]).toEqual([route.id, true]);
    }
  });

  it('finds a route by its id', () => {
    expect(routeOf('putBaseline')).toMatchObject({ method: 'PUT', path: '/baselines/{name}' });
    expect(() => routeOf('nothing')).toThrow('nothing');
  });
});

import { describe, expect, it } from '@jest/globals';
import { specJsonSchema } from '../../../lib/baseline/json-schema.ts';
import { sampleText } from '../../support/sample.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

function below(schema: Schema): readonly (readonly [string, Schema])[] {
  const parts = [schema.items, schema.anyOf, schema.oneOf].flatMap((part) => part ?? []);
  const more = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
  return [...Object.entries(schema.properties ?? {}), ...[...parts, ...more].map((part) => ['[]', part] as const)];
}

function* walk(schema: Schema, path: string): Iterable<readonly [string, Schema]> {
  yield [path, schema];
  for (const [name, child] of below(schema)) yield* walk(child, `${path}.${name}`);
}

describe('the JSON Schema of a spec', () => {
  const schema = specJsonSchema();

  it('is the one beside the samples', () => {
    expect(JSON.parse(sampleText('hubkeeper.schema.json'))).toEqual(schema);
  });

  it('explains every property to the author and refuses unknown ones', () => {
    const places = [...walk(schema as Schema, '')];

    expect(places.length).toBeGreaterThan(200);
    expect(
      places
        .filter(([path, { description }]) => path !== '' && !path.endsWith('[]') && description === undefined)
        .map(([path]) => path),
    ).toEqual([]);
    const open = places.filter(
      ([, { properties, additionalProperties }]) => properties !== undefined && additionalProperties !== false,
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it.each(['aks-baseline.yaml', 'two-regions.yaml'])('is named at the top of %s', (name) => {
    expect(sampleText(name).split('\n')[0]).toBe('# yaml-language-server: $schema=./hubkeeper.schema.json');
  });
});

import { z } from 'zod';
import { isJsonObject } from '../json.ts';
import { baselineSpec } from './spec.ts';
import type { Violation } from './violation.ts';
import { violation } from './violation-codes.ts';

type Issue = z.core.$ZodIssue;

/** `spokes[0].subnets[2].addressPrefix`. */
export function documentPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** What is inside optional, default and prefault. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

function stepInto(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) return Object.hasOwn(inner.shape, part) ? inner.shape[String(part)] : undefined;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodTuple) return inner.def.items[Number(part)];
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (!(inner instanceof z.ZodUnion || inner instanceof z.ZodDiscriminatedUnion)) return undefined;
  for (const option of inner.options) {
    const found = stepInto(option, part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the schema says about the property at that path, or about the list that it is in. */
function descriptionAt(path: readonly PropertyKey[]): string {
  let schema: z.core.$ZodType | undefined = baselineSpec;
  let description = '';
  for (const part of path) {
    schema = stepInto(schema, part);
    if (schema === undefined) break;
    const own = schema instanceof z.ZodType ? (schema.description ?? unwrappedDescription(schema)) : undefined;
    if (own !== undefined) description = own;
  }
  return description;
}

function unwrappedDescription(schema: z.core.$ZodType): string | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodType ? inner.description : undefined;
}

function shown(input: unknown): string {
  if (typeof input === 'string') return `'${input.slice(0, 64)}'`;
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'a mapping';
  return String(input);
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** The size that a bound is about: of a number itself, of text and lists their length. */
function measured(input: unknown): string {
  if (typeof input === 'string') return `has ${input.length} characters`;
  return Array.isArray(input) ? `has ${input.length} entries` : `is ${shown(input)}`;
}

function boundFault(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, path: string): Violation {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  const side = issue.inclusive === false ? (small ? 'more than' : 'less than') : small ? 'at least' : 'at most';
  const message = `${path || 'The document'} ${measured(issue.input)}; ${side} ${bound} is accepted.`;
  return violation('PropertyOutOfRange', path, message, { description: descriptionAt(issue.path) });
}

function typeFault(issue: Extract<Issue, { code: 'invalid_type' }>, path: string): Violation {
  const description = descriptionAt(issue.path);
  if (issue.input === undefined) {
    return violation('PropertyMissing', path, `${path || 'The document'} is missing.`, { description });
  }
  const wanted = typeNames[issue.expected] ?? issue.expected;
  const message = `${path || 'The document'} is ${shown(issue.input)}, not ${wanted}.`;
  const quoted = issue.expected === 'string' && (typeof issue.input === 'number' || typeof issue.input === 'boolean');
  return violation(quoted ? 'PropertyNeedsQuotes' : 'PropertyTypeWrong', path, message, { description, wanted });
}

/** Names of the properties that a mapping at that path may have. */
function propertiesAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: z.core.$ZodType | undefined = baselineSpec;
  for (const part of path) schema = schema === undefined ? undefined : stepInto(schema, part);
  const inner = schema === undefined ? undefined : unwrapped(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (!(inner instanceof z.ZodUnion || inner instanceof z.ZodDiscriminatedUnion)) return [];
  return [
    ...new Set(inner.options.flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : []))),
  ];
}

function unionFault(issue: Extract<Issue, { code: 'invalid_union' }>, path: string): readonly Violation[] {
  if (issue.discriminator !== undefined && isJsonObject(issue.input)) {
    const options = 'options' in issue ? (issue.options ?? []) : [];
    const message = `${path} is ${shown(issue.input[issue.discriminator])}; one of ${options.map(String).join(', ')} is accepted.`;
    return [violation('PropertyValueRefused', path, message, { description: descriptionAt(issue.path.slice(0, -1)) })];
  }
  // Of several forms, the one that came nearest tells most; a scalar that is none of them fits no single message.
  const [nearest] = [...issue.errors].sort(
    (a, b) => b.reduce((sum, { path: at }) => sum + at.length, 0) - a.reduce((sum, { path: at }) => sum + at.length, 0),
  );
  const inside = nearest?.filter((inner) => inner.path.length > 0) ?? [];
  if (inside.length > 0) return inside.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }));
  const message = `${path} is ${shown(issue.input)}, which is none of its forms.`;
  return [violation('PropertyValueRefused', path, message, { description: descriptionAt(issue.path) })];
}

function faultsOf(issue: Issue): readonly Violation[] {
  const path = documentPath(issue.path);
  const values = { description: descriptionAt(issue.path) };
  switch (issue.code) {
    case 'invalid_type':
      return [typeFault(issue, path)];
    case 'unrecognized_keys': {
      const properties = propertiesAt(issue.path).join(', ');
      return issue.keys.map((key) => {
        const at = documentPath([...issue.path, key.slice(0, 64)]);
        return violation('PropertyUnknown', at, `There is no property ${key.slice(0, 64)} here.`, { properties });
      });
    }
    case 'too_small':
    case 'too_big':
      return [boundFault(issue, path)];
    case 'invalid_value': {
      if (issue.input === undefined) return [violation('PropertyMissing', path, `${path} is missing.`, values)];
      if (typeof issue.input === 'number' && issue.values.includes(String(issue.input))) {
        const text = `${path} is the number ${issue.input}; write it as text: "${issue.input}".`;
        return [violation('PropertyNeedsQuotes', path, text, values)];
      }
      const message = `${path} is ${shown(issue.input)}; one of ${issue.values.map(String).join(', ')} is accepted.`;
      return [violation('PropertyValueRefused', path, message, values)];
    }
    case 'invalid_union':
      return unionFault(issue, path);
    case 'invalid_format': {
      // Forms that the schema puts into words; the others only have a pattern.
      if (issue.message.startsWith('must ')) {
        return [
          violation('PropertyFormatWrong', path, `${path} is ${shown(issue.input)}; it ${issue.message}.`, values),
        ];
      }
      const isId = typeof issue.input === 'string' && /(?:^|\.)\w*(?:[iI]d|Ids\[\d+\]|ids\[\d+\])$/.test(path);
      if (isId)
        return [
          violation('ArmIdMalformed', path, `${path} is ${shown(issue.input)}, which is no complete id.`, values),
        ];
      return [
        violation(
          'PropertyFormatWrong',
          path,
          `${path} is ${shown(issue.input)}, which does not have the form of this property.`,
          values,
        ),
      ];
    }
    case 'custom': {
      const wanted = /^expected the id of a (.+)$/.exec(issue.message)?.[1];
      if (wanted !== undefined) {
        return [violation('ArmIdWrongType', path, `${path} is not the id of a ${wanted}.`, { wanted })];
      }
      return [violation('PropertiesContradict', path, `${path || 'The document'}: ${issue.message}.`)];
    }
    case 'invalid_key':
      return [violation('PropertyFormatWrong', path, `${path} is not a key that this mapping takes.`, values)];
    case 'invalid_element':
    case 'not_multiple_of':
      return [violation('PropertyValueRefused', path, `${path} is not accepted.`, values)];
    default: {
      const unknown: never = issue;
      throw new TypeError(`unknown kind of issue: ${JSON.stringify(unknown)}`);
    }
  }
}

/** The schema's complaints in the words and the paths of violations. An id of no form is not also called one of a wrong type. */
export function violationsOfIssues(issues: readonly Issue[]): readonly Violation[] {
  const found = issues.flatMap(faultsOf);
  const malformed = new Set(found.filter(({ code }) => code === 'ArmIdMalformed').map(({ path }) => path));
  return found.filter(({ code, path }) => code !== 'ArmIdWrongType' || !malformed.has(path));
}

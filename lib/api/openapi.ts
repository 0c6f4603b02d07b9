import * as z from 'zod';
import type { Json, JsonObject } from '../json.ts';
import { type Answer, API_PREFIX, type Method, type Parameter, ROUTES, type Route, SCHEMAS } from './routes.ts';

/** Version of the interface. It moves when a call or a field goes or changes its meaning, not when one is added. */
export const API_VERSION = '1.0.0';

let built: JsonObject | undefined;

/** The OpenAPI 3.1 document of the API, made once. */
export function buildOpenApi(): JsonObject {
  built ??= openApiDocument(ROUTES);
  return built;
}

/** The OpenAPI 3.1 document of some routes: the same routes always give the same document. */
export function openApiDocument(routes: readonly Route[]): JsonObject {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const address = `${API_PREFIX}${route.path}`;
    paths[address] = { ...paths[address], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hubkeeper',
      version: API_VERSION,
      description: 'Keeps a hub-and-spoke network around AKS as its operator declared it.',
    },
    servers: [{ url: '/' }],
    security: [{ functionKey: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key', description: 'Function key of the app.' },
      },
      schemas: componentSchemas(),
    },
  };
}

function operationOf(route: Route): JsonObject {
  const answers = [...route.answers, ...generalAnswers(route)];
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [tagOf(route)],
    'x-role': route.role,
    ...(route.role === 'anonymous' ? { security: [] } : {}),
    parameters: route.parameters.map(parameterOf),
    ...(route.body === undefined ? {} : { requestBody: requestBodyOf(route.body) }),
    responses: Object.fromEntries(answers.map((answer) => [String(answer.status), answerOf(answer)])),
  };
}

/** What every call may answer with, apart from what the route says itself. */
function generalAnswers(route: Route): readonly Answer[] {
  if (route.role === 'anonymous') return [];
  const own = new Set(route.answers.map((answer) => answer.status));
  const general: Answer[] = [
    { status: 401, description: 'Nobody is named, or the function key is missing.', body: 'ErrorList' },
    { status: 403, description: `The caller lacks the role ${route.role}, or named somebody else.`, body: 'ErrorList' },
    { status: 503, description: 'State cannot be read or written; repeat the call.', body: 'ErrorList' },
  ];
  if (route.parameters.some((parameter) => parameter.in === 'path')) {
    general.unshift({ status: 400, description: 'The call is not valid; nothing was started.', body: 'ErrorList' });
  }
  return general.filter((answer) => !own.has(answer.status));
}

function parameterOf(parameter: Parameter): JsonObject {
  const { description, ...schema } = schemaOf(parameter.schema);
  return {
    name: parameter.name,
    in: parameter.in,
    required: parameter.required,
    ...(description === undefined ? {} : { description }),
    schema,
  };
}

function requestBodyOf(body: NonNullable<Route['body']>): JsonObject {
  const schema = { $ref: refOf(body.schema) };
  return {
    required: body.required,
    content: Object.fromEntries(body.contentTypes.map((contentType) => [contentType, { schema }])),
  };
}

function answerOf(answer: Answer): JsonObject {
  return {
    description: answer.description,
    ...(answer.headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, description]) => [
              name,
              { description, schema: { type: 'string' } },
            ]),
          ),
        }),
    ...(answer.body === undefined ? {} : { content: { 'application/json': { schema: { $ref: refOf(answer.body) } } } }),
  };
}

function componentSchemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri: refOf });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plainSchema(schema)]));
}

function schemaOf(schema: z.ZodType): Record<string, Json | undefined> {
  return plainSchema(z.toJSONSchema(schema, OPTIONS));
}

/** `io: 'input'`: what crosses the wire, before anything is parsed. `any`: a JSON value is described as `{}`. */
const OPTIONS = {
  target: 'draft-2020-12',
  io: 'input',
  unrepresentable: 'any',
  override: ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }) => {
    // In OpenAPI `readOnly` means "never sent in a request"; in our types it means that nobody changes the array.
    delete jsonSchema.readOnly;
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
} satisfies z.core.ToJSONSchemaParams;

/** Through JSON, since the library's objects carry what no document should. `$id` would change what `$ref` means. */
function plainSchema(schema: unknown): Record<string, Json | undefined> {
  const { $schema: _schema, $id: _id, ...rest } = JSON.parse(JSON.stringify(schema)) as Record<string, Json>;
  return rest;
}

function refOf(name: string): string {
  return `#/components/schemas/${name}`;
}

function tagOf(route: { readonly path: string; readonly method: Method }): string {
  return route.path.split('/')[1]?.replace('.json', '') ?? '';
}

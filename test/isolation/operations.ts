/** What the OpenAPI document says of each operation, and every place in a request where something can be named. */
import type { OpenAPIObject } from '@nestjs/swagger';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Documented {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Record<
      string,
      { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
    >;
  };
}

export interface Place {
  readonly where: 'path' | 'query' | 'header' | 'body';
  /** As it is written: `id`, `cluster`, `Idempotency-Key`; of a body, the way to it: `strategy.kind`, `labels.*`. */
  readonly name: string;
  readonly isRequired: boolean;
  /** Of a path: the words before it, `/api/v1/deployments`. */
  readonly before?: string;
}

export interface Operation {
  /** `POST /api/v1/deployments/{id}/pause`. */
  readonly name: string;
  readonly method: string;
  readonly template: string;
  readonly contentType: string | undefined;
  readonly example: unknown;
  readonly places: readonly Place[];
  /** What a query must say and can only say with a word out of a list: the first of them. */
  readonly words: Readonly<Record<string, string>>;
}

export function operationsOf(document: OpenAPIObject): Operation[] {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  return Object.entries(document.paths).flatMap(([template, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) =>
      operationOf(`${method.toUpperCase()} ${template}`, item[method] as Documented, schemas),
    ),
  );
}

function operationOf(name: string, told: Documented, schemas: Record<string, Schema>): Operation {
  const [method = '', template = ''] = name.split(' ');
  const [content] = Object.entries(told.requestBody?.content ?? {});
  const [contentType, body] = content ?? [];
  const parameters = (told.parameters ?? []).map((parameter): Place => {
    const { in: where, name: said, required: isRequired = false } = parameter;
    const at = where === 'path' ? { before: template.split(`/{${said}}`)[0]! } : {};
    return { where: where as Place['where'], name: said, isRequired, ...at };
  });
  const words = (told.parameters ?? [])
    .filter(({ in: where, required: must, schema }) => where === 'query' && must && schema?.enum)
    .map(({ name: said, schema }) => [said, String(schema!.enum![0])]);
  const fields = body ? [...new Set(textsOf(body.schema, schemas))] : [];
  return {
    name,
    method,
    template,
    contentType,
    words: Object.fromEntries(words) as Record<string, string>,
    example: body?.example ?? Object.values(body?.examples ?? {})[0]?.value,
    places: [
      // `GET` and `DELETE` with a filter that takes only certain words names nothing.
      ...parameters.filter((_, at) => isText(told.parameters![at]!.schema, schemas)),
      ...fields.map((field): Place => ({ where: 'body', name: field, isRequired: false })),
    ],
  };
}

const isText = (schema: Schema | undefined, schemas: Record<string, Schema>) =>
  schema === undefined || textsOf(schema, schemas).length > 0;

/** The ways to all texts of a body that are no word out of a list. */
function textsOf(given: Schema, schemas: Record<string, Schema>, way: string[] = []): string[] {
  const schema = given.$ref ? schemas[given.$ref.split('/').at(-1)!]! : given;
  if (schema.enum || schema.const !== undefined) return [];
  const inner = (one: Schema, ...step: string[]) => textsOf(one, schemas, [...way, ...step]);
  const found = [schema.anyOf, schema.oneOf, schema.allOf]
    .flatMap((each) => each ?? [])
    .flatMap((one) => inner(one));
  for (const [key, one] of Object.entries(schema.properties ?? {})) found.push(...inner(one, key));
  if (schema.items) found.push(...inner(schema.items, '[]'));
  if (typeof schema.additionalProperties === 'object') {
    found.push(...inner(schema.additionalProperties, '*'));
  }
  if (schema.type === 'string' && schema.format !== 'binary') found.push(way.join('.'));
  return found;
}

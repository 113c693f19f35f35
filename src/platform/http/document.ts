import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import type { CheckedHandler } from './access-check.js';
import { describeOperation, type DocumentedOperation } from './document-operation.js';

export interface DocumentOptions {
  readonly version: string;
  readonly handlers: readonly CheckedHandler[];
}

const DESCRIPTION = `Roll out releases to real nodes in waves, each opened only when the one before has settled.

Times are RFC 3339 in UTC, ids are UUIDs, durations say their unit in the name. Unknown fields are refused.
Lists take \`limit\` and \`cursor\` and answer \`{ items, nextCursor }\`. Errors are \`application/problem+json\` with a
stable \`code\`; the \`id\` in them is the request's id in the log.`;

/**
 * The OpenAPI document: what Nest finds by itself, plus what access decorators and @Operation know.
 * Throws a sentence that names the operation when one has no notes.
 */
export function buildDocument(app: INestApplication, options: DocumentOptions): OpenAPIObject {
  const access = new Map<string, CheckedHandler>();
  for (const handler of options.handlers) {
    if (handler.transport !== 'http') continue;
    const id = operationId(handler.controller, handler.method);
    if (access.has(id)) throw new Error(`two operations would have the id "${id}": rename one.`);
    access.set(id, handler);
  }
  const frame = new DocumentBuilder()
    .setTitle('Tidegate')
    .setDescription(DESCRIPTION)
    .setVersion(options.version)
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An access token from POST /api/v1/authentication/login, or an access key.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, frame, {
    operationIdFactory: operationId,
    standardSchemaConverter: (schema, { schemaType }) => jsonSchemaOf(schema, schemaType),
  });
  addProblemSchema(document);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'put', 'post', 'delete', 'patch'] as const) {
      const operation = item[method] as DocumentedOperation | undefined;
      if (!operation) continue;
      const handler = access.get(operation.operationId ?? '');
      if (!handler) throw new Error(`${method.toUpperCase()} ${path} belongs to no known handler.`);
      describeOperation(`${method.toUpperCase()} ${path}`, operation, handler);
    }
  }
  return document;
}

/** `EnvironmentsController.list` → `environmentsList`: what SDKs call the operation. */
export function operationId(controller: string, method: string): string {
  const noun = controller.replace(/Controller$/, '');
  return (
    noun.charAt(0).toLowerCase() + noun.slice(1) + method.charAt(0).toUpperCase() + method.slice(1)
  );
}

type Converted = { schema: Record<string, unknown>; components?: Record<string, object> };

/** zod's own conversion throws at transforms and dates; a loose schema is better than no document. */
function jsonSchemaOf(schema: unknown, io: 'input' | 'output'): Converted | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { definitions, $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, DATE_TIME);
      // The text that a query number arrives as is no news to a reader of the document.
      if (jsonSchema.type === 'integer') delete jsonSchema.pattern;
      // zod drops the default of what it transforms, though a client may well rely on it.
      const preset = z.globalRegistry.get(zodSchema)?.['default'];
      if (preset !== undefined) jsonSchema.default = preset;
      keepToTheCommonSubset(jsonSchema);
    },
  }) as Record<string, unknown>;
  void $schema;
  const components = definitions as Record<string, object> | undefined;
  return { schema: rest, ...(components ? { components } : {}) };
}

const UNICODE_CLASS = /\\p\{/i;

/**
 * What every validator and generator of clients understands. A pattern with classes of Unicode is one in
 * JavaScript only, and is kept where no tool looks for one. The default of an object is that of its members,
 * each of which has its own; generators leave out the whole schema because of it.
 */
function keepToTheCommonSubset(jsonSchema: Record<string, unknown>): void {
  const { pattern, default: preset } = jsonSchema;
  if (typeof pattern === 'string' && UNICODE_CLASS.test(pattern)) {
    delete jsonSchema.pattern;
    jsonSchema['x-javascript-pattern'] = pattern;
  }
  if (typeof preset === 'object' && preset !== null && !Array.isArray(preset)) {
    delete jsonSchema.default;
  }
}

const DATE_TIME = { type: 'string', format: 'date-time' };

function addProblemSchema(document: OpenAPIObject): void {
  document.components ??= {};
  document.components.schemas ??= {};
  const text = { type: 'string' } as const;
  document.components.schemas['Problem'] = {
    type: 'object',
    description: 'RFC 9457. Decide by `code`; show `detail`; quote `id` when you ask for help.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'id'],
    properties: {
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: { ...text, description: 'What to do next, for people.' },
      instance: text,
      code: { ...text, description: 'Stable, kebab-case. docs/errors.md lists them all.' },
      id: { ...text, description: 'The id of the request in the log.' },
      details: {
        type: 'object',
        additionalProperties: true,
        description: 'More by code; for `validation-failed` the `fields` that are wrong.',
      },
    },
  };
}

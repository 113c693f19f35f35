import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { printable } from '../../kernel/text.js';
import { validationFailed } from './http.errors.js';
import { type Issue, judge } from './issues.js';

const MESSAGE_CHARACTERS = 300;
const PATH_CHARACTERS = 200;

/**
 * Validates what a route declares with `{ schema }` and names every field that is wrong. Nest's own
 * StandardSchemaValidationPipe does the same but drops `__proto__` in silence and flattens the places.
 */
export class SchemaPipe implements PipeTransform<unknown> {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = metadata.schema;
    if (!schema || metadata.type === 'custom') return value;
    if (value !== null && typeof value === 'object' && Object.hasOwn(value, '__proto__')) {
      throw fieldsWrong([fieldOf({ message: 'must not be a key' }, metadata, '__proto__')]);
    }
    if (!(schema instanceof z.ZodType)) throw new Error('a schema of a route is not one of zod');
    const outcome = judge(schema, value);
    if (!('issues' in outcome)) return outcome.value;
    throw fieldsWrong(outcome.issues.map((issue) => fieldOf(issue, metadata, metadata.data)));
  }
}

interface Field {
  readonly in: string;
  readonly path: string;
  readonly message: string;
}

function fieldOf(issue: Issue, metadata: ArgumentMetadata, name: string | undefined): Field {
  const segments = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  const path = [...(name ? [name] : []), ...segments].join('.');
  return {
    in: metadata.type === 'param' ? 'path' : metadata.type,
    path: printable(path.slice(0, PATH_CHARACTERS)),
    message: printable(issue.message.slice(0, MESSAGE_CHARACTERS)),
  };
}

function fieldsWrong(fields: readonly Field[]): DomainError {
  const [first] = fields;
  const place = first?.path ? `${first.in} "${first.path}"` : `the ${first?.in ?? 'request'}`;
  return validationFailed(
    `The request does not have the required form: ${place}: ${first?.message ?? 'invalid'}.`,
    { details: { fields } },
  );
}

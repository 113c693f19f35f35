import type { OpenAPIObject } from '@nestjs/swagger';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface Media {
  schema?: unknown;
  example?: unknown;
  examples?: unknown;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: { name: string; in: string; schema?: Record<string, unknown> }[];
  requestBody?: { content?: Record<string, Media> };
  responses?: Record<string, { description?: string; content?: Record<string, Media> }>;
  'x-error-codes'?: string[];
}

/**
 * What a reader of the OpenAPI document may expect of every operation. Returns one sentence for
 * each fault; a test expects the empty list, so that a new route cannot come without its words.
 */
export function openapiFaults(document: OpenAPIObject): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (!operation) continue;
      const name = `${method.toUpperCase()} ${path}`;
      for (const fault of operationFaults(operation)) faults.push(`${name} ${fault}`);
      const id = operation.operationId ?? '';
      if (id === '' || ids.has(id)) faults.push(`${name} has no operationId of its own`);
      ids.add(id);
    }
  }
  return [...faults, ...unresolvedReferences(document)];
}

function operationFaults(operation: Operation): string[] {
  return [
    ...wordFaults(operation),
    ...inputFaults(operation),
    ...answerFaults(operation),
    ...errorFaults(operation),
  ];
}

function wordFaults({ summary = '', description = '', security }: Operation): string[] {
  return [
    ...(summary.length < 3 ? ['has no summary'] : []),
    ...(summary.length > 80 || summary.endsWith('.') ? ['has a summary that is a sentence'] : []),
    ...(description.length < 20 ? ['has no description worth the name'] : []),
    ...(security === undefined ? ['does not say whether it needs a sign-in'] : []),
  ];
}

function inputFaults({ parameters = [], requestBody }: Operation): string[] {
  const faults = parameters
    .filter(({ schema }) => !schema || Object.keys(schema).length === 0)
    .map((parameter) => `has no schema for its ${parameter.in} parameter "${parameter.name}"`);
  for (const [type, media] of Object.entries(requestBody?.content ?? {})) {
    if (!media.schema) faults.push(`has no schema for its ${type} body`);
    if (media.example === undefined && media.examples === undefined) {
      faults.push(`has no example of its ${type} body`);
    }
  }
  return faults;
}

function answerFaults({ responses = {} }: Operation): string[] {
  const successes = Object.entries(responses).filter(([status]) => /^[23]/.test(status));
  if (successes.length === 0) return ['has no successful answer'];
  return successes.flatMap(([status, { content }]) => {
    if (status === '204' || status.startsWith('3')) return [];
    if (!content || Object.keys(content).length === 0) {
      return [`does not say what its ${status} answer looks like`];
    }
    return Object.entries(content)
      .filter(([, media]) => !isBinary(media))
      .filter(([, media]) => !media.schema || (media.example ?? media.examples) === undefined)
      .map(([type]) => `has no schema or no example of its ${status} answer (${type})`);
  });
}

/** Bytes have no example that a reader could learn from. */
function isBinary({ schema }: Media): boolean {
  return (schema as { format?: unknown } | undefined)?.format === 'binary';
}

function errorFaults({ responses = {}, 'x-error-codes': codes = [] }: Operation): string[] {
  const errors = Object.entries(responses).filter(([status]) => /^[45]/.test(status));
  if (codes.length === 0) return ['names no errors'];
  const shown = errors.flatMap(([, { content }]) =>
    ['application/problem+json', 'application/scim+json'].flatMap((type) =>
      Object.keys((content?.[type]?.examples as object | undefined) ?? {}),
    ),
  );
  return codes
    .filter((code) => !shown.includes(code))
    .map((code) => `does not show its error "${code}"`);
}

function unresolvedReferences(document: OpenAPIObject): string[] {
  const known = Object.keys(document.components?.schemas ?? {});
  const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  const missing = new Set([...references].map((match) => match[1]!));
  return [...missing]
    .filter((name) => !known.includes(name))
    .map((name) => `the schema "${name}" is referred to but not there`);
}

import type { ErrorCode } from '../../kernel/error-entry.js';
import { PLATFORM_PERMISSIONS } from '../../kernel/permission.js';
import type { CheckedHandler } from './access-check.js';
import { type Access, isAboutAccount } from './access-rule.js';
import { statusOf, titleOf } from './error-codes.js';
import {
  bodyTooLarge,
  mfaEnrollmentRequired,
  forbidden,
  internalError,
  jsonMalformed,
  jsonUnacceptable,
  peopleOnly,
  permissionMissing,
  stepUpRequired,
  tenantDeleting,
  tenantNotReady,
  tenantSuspended,
  unauthenticated,
  unsupportedMediaType,
  validationFailed,
} from './http.errors.js';
import { foreignPage, httpsNeeded } from './page.errors.js';
import { ownSignInNeeded, providerFactorNeeded, providerSignInNeeded } from './vouching.errors.js';
import { rateLimited } from '../rate-limits/rate-limits.errors.js';
import { OPERATION_EXTENSION, type OperationExample } from './operation.js';
import type { Problem } from './problem.js';
import { SCIM_ERROR_SCHEMA, scimErrorOf } from './scim-error.js';

interface MediaType {
  schema?: unknown;
  example?: unknown;
  examples?: unknown;
}

interface DocumentedResponse {
  description?: string;
  content?: Record<string, MediaType>;
}

/** As much of an OpenAPI operation as is touched here. */
export interface DocumentedOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: unknown[];
  requestBody?: { content?: Record<string, MediaType> };
  responses?: Record<string, DocumentedResponse>;
  security?: Record<string, string[]>[];
  [extension: `x-${string}`]: unknown;
}

interface Notes {
  readonly errors: readonly ErrorCode[];
  readonly example: OperationExample;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
}

/**
 * A header that a handler reads (`@Headers('if-match')`) and that @ApiHeader describes appears twice,
 * in different case and once as required. The description, which comes last, is the true one.
 */
function withoutTwins(parameters: Parameter[]): Parameter[] {
  const key = (parameter: Parameter) => parameter.name.toLowerCase();
  return parameters.filter(
    (parameter, index) =>
      parameter.in !== 'header' ||
      !parameters
        .slice(index + 1)
        .some((later) => later.in === 'header' && key(later) === key(parameter)),
  );
}

/** Writes access, errors and examples into one operation. */
export function describeOperation(
  name: string,
  operation: DocumentedOperation,
  handler: CheckedHandler,
): void {
  const notes = operation[OPERATION_EXTENSION] as Notes | undefined;
  delete operation[OPERATION_EXTENSION];
  if (!notes) throw new Error(`${name} has no @Operation({ summary, description, errors, … }).`);
  operation.parameters &&= withoutTwins(operation.parameters as Parameter[]);
  addAccess(operation, handler);
  addExamples(operation, notes.example);
  addErrors(operation, [
    ...new Set([
      ...notes.errors,
      ...impliedErrors(operation, handler),
      ...(name.startsWith('GET ') ? [] : writeErrors(handler.access)),
    ]),
  ]);
  if (handler.access.kind === 'directory') speakScim(operation);
}

const SCIM_MEDIA: Readonly<Record<string, string>> = {
  'application/json': 'application/scim+json',
  'application/problem+json': 'application/scim+json',
};

/** A directory is spoken to in the media type and with the errors of RFC 7644. */
function speakScim({ requestBody, responses = {} }: DocumentedOperation): void {
  for (const part of [requestBody, ...Object.values(responses)]) {
    if (!part?.content) continue;
    const content = Object.entries(part.content).map(([type, media]) => {
      const isProblem = type === 'application/problem+json';
      return [SCIM_MEDIA[type] ?? type, isProblem ? scimErrors(media) : media] as const;
    });
    part.content = Object.fromEntries(content);
  }
}

function scimErrors({ examples }: MediaType): MediaType {
  const shown = Object.entries(examples as Record<string, { summary: string; value: Problem }>);
  const told = shown.map(([code, { summary, value }]) => {
    return [code, { summary, value: scimErrorOf(value) }] as const;
  });
  return { schema: SCIM_ERROR, examples: Object.fromEntries(told) };
}

const SCIM_ERROR = {
  type: 'object',
  required: ['schemas', 'status', 'detail'],
  properties: {
    schemas: { type: 'array', items: { type: 'string', enum: [SCIM_ERROR_SCHEMA] } },
    status: { type: 'string' },
    scimType: { type: 'string' },
    detail: { type: 'string' },
  },
};

function addAccess(operation: DocumentedOperation, { access }: CheckedHandler): void {
  operation.security = access.kind === 'public' ? [] : [{ bearer: [] }];
  const needs: string[] = [];
  if (access.kind === 'permission') {
    operation['x-permission'] = access.permission;
    needs.push(`Needs the permission \`${access.permission}\`.`);
  }
  if (access.kind === 'directory') needs.push('For the tenant’s directory only, by its token.');
  if (access.kind === 'person') needs.push('For people with a session only.');
  if (isAboutAccount(access)) {
    operation['x-own-sign-in'] = true;
    needs.push('About the account: closed to sessions that a tenant’s provider vouches for.');
  }
  if ('isStepUp' in access && access.isStepUp) {
    operation['x-step-up'] = true;
    needs.push('Needs a proof, not older than five minutes, that it is you.');
  }
  if (needs.length === 0) return;
  operation.description = `${operation.description ?? ''}\n\n${needs.join(' ')}`;
}

function addExamples(operation: DocumentedOperation, example: OperationExample): void {
  if (example.request !== undefined) {
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      media.example = example.request;
    }
  }
  if (example.response === undefined) return;
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (!status.startsWith('2')) continue;
    for (const media of Object.values(response.content ?? {})) media.example = example.response;
  }
}

/** What every operation of its sort can answer, so that nobody has to say it. */
function impliedErrors(operation: DocumentedOperation, { access }: CheckedHandler): ErrorCode[] {
  const hasInput = (operation.parameters?.length ?? 0) > 0 || operation.requestBody !== undefined;
  const takesJson = operation.requestBody?.content?.['application/json'] !== undefined;
  return [
    ...(hasInput ? [validationFailed] : []),
    ...(takesJson ? [jsonMalformed, jsonUnacceptable, bodyTooLarge, unsupportedMediaType] : []),
    ...(access.kind === 'public' ? [] : [unauthenticated]),
    ...(access.kind === 'permission' ? [permissionMissing] : []),
    ...(access.kind === 'person' ? [peopleOnly] : []),
    ...(isForBrowsers(access) ? [foreignPage, httpsNeeded] : []),
    ...(isAboutAccount(access) ? [ownSignInNeeded] : []),
    ...proofErrors(access),
    ...(access.kind === 'public' && access.isProbe ? [] : [rateLimited]),
    ...(access.kind === 'agent' ? [forbidden] : []),
    internalError,
  ];
}

/** A session may be shown by its cookie. */
function isForBrowsers({ kind }: Access): boolean {
  return kind === 'permission' || kind === 'person' || kind === 'authenticated';
}

/** What is said of a tenant that is not to be changed at this time. */
function writeErrors(access: Access): ErrorCode[] {
  const isOfTenant =
    access.kind === 'permission' && !PLATFORM_PERMISSIONS.includes(access.permission);
  return isOfTenant ? [tenantSuspended, tenantNotReady, tenantDeleting] : [];
}

/** What those are told who have not shown enough. */
function proofErrors(access: Access): ErrorCode[] {
  const isNobody = access.kind === 'agent' || access.kind === 'directory';
  if (isNobody || access.kind === 'public') return [];
  const isStepUp = access.kind !== 'authenticated' && access.isStepUp === true;
  return [
    ...(access.isForEnrolling ? [] : [mfaEnrollmentRequired, providerFactorNeeded]),
    ...(access.isForEnrolling || access.kind === 'person' ? [] : [providerSignInNeeded]),
    ...(isStepUp ? [peopleOnly, stepUpRequired] : []),
  ];
}

function addErrors(operation: DocumentedOperation, errors: readonly ErrorCode[]): void {
  operation['x-error-codes'] = errors.map((error) => error.code).sort();
  const responses = (operation.responses ??= {});
  const statuses = [...new Set(errors.map(statusOf))].sort((a, b) => a - b);
  for (const status of statuses) {
    const group = errors.filter((error) => statusOf(error) === status);
    const before = responses[status];
    const list = group.map((error) => `\`${error.code}\`: ${error.meaning}`).join('\n\n');
    responses[status] = {
      ...before,
      description: [before?.description, list].filter(Boolean).join('\n\n'),
      content: {
        ...before?.content,
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: Object.fromEntries(group.map((error) => [error.code, exampleOf(error)])),
        },
      },
    };
  }
}

function exampleOf(error: ErrorCode): { summary: string; value: unknown } {
  const title = titleOf(error.code);
  return {
    summary: title,
    value: {
      type: `urn:tidegate:error:${error.code}`,
      title,
      status: statusOf(error),
      detail: error.meaning,
      instance: '/api/v1/…',
      code: error.code,
      id: '0198c9a2-7e6b-7c31-9d1e-3f5a4b6c7d8e',
    },
  };
}

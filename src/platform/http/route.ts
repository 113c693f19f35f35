import { applyDecorators, HttpCode, RequestMapping, RequestMethod } from '@nestjs/common';
import { ApiHeader, ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Permission } from '../../kernel/permission.js';
import type { Proof } from './access-rule.js';
import {
  AgentOnly,
  Allow,
  Authenticated,
  DirectoryOnly,
  PersonOnly,
  Probe,
  Public,
} from './access.js';
import { AnswerHeaders, type HeadersOf } from './answer-headers.js';
import type { RateClass } from '../rate-limits/rates.js';
import { Operation, type OperationNotes } from './operation.js';
import { CountsAs, OpenWhileSuspended } from './route-facts.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** `GET`, or `POST :id/cordon`: the method, and what follows the controller's own path. */
type RouteName = Method | `${Method} ${string}`;

export interface RouteOptions<A> extends OperationNotes {
  /** Who may call: whose role holds the permission, or one of the sorts of access.ts. */
  readonly access:
    Permission | 'authenticated' | 'person' | 'agent' | 'directory' | 'public' | 'probe';
  /** What people must have shown beside their token. */
  readonly proof?: Proof;
  /** What its requests count as, where it is not `other` (rate-limits/rates.ts). */
  readonly rate?: RateClass;
  /** The body of the answer, as a schema or as OpenAPI describes it. Without it: 204. */
  readonly answer?: z.ZodType | ApiResponseOptions;
  /** Else 200, for a POST 201, and without an answer 204. */
  readonly status?: 200 | 201 | 202 | 204 | 302;
  /** It ends or holds what runs: allowed in a suspended tenant, too. */
  readonly isOpenWhileSuspended?: true;
  /** It may answer 200 as well, with the same body: what was asked for is there already. */
  readonly isRepeatable?: boolean;
  /** A header that the handler reads and that a client may leave out. */
  readonly header?: { readonly name: string; readonly description?: string };
  /** Headers of the answer, such as its ETag. */
  readonly answerHeaders?: HeadersOf<A>;
}

/** A handler that answers with what the headers are made of. */
type RouteDecorator<A> = <H extends (...args: never[]) => A | Promise<A>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<H>,
) => void;

/**
 * All that is to be said of a route, once: where it is, who may call it, what it does, answers and
 * refuses. Below it the handler is a list of inputs and one call. Other decorators stand beside it only
 * for what few routes have (forms, streams).
 */
export function Route<A>(name: RouteName, options: RouteOptions<A>): RouteDecorator<A> {
  const { access, proof, rate, answer, status, isRepeatable, header, ...rest } = options;
  const { answerHeaders, isOpenWhileSuspended, ...notes } = rest;
  const [method = 'GET', path = ''] = name.split(' ') as [Method, string?];
  const code = answer ? (status ?? (method === 'POST' ? 201 : 200)) : (status ?? 204);
  const statuses = isRepeatable ? [200, code] : [code];
  return applyDecorators(
    RequestMapping({ method: RequestMethod[method], path }),
    HttpCode(code),
    accessOf(access, proof),
    ...(rate ? [CountsAs(rate)] : []),
    Operation(notes),
    ...statuses.map((each) => ApiResponse(describedAs(each, answer))),
    ...(isOpenWhileSuspended ? [OpenWhileSuspended()] : []),
    ...(header ? [ApiHeader({ required: false, ...header })] : []),
    ...(answerHeaders ? [AnswerHeaders(answerHeaders)] : []),
  );
}

function accessOf(access: RouteOptions<unknown>['access'], proof?: Proof): MethodDecorator {
  switch (access) {
    case 'authenticated':
      return Authenticated(proof);
    case 'person':
      return PersonOnly(proof);
    case 'agent':
      return AgentOnly();
    case 'directory':
      return DirectoryOnly();
    case 'public':
      return Public();
    case 'probe':
      return Probe();
    default:
      return Allow(access, proof);
  }
}

function describedAs(status: number, answer: RouteOptions<unknown>['answer']): ApiResponseOptions {
  if (answer === undefined) return { status };
  return '_zod' in answer ? { status, standardSchema: answer } : { ...answer, status };
}

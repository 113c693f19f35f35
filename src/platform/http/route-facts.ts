import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { limits } from '../../kernel/limits.js';
import type { Access } from './access-rule.js';
import type { RateClass } from '../rate-limits/rates.js';
import type { Problem } from './problem.js';
import type { JsonShape } from './strict-json.js';

/**
 * What has to be known of a route before its body is read. Decorators leave it on the handler, Nest
 * hands it to Fastify as the route's `config`, and hooks find it in `request.routeOptions.config`.
 */
export interface RouteFacts {
  /** Missing: a route that is no handler of ours (the document, its page). Anybody may ask. */
  readonly access?: Access;
  /** Of JSON bodies; else the ones of all routes. */
  readonly json?: Partial<JsonShape>;
  /** What has come is kept beside what it means: for bodies that are signed. */
  readonly keepsBytes?: boolean;
  /** Takes multipart/form-data; other routes refuse it unread. */
  readonly takesForm?: boolean;
  /** Takes application/x-www-form-urlencoded beside JSON; other routes refuse it unread. */
  readonly takesUrlForm?: boolean;
  /** What a standard wants beside our own words in a refusal. */
  readonly tellsProblem?: (problem: Problem) => object;
  /** Sends a file from the disk, to anybody. */
  readonly isFile?: boolean;
  /** What its requests count as; else `other`. */
  readonly rate?: RateClass;
  /** It ends or holds what runs: a suspended tenant may do it, too. */
  readonly isOpenWhileSuspended?: true;
  /** Its own transaction refuses a node that was revoked or that another machine is: it need not be asked before. */
  readonly asksForNode?: true;
  /** What a request costs of the budget of its address; else 1. */
  readonly cost?: number;
}

declare module 'fastify' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- how Fastify is told of it.
  interface FastifyContextConfig extends RouteFacts {}
  interface FastifyRequest {
    /** The body as it came, where the route `keepsBytes`. */
    bodyBytes?: Buffer;
  }
}

export function addRouteFacts(handler: object, facts: RouteFacts): void {
  const known = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as RouteFacts;
  Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...known, ...facts }, handler);
}

const facts =
  (value: RouteFacts): MethodDecorator =>
  (_target, _key, descriptor) =>
    addRouteFacts(descriptor.value as object, value);

/** For bodies with more members than others need. Stands where the reason for it does. */
export const TakesJson = (json: Partial<JsonShape>) => facts({ json });

export const CountsAs = (rate: RateClass) => facts({ rate });

export const KeepsBytes = () => facts({ keepsBytes: true });

export const TakesForm = () => facts({ takesForm: true });

export const TakesUrlForm = () => facts({ takesUrlForm: true });

export const OpenWhileSuspended = () => facts({ isOpenWhileSuspended: true });

export const AsksForNode = () => facts({ asksForNode: true });

/** For routes of a standard with a form of its own for errors: it is added to ours. */
export const TellsProblem = (tellsProblem: (problem: Problem) => object) => facts({ tellsProblem });

/** Whether whoever calls has no account to answer for it. */
export function isForStrangers({ access }: RouteFacts): boolean {
  return access === undefined || access.kind === 'public';
}

export function isProbe({ access }: RouteFacts): boolean {
  return access?.kind === 'public' && access.isProbe === true;
}

export function bodyBytesOf(route: RouteFacts): number {
  return isForStrangers(route) ? limits.publicBodyBytes : limits.bodyBytes;
}

export function jsonShapeOf(route: RouteFacts): JsonShape {
  const base = isForStrangers(route)
    ? { depth: limits.publicJsonDepth, members: limits.publicJsonMembers }
    : { depth: limits.jsonDepth, members: limits.jsonMembers };
  return { ...base, ...route.json };
}

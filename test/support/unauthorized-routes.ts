/**
 * Generated from a running application's OpenAPI document: every operation that is not on a short,
 * written-down list refuses a caller without a token, with garbage, and with an expired one. A new
 * route is covered the moment it exists.
 */
import { randomUUID } from 'node:crypto';
import type { OpenAPIObject } from '@nestjs/swagger';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

export interface UnauthorizedRoutesOptions {
  readonly document: OpenAPIObject;
  /** `POST /api/v1/authentication/login`, as the document writes the path. */
  readonly publicRoutes: readonly string[];
  /** Signed by the right key, with everything right but the time. */
  readonly expiredToken: string;
  /** Sends a request and gives the status of the answer. */
  readonly send: (request: {
    readonly method: string;
    readonly path: string;
    readonly authorization?: string;
  }) => Promise<number>;
}

export interface UnauthorizedRoutesResult {
  /** How many operations were tried: a test should expect a number, or it may pass on nothing. */
  readonly checked: number;
  /** A sentence for each operation that answered anything but 401, or is listed and does not exist. */
  readonly faults: readonly string[];
}

export async function unauthorizedRoutes(
  options: UnauthorizedRoutesOptions,
): Promise<UnauthorizedRoutesResult> {
  const attempts: Record<string, string | undefined> = {
    'no token': undefined,
    'a garbage token': 'Bearer not.a.token',
    'another scheme': 'Basic YWRtaW46QWRtaW4xMjMh',
    'an expired token': `Bearer ${options.expiredToken}`,
  };
  const operations = operationsOf(options.document);
  const known = operations.map(({ name }) => name);
  const faults = options.publicRoutes
    .filter((route) => !known.includes(route))
    .map((route) => `${route} is listed as public but does not exist`);
  let checked = 0;
  for (const { name, method, path } of operations) {
    if (options.publicRoutes.includes(name)) continue;
    checked += 1;
    for (const [what, authorization] of Object.entries(attempts)) {
      const status = await options.send({
        method,
        path,
        ...(authorization === undefined ? {} : { authorization }),
      });
      if (status !== 401) faults.push(`${name} answered ${status} to ${what}`);
    }
  }
  return { checked, faults };
}

function operationsOf(document: OpenAPIObject) {
  return Object.entries(document.paths).flatMap(([template, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({
      name: `${method.toUpperCase()} ${template}`,
      method: method.toUpperCase(),
      path: template.replaceAll(/\{[^}]+\}/g, () => randomUUID()),
    })),
  );
}

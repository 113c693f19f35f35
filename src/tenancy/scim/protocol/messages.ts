/** How a directory is answered: lists, attributes that were asked for, and what can be asked of us at all. */
import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import {
  type Attribute,
  GROUP_SCHEMA,
  groupAttributes,
  USER_SCHEMA,
  userAttributes,
} from './attributes.js';
import type { Resource } from './resource.js';

export const SCIM_MEDIA_TYPE = 'application/scim+json; charset=utf-8';

export interface Meta {
  readonly resourceType: string;
  readonly created?: string;
  readonly lastModified?: string;
  readonly location: string;
  readonly version?: string;
}

/** A user or group as it is answered. */
export interface Shown extends Readonly<Record<string, unknown>> {
  readonly schemas: readonly string[];
  readonly id: string;
  readonly meta: Meta;
}

const number = z
  .string()
  .regex(/^-?\d{1,9}$/, 'must be a whole number')
  .transform(Number)
  .optional();
const names = z
  .string()
  .max(limits.scimFilterCharacters)
  .optional()
  .transform((text) => text?.split(',').map((name) => name.trim().toLowerCase()));

/** What is not known here is left alone, as RFC 7644 has it. */
export const shownQuery = z.object({ attributes: names, excludedAttributes: names });
export type ShownQuery = z.output<typeof shownQuery>;

export const listQuery = shownQuery.extend({
  filter: z.string().optional(),
  startIndex: number.meta({ type: 'integer', description: 'Of the first; counted from 1.' }),
  count: number.meta({ type: 'integer', description: 'How many at most.' }),
});
export type ListQuery = z.output<typeof listQuery>;

export interface Slice {
  /** Counted from 0. */
  readonly offset: number;
  readonly take: number;
}

export function sliceOf(
  { startIndex = 1, count = limits.scimPage }: ListQuery,
  most: number,
): Slice {
  return {
    offset: Math.max(1, startIndex) - 1,
    take: Math.min(most, Math.max(0, count)),
  };
}

export function listOf(
  resources: readonly object[],
  { total, offset }: { readonly total: number; readonly offset: number },
): object {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

/** Whether the answer is to have it. */
export function isAskedFor(name: string, { attributes, excludedAttributes }: ShownQuery): boolean {
  const key = name.toLowerCase();
  const names = (list: readonly string[]) =>
    list.map((each) => each.split(':').at(-1)!.split('.')[0]!);
  if (attributes) return names(attributes).includes(key);
  return !names(excludedAttributes ?? []).includes(key);
}

export function shownAs(resource: Shown, query: ShownQuery): Shown {
  const always = ['id', 'schemas'];
  const kept = Object.entries(resource).filter(
    ([name]) => always.includes(name) || isAskedFor(name, query),
  );
  return Object.fromEntries(kept) as Shown;
}

/** For filters: what is asked about is the answer. */
export function asResource(shown: Shown): Resource {
  return shown as unknown as Resource;
}

export function serviceProviderConfig(base: string): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: limits.scimPage },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Directory token',
        description: 'A token of a directory, made by an Admin of the tenant: tgd_…',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

export function resourceTypes(base: string): Shown[] {
  const of = (name: string, endpoint: string, schema: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint,
    schema,
    schemaExtensions: [],
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  });
  return [of('User', '/Users', USER_SCHEMA), of('Group', '/Groups', GROUP_SCHEMA)];
}

export function schemas(base: string): Shown[] {
  const of = (id: string, name: string, attributes: readonly Attribute[]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    description: `What is kept of a ${name.toLowerCase()}.`,
    attributes,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  });
  return [of(USER_SCHEMA, 'User', userAttributes), of(GROUP_SCHEMA, 'Group', groupAttributes)];
}

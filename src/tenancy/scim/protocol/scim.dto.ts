import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import type { Shown } from './messages.js';
import { SCIM_MEDIA_TYPE } from './messages.js';

/** Read by `resource.ts`, which knows what each attribute takes: what is not known is left alone. */
export const resourceBody = z.record(z.string(), z.unknown()).meta({
  id: 'ScimResource',
  description: 'A user or group of RFC 7643; `GET /scim/v2/Schemas` lists the attributes.',
});
export type ResourceBody = z.output<typeof resourceBody>;

export const patchBody = z.record(z.string(), z.unknown()).meta({
  id: 'ScimPatch',
  description: 'A PatchOp of RFC 7644: `schemas`, and `Operations` of `op`, `path` and `value`.',
});

/** What is no id of ours is not found. */
export const resourceParams = z.strictObject({ id: z.string().max(limits.scimTextCharacters) });
export type ResourceParams = z.output<typeof resourceParams>;

const shown = z.record(z.string(), z.unknown());
export const resourceOut = shown.meta({ id: 'ScimAnswer' });
export const listOut = shown.meta({
  id: 'ScimList',
  description:
    'A ListResponse of RFC 7644: `totalResults`, `startIndex`, `itemsPerPage`, `Resources`.',
});

export const exampleAnswer = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '019a7f3e-a000-7aaa-8bbb-0123456789ab',
  meta: { resourceType: 'User', version: 'W/"1"' },
};

export const exampleList = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: 1,
  startIndex: 1,
  itemsPerPage: 1,
  Resources: [exampleAnswer],
};

const type = { 'content-type': SCIM_MEDIA_TYPE };
export const plain = (): Record<string, string> => type;
/** Where it is and which version it has, unless only other attributes were asked for. */
export const tagged = ({ meta }: Partial<Shown>): Record<string, string> =>
  meta ? { ...type, location: meta.location, etag: meta.version ?? '' } : type;

import { z } from 'zod';
import { type Permission, PERMISSIONS, PLATFORM_PERMISSIONS } from '../../kernel/permission.js';
import { text, uuid } from '../../kernel/text.js';

/** Shown as given, compared without capitals. Of groups as well. */
export const groupOrRoleName = z
  .string()
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,61}[\p{L}\p{N}])?$/u,
    'must be 1 to 63 letters, digits, spaces, dots, - or _, and begin and end with a letter or digit',
  );

export const description = text(500).default('');

const permission = z.enum(PERMISSIONS as [Permission, ...Permission[]]);

/** What no tenant's role may hold is no word here. */
const permissions = z
  .array(
    permission.refine((name) => !PLATFORM_PERMISSIONS.includes(name), {
      message: 'belongs to the platform: no role of a tenant may hold it',
    }),
  )
  .min(1)
  .max(PERMISSIONS.length)
  .transform((names) => [...new Set(names)].sort())
  .meta({ description: '`GET /permissions` lists them all.' });

export const roleParams = z.strictObject({ id: uuid });
export const roleBody = z
  .strictObject({
    name: groupOrRoleName.meta({ example: 'release-manager' }),
    description,
    permissions,
  })
  .meta({ id: 'RoleRules' });
export type RoleBody = z.output<typeof roleBody>;

export const ownRoleOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'OwnRole' });

export const roleOut = z
  .strictObject({
    id: z.uuid().nullable().meta({ description: 'Null: it is built in and cannot be changed.' }),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    isBuiltIn: z.boolean(),
  })
  .meta({ id: 'Role' });

const effect = z.enum(['narrows', 'ignored', 'excludes']);
export const permissionOut = z
  .strictObject({
    permission,
    modules: effect.meta({
      description:
        'What a scope of modules does to it: it counts for these only, it does not matter, or whoever has such a scope does not hold it.',
    }),
    environments: effect,
    roles: z.array(z.string()).meta({ description: 'The built-in roles that have it.' }),
  })
  .meta({ id: 'PermissionFacts' });

export const exampleRole = {
  id: '019a7f3e-7000-7aaa-8bbb-0123456789ab',
  name: 'release-manager',
  description: 'Promotes and rolls back, without creating.',
  permissions: ['deployments:promote', 'deployments:read', 'deployments:rollback'],
  version: 1,
  createdAt: '2026-05-04T09:12:33.000Z',
};

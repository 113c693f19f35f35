import { z } from 'zod';
import { environmentKey } from '../../kernel/environment-key.js';
import { limits } from '../../kernel/limits.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';

const roleName = text(63).min(1);
const kinds = z.enum(['user', 'group', 'service-account']);

/** Absent or null: all of them. None at all would be no role. */
const scopeOf = (name: z.ZodType<string>, keyOf: (name: string) => string) =>
  z
    .array(name)
    .min(1)
    .max(limits.namesPerScope)
    .nullable()
    .default(null)
    .transform((names) => names && [...new Map(names.map((one) => [keyOf(one), one])).values()]);

const subject = z
  .strictObject({
    kind: kinds,
    id: uuid.optional(),
    name: text(254).min(1).optional().meta({
      description: 'A username, or the name of a group or service account; instead of the id.',
    }),
  })
  .refine(({ id, name }) => (id === undefined) !== (name === undefined), {
    message: 'must have either "id" or "name"',
  });

export const newBinding = z
  .strictObject({
    role: roleName.meta({ description: 'A built-in role’s name, or that of the tenant’s own.' }),
    subject,
    modules: scopeOf(dnsLabel, (name) => name).meta({
      description: 'Only for these modules, which need not exist yet. Absent or null: for all.',
    }),
    environments: scopeOf(text(40).min(1), environmentKey).meta({
      description: 'Only in these environments, which need not exist yet. Absent or null: in all.',
    }),
  })
  .meta({ id: 'NewRoleBinding' });
export type NewBindingRequest = z.output<typeof newBinding>;

export const bindingParams = z.strictObject({ id: uuid });

export const bindingsQuery = pageQuery.extend({
  subjectKind: kinds.optional(),
  subjectId: uuid.optional(),
  role: roleName.optional(),
});
export type BindingsQuery = z.output<typeof bindingsQuery>;

export const bindingOut = z
  .strictObject({
    id: z.uuid(),
    role: z.string(),
    subject: z.strictObject({ kind: kinds, id: z.uuid(), name: z.string() }),
    modules: z.array(z.string()).nullable(),
    environments: z.array(z.string()).nullable(),
    source: z.enum(['manual', 'claim', 'scim']).meta({
      description: 'Who gave it: people, a rule of an identity provider, or the directory.',
    }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'RoleBinding' });

export const exampleBinding = {
  id: '019a7f3e-8000-7aaa-8bbb-0123456789ab',
  role: 'Deployer',
  subject: { kind: 'group', id: '019a7f3e-9000-7aaa-8bbb-0123456789ab', name: 'payments' },
  modules: ['payment-processor'],
  environments: null,
  source: 'manual',
  createdAt: '2026-05-04T09:12:33.000Z',
};

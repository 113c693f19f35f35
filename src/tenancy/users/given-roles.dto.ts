import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { text } from '../../kernel/text.js';

const names = z
  .array(text(63).min(1))
  .min(1)
  .max(limits.namesPerScope)
  .nullable()
  .optional()
  .transform((given) => given ?? null);

/** A role as somebody gives it. */
export const givenRole = z
  .strictObject({
    role: text(63)
      .min(1)
      .meta({ description: 'A built-in role’s name, or that of one of the tenant’s own.' }),
    modules: names.meta({ description: 'Only for these modules. Absent or null: for all.' }),
    environments: names.meta({
      description: 'Only in these environments. Absent or null: in all.',
    }),
  })
  .meta({ id: 'GivenRole' });

export type GivenRole = z.output<typeof givenRole>;

export const givenRoles = z.array(givenRole).max(limits.rolesPerPerson);

import { z } from 'zod';
import { type Permission, PERMISSIONS } from '../../kernel/permission.js';
import { dnsLabel, text } from '../../kernel/text.js';

const permission = z.enum(PERMISSIONS as [Permission, ...Permission[]]);
const names = z.array(z.string()).nullable();

export const mayQuery = z.strictObject({
  permission: permission.meta({ example: 'deployments:create' }),
  module: dnsLabel.optional().meta({ description: 'Absent: whether for any module at all.' }),
  environment: text(40).min(1).optional().meta({
    description: 'Absent: whether in any environment at all.',
  }),
});
export type MayQuery = z.output<typeof mayQuery>;

export const mayOut = z
  .strictObject({
    allowed: z.boolean(),
    by: z
      .strictObject({
        rule: z.string().meta({ description: 'Such as `role Deployer by group payments`.' }),
        modules: names.meta({ description: 'For which it counts; null: all.' }),
        environments: names,
      })
      .nullable()
      .meta({ description: 'The rule that says so; null: none does.' }),
    missing: z
      .strictObject({
        permission,
        module: z.string().nullable(),
        environment: z.string().nullable(),
        roles: z.array(z.string()).meta({
          description:
            'Roles of the tenant that have it. Whoever holds `roles:manage` and one of them can give it.',
        }),
      })
      .nullable()
      .meta({ description: 'What would be needed; null: nothing.' }),
  })
  .meta({ id: 'May' });
export type May = z.output<typeof mayOut>;

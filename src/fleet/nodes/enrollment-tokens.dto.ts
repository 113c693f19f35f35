import { z } from 'zod';
import { dnsLabel, text } from '../../kernel/text.js';

export const enrollmentTokenBody = z
  .strictObject({
    environment: text(40).min(1).meta({ description: 'Name of the environment.' }),
    cluster: dnsLabel
      .optional()
      .meta({ description: 'May be left out when the environment has one cluster.' }),
    name: dnsLabel.optional().meta({ description: 'Only a node of this name may use the token.' }),
  })
  .meta({ id: 'CreateEnrollmentToken' });

export const enrollmentTokenOut = z
  .strictObject({
    token: z.string().meta({ description: 'Shown once; good for one node.' }),
    expiresAt: z.iso.datetime(),
    environment: z.string(),
    cluster: z.string(),
    name: z.string().nullable(),
  })
  .meta({ id: 'EnrollmentToken' });

export type EnrollmentTokenBody = z.output<typeof enrollmentTokenBody>;

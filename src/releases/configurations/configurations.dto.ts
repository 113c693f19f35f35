import { z } from 'zod';
import { manifestSchema } from '../../agent/protocol/manifest.js';
import { digest, text } from '../../kernel/text.js';
import { pageOf } from '../../platform/http/page.js';

/** The same names and values that a manifest may set as its defaults. */
const values = manifestSchema.shape.configuration.unwrap();

export const environmentName = text(40)
  .min(1)
  .meta({ description: 'The environment’s name, in upper or lower case.', example: 'Production' });

export const newConfiguration = z
  .strictObject({
    values: values.meta({ description: 'Laid over the manifest’s defaults, name by name.' }),
  })
  .meta({ id: 'NewConfiguration' });

export const configuration = z
  .strictObject({
    id: z.uuid(),
    moduleName: z.string(),
    environment: z.string(),
    number: z.int().meta({ description: 'Counts from 1 for each module and environment.' }),
    configurationDigest: digest,
    values,
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Configuration' });

export const configurationPage = pageOf(configuration).meta({ id: 'ConfigurationPage' });

export type NewConfiguration = z.output<typeof newConfiguration>;
export type Configuration = z.output<typeof configuration>;

export const exampleConfiguration = {
  id: '019a7f3e-6000-7aaa-8bbb-0123456789ab',
  moduleName: 'payment-processor',
  environment: 'Production',
  number: 3,
  configurationDigest: 'sha256:5d0e6b3c1f4a7d9e2b5c8f1a4d7e0b3c6f9a2d5e8b1c4f7a0d3e6b9c2f9f2c8a',
  values: { LOG: 'warn', POOL_SIZE: '20' },
  createdBy: 'deployer',
  createdAt: '2026-05-04T09:12:33.000Z',
};

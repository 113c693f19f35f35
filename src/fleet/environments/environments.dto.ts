import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { dnsLabel, text } from '../../kernel/text.js';
import { maxInFlight } from '../max-in-flight.js';

/** Shown as given; a path names it, so no slash. */
const environmentName = z
  .string()
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,38}[\p{L}\p{N}])?$/u,
    'must be 1 to 40 letters, digits, spaces, dots, - or _, and begin and end with a letter or digit',
  )
  .meta({ example: 'Production' });

/** An entry of a registry (strategies, gates) with its parameters beside its kind. */
const kindWithParams = z.looseObject({ kind: text(64).min(1) });

const labels = z
  .record(dnsLabel, text(63))
  .refine((pairs) => Object.keys(pairs).length <= limits.labelsPerEnvironment, {
    message: `at most ${limits.labelsPerEnvironment} labels`,
  })
  .meta({
    description: `What people and programs tell environments apart by. Keys are DNS labels, at most ${limits.labelsPerEnvironment}.`,
  });

/**
 * What an environment lays down. Bodies, answers, the entity, the audit entries, the OpenAPI document
 * and the built-in environments all follow from it: a new rule is a line here (with a default, for
 * clients that do not know it), a column of the entity, and a migration.
 */
export const environmentRules = z.strictObject({
  /** What a deployment gets that says nothing. */
  defaults: z.strictObject({
    strategy: kindWithParams.meta({ description: 'A strategy and its parameters.' }),
    gate: kindWithParams.meta({ description: 'A gate and its parameters.' }),
  }),
  allowedStrategies: z.array(text(64).min(1)).min(1).max(20),
  signaturePolicy: z
    .enum(['required', 'if-present'])
    .meta({ description: '`required`: unsigned releases are refused.' }),
  onConflict: z.enum(['queue', 'supersede', 'reject', 'inherit']).meta({
    description:
      'What a newer deployment of the same module does about an active one. `inherit`: what the setting `deployments.on-conflict` says.',
  }),
  maxInFlight,
  labels: labels.default({}),
});

const { shape: rules } = environmentRules;

export const environmentParams = z.strictObject({ name: environmentName });
export const createEnvironmentBody = z
  .strictObject({ name: environmentName, ...rules })
  .meta({ id: 'CreateEnvironment' });
export const replaceEnvironmentBody = environmentRules.meta({ id: 'ReplaceEnvironment' });

export const environmentOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    ...rules,
    hasApprovalPolicies: z.boolean().meta({
      description:
        'False: no approval policy counts here, and deployments start without anybody’s decision.',
    }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Environment' });

export type EnvironmentParams = z.output<typeof environmentParams>;
export type CreateEnvironmentBody = z.output<typeof createEnvironmentBody>;
export type ReplaceEnvironmentBody = z.output<typeof replaceEnvironmentBody>;

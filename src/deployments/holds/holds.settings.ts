import { z } from 'zod';
import { environmentKey } from '../../kernel/environment-key.js';
import { hotSetting } from '../../platform/settings/hot-setting.js';

const strictness = { never: 0, production: 1, always: 2 } as const;

export const holdAfterRollback = hotSetting({
  key: 'deployments.hold-after-rollback',
  schema: z.enum(['production', 'always', 'never']),
  default: 'production',
  example: 'always',
  doc: 'Whether a person’s rollback holds its target: access keys and pipelines cannot deploy that module to that cluster until a person releases it. `production`: in the environment that is called Production.',
  scopes: ['platform', 'tenant', 'environment'],
  weakens: (value, before) => strictness[value] < strictness[before],
});

/** Whether a rollback in the environment of that name holds its target. */
export function holdsIn(value: 'production' | 'always' | 'never', environment: string): boolean {
  return (
    value === 'always' || (value === 'production' && environmentKey(environment) === 'production')
  );
}

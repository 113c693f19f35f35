import { z } from 'zod';
import { environmentRules } from './environments.dto.js';

/** Read by the rules' own schema: what is not said here is their default. */
const builtIn = environmentRules.extend({ name: z.string() });

/** What every tenant begins with, in the order of the way to production. Tenants may change it. */
export const builtInEnvironments = z.array(builtIn).parse([
  {
    name: 'Development',
    defaults: { strategy: { kind: 'direct' }, gate: { kind: 'stabilization' } },
    allowedStrategies: ['direct', 'rolling', 'blue-green', 'canary'],
    signaturePolicy: 'if-present',
    onConflict: 'queue',
  },
  {
    name: 'QA',
    defaults: { strategy: { kind: 'rolling' }, gate: { kind: 'stabilization' } },
    allowedStrategies: ['direct', 'rolling', 'blue-green', 'canary'],
    signaturePolicy: 'if-present',
    onConflict: 'queue',
  },
  {
    name: 'Staging',
    defaults: { strategy: { kind: 'blue-green' }, gate: { kind: 'stabilization' } },
    allowedStrategies: ['direct', 'rolling', 'blue-green', 'canary'],
    signaturePolicy: 'if-present',
    onConflict: 'queue',
  },
  {
    name: 'Production',
    defaults: {
      strategy: { kind: 'canary', wavesPercent: [10, 30, 50, 100] },
      gate: { kind: 'stabilization' },
    },
    allowedStrategies: ['canary'],
    signaturePolicy: 'required',
    onConflict: 'queue',
  },
] satisfies z.input<typeof builtIn>[]);

/** The cluster of each built-in environment, so that a first deployment needs no set-up. */
export const BUILT_IN_CLUSTER = 'local';

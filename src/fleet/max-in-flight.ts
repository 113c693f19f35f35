import { z } from 'zod';

/** Of a cluster or an environment, in bodies and answers. */
export const maxInFlight = z.int().min(1).max(10_000).nullable().default(null).meta({
  description:
    'Rollouts in flight at once; more wait their turn. Null: no cap but that of the tenant. Rollbacks are not held back.',
});

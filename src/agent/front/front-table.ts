import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { trustedProxies } from '../../kernel/networks.js';
import { text } from '../../kernel/text.js';
import { frontLimits } from './front-limits.js';
import type { FrontTable } from './front-port.js';

/** The routing table as it comes over the control socket or from disk: checked, never trusted. */
const port = z.int().min(1).max(65_535);

const target = z.strictObject({
  instance: text(64).min(1),
  releaseId: text(64).min(1),
  port,
  weight: z.number().min(0).max(100),
});

const route = z
  .strictObject({
    moduleId: text(64).min(1),
    port,
    reuse: z.enum(['idle', 'never']),
    headersTimeoutMs: z.int().min(1).max(600_000),
    targets: z.array(target).max(frontLimits.targetsPerRoute),
  })
  .refine(
    (value) =>
      value.targets.length === 0 ||
      Math.abs(value.targets.reduce((sum, each) => sum + each.weight, 0) - 100) < 1e-6,
    { message: 'the weights of a route with targets must add up to 100' },
  );

const table = z
  .strictObject({
    version: z.int().min(1),
    routes: z.array(route).max(frontLimits.routes),
    trustedProxies: z.array(trustedProxies.element).max(frontLimits.trustedProxies).optional(),
  })
  .superRefine((value, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const repeated = (names: readonly (string | number)[]) =>
      names.find((name, index) => names.indexOf(name) !== index);
    const modules = repeated(value.routes.map((each) => each.moduleId));
    const ports = repeated(value.routes.map((each) => each.port));
    const instances = repeated(
      value.routes.flatMap((each) => each.targets.map(({ instance }) => instance)),
    );
    if (modules !== undefined) refuse(`module ${modules} has two routes; send one`);
    if (ports !== undefined) refuse(`port ${ports} is in two routes; give each its own`);
    if (instances !== undefined)
      refuse(`instance ${instances} is in the table twice; send it once`);
  });

export function parseFrontTable(value: unknown): FrontTable {
  const parsed = table.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new DomainError(
    'invalid',
    'invalid-table',
    `The routing table was refused, nothing changed: ${[...first.path, first.message].join(' ')}`,
  );
}

import { z } from 'zod';
import { smokeTest } from '../../kernel/smoke-test.js';
import { text } from '../../kernel/text.js';

/** Manifest, version 1: how a release is started, checked and stopped. Unknown fields are refused. */
const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);
const environment = z
  .record(environmentName, text(4096))
  .refine((v) => Object.keys(v).length <= 200, {
    message: 'at most 200 variables',
  });
const argumentsList = z.array(text(4096)).max(100);

const hook = z.strictObject({
  command: text(1024).min(1),
  args: argumentsList.default([]),
  timeoutMs: z.int().min(100).max(600_000).default(60_000),
  /** True: run again after a crash half-way. False: at most once; a crash ends in outcome-unknown. */
  idempotent: z.boolean().default(false),
});

/** What frames a message, or belongs to one connection, is not a manifest's to say. */
const NOT_IN_CHECKS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const checkHeaders = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/),
    z.string().regex(/^[\x20-\x7e]{0,1000}$/, { message: 'printable ASCII, at most 1000' }),
  )
  .refine((value) => Object.keys(value).length <= 20, { message: 'at most 20 headers' })
  .refine((value) => !Object.keys(value).some((name) => NOT_IN_CHECKS.has(name.toLowerCase())), {
    message: `none of ${[...NOT_IN_CHECKS].join(', ')}; for Host there is health.host`,
  })
  .refine(
    (value) =>
      new Set(Object.keys(value).map((each) => each.toLowerCase())).size ===
      Object.keys(value).length,
    {
      message: 'each header once',
    },
  );

/** Unless a manifest says. Long enough for what dies of its first work. */
const DEFAULT_STABLE_MS = 3_000;

export const manifestSchema = z
  .strictObject({
    schema: z.literal(1),
    run: z.strictObject({
      command: text(1024).min(1),
      args: argumentsList.default([]),
      env: environment.default({}),
    }),
    traffic: z
      .strictObject({
        protocol: z.literal('http'),
        port: z.int().min(1).max(65_535),
        /** `never`: one connection per request, for services that close idle connections at will. */
        reuse: z.enum(['idle', 'never']).default('idle'),
        headersTimeoutMs: z.int().min(100).max(600_000).default(60_000),
      })
      .optional(),
    health: z
      .strictObject({
        path: text(1024).startsWith('/').default('/healthz'),
        intervalMs: z.int().min(50).max(60_000).default(500),
        timeoutMs: z.int().min(50).max(60_000).default(1000),
        startTimeoutMs: z.int().min(100).max(600_000).default(30_000),
        /**
         * How long it must be healthy, without a break, before it counts as that. Without a default
         * in the text, as the next two: signatures are over the text with all defaults in it.
         */
        stableMs: z.int().min(0).max(600_000).optional(),
        /** The Host that checks and smoke tests name. */
        host: z
          .string()
          .regex(/^([A-Za-z0-9._-]{1,250}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$/)
          .optional(),
        headers: checkHeaders.optional(),
      })
      .prefault({}),
    drainMs: z.int().min(0).max(600_000).default(5000),
    stopGraceMs: z.int().min(0).max(600_000).default(10_000),
    /** Without `traffic`: may old and new run side by side? */
    overlap: z.boolean().default(false),
    hooks: z
      .strictObject({
        beforeInstall: hook.optional(),
        afterInstall: hook.optional(),
        start: hook.optional(),
        validate: hook.optional(),
        stop: hook.optional(),
      })
      .default({}),
    resources: z.strictObject({ memoryMiB: z.int().min(1).max(1_048_576).optional() }).default({}),
    /** Defaults that a configuration overlays; handed to the process as environment variables. */
    configuration: environment.default({}),
    secrets: z.record(environmentName, text(256)).default({}),
    /** Run by strategies that start a release before it gets traffic. */
    smokeTests: z.array(smokeTest).max(20).optional(),
  })
  .meta({ id: 'Manifest' });

export type Manifest = z.output<typeof manifestSchema>;

export function stableMsOf({ stableMs = DEFAULT_STABLE_MS }: Manifest['health']): number {
  return stableMs;
}

export type ManifestHook = z.output<typeof hook>;
export type HookName = 'beforeInstall' | 'afterInstall' | 'start' | 'validate' | 'stop';

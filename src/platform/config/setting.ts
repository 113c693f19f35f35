import { z } from 'zod';

/** One thing that an operator may set, in all that is known of it. Everything else derives from it. */
export interface Setting<T> {
  readonly env: string;
  /** Which heading it stands under in docs/configuration.md. */
  readonly group: string;
  /** Sentences for an operator: what it does and when to change it. */
  readonly description: string;
  /** As one would write it; null where there is none. */
  readonly default: string | null;
  /** What stands in the documentation's default column where the plain value would mislead. */
  readonly defaultNote?: string;
  readonly example: string;
  /** Never printed: not in the log, not in an error. */
  readonly secret?: boolean;
  /** From the text in the environment; its messages complete the sentence "<env> must be …". */
  readonly schema: z.ZodType<T, string>;
}

/** Keeps the exact type of one. */
export const setting = <const S extends Setting<unknown>>(value: S) => value;

/** A setting with a default always has a value; one without may be null. */
export type ValueOf<S> = S extends { schema: z.ZodType<infer T, string>; default: infer D }
  ? D extends string
    ? T
    : T | null
  : never;

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export const listen = z.string().transform((value, context): Listen => {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([\w.-]+)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port <= 65_535) return { host, port };
  context.addIssue({ code: 'custom', message: 'an address and a port, like 127.0.0.1:8080' });
  return z.NEVER;
});

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

export const flag = z
  .enum(['true', 'false', '1', '0'], { error: 'true or false' })
  .transform((value) => value === 'true' || value === '1');

export const wholeNumber = (min: number, max: number, what = '') =>
  z
    .string()
    .regex(/^\d{1,15}$/, `a whole number from ${min} to ${max}${what}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, {
      error: `a whole number from ${min} to ${max}${what}`,
    });

export const url = (protocols: readonly string[], like: string) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: `a URL like ${like}`,
  });

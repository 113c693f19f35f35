import type { z } from 'zod';

/**
 * What a handler returns for the schema of an answer: the same fields, with its times as Dates. JSON
 * writes them as the texts that the schema speaks of.
 */
export type AnswerOf<S extends z.ZodObject> = {
  readonly [Name in keyof S['shape']]: FieldOf<S['shape'][Name]>;
};

type FieldOf<S> = S extends z.ZodISODateTime
  ? Date
  : S extends z.ZodNullable<z.ZodISODateTime>
    ? Date | null
    : S extends z.ZodType
      ? z.output<S>
      : never;

/** The answer out of a row that knows more: what the schema does not name stays inside. */
export function answerOf<S extends z.ZodObject>(schema: S, row: AnswerOf<S>): AnswerOf<S> {
  const names: (keyof AnswerOf<S>)[] = Object.keys(schema.shape);
  return Object.fromEntries(names.map((name) => [name, row[name]])) as AnswerOf<S>;
}

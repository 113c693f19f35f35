import { core, z } from 'zod';
import { limits } from '../../kernel/limits.js';

/** As Standard Schema names them: what is wrong, and where. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type Outcome = { readonly value: unknown } | { readonly issues: readonly Issue[] };

/** A value of more parts is judged until its first mistake only: its sender had no hand in each. */
const SMALL_PARTS = 1_000;

/**
 * Judges a value for as little as its sender deserves. zod makes an issue of every wrong element and
 * a sentence of every issue, which for a body full of mistakes costs a hundred times what it does
 * to read it. So: first until the first mistake, then, if there is one and the value is small, once
 * more for the others; and sentences only for those that are shown.
 */
export function judge(schema: z.ZodType, value: unknown): Outcome {
  const first = run(schema, value, true);
  if (first.issues.length === 0) return { value: first.value };
  const { issues } = isSmall(value) ? run(schema, value, false) : first;
  return { issues: issues.slice(0, limits.issuesReported).map(said) };
}

type Raw = core.$ZodRawIssue;

function run({ _zod }: z.ZodType, value: unknown, abortEarly: boolean): core.ParsePayload {
  const payload = _zod.run({ value, issues: [] }, { async: false, abortEarly });
  // What a request must look like is known without asking anybody.
  if (payload instanceof Promise) throw new core.$ZodAsyncError();
  return payload;
}

/** One issue names all unknown keys: thousands of them in one sentence, unless it is cut first. */
function said(issue: Raw): Issue {
  const shown =
    issue.code === 'unrecognized_keys'
      ? { ...issue, keys: issue.keys.slice(0, limits.issuesReported) }
      : issue;
  return core.util.finalizeIssue(shown, { async: false }, core.config());
}

/** Counts no further than it has to. */
function isSmall(value: unknown): boolean {
  let left = SMALL_PARTS;
  const count = (part: unknown): void => {
    left -= 1;
    if (left < 0 || part === null || typeof part !== 'object') return;
    for (const key in part) {
      if (left < 0) return;
      count((part as Record<string, unknown>)[key]);
    }
  };
  count(value);
  return left >= 0;
}

import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { judge } from './issues.js';

const issuesOf = (schema: z.ZodType, value: unknown) => {
  const outcome = judge(schema, value);
  return 'issues' in outcome ? outcome.issues : [];
};

describe('judging a value', () => {
  it('answers what a schema makes of it', () => {
    const schema = z.strictObject({ a: z.string().default('x'), b: z.string().transform(Number) });
    expect(judge(schema, { b: '1' })).toEqual({ value: { a: 'x', b: 1 } });
  });

  it('finds every mistake of a small one', () => {
    const schema = z.strictObject({ a: z.string(), b: z.array(z.number()) });
    expect(issuesOf(schema, { a: 1, b: [1, 'x', 'y'], c: 1 }).map(({ path }) => path)).toEqual([
      ['a'],
      ['b', 1],
      ['b', 2],
      [],
    ]);
  });

  it.each([
    ['elements', z.array(z.string()), Array.from({ length: 900 }, () => 1)],
    ['keys', z.record(z.string(), z.string()), { ...Array.from({ length: 900 }, () => 1) }],
  ])('tells of the first mistakes in its %s only', (_name, schema, value) => {
    expect(issuesOf(schema, value)).toHaveLength(limits.issuesReported);
  });

  it('goes no further than the first mistake of a large one', () => {
    let judged = 0;
    const counted = z.preprocess((item) => ((judged += 1), item), z.string());
    const value = Array.from({ length: 50_000 }, () => 0);
    expect(issuesOf(z.strictObject({ list: z.array(counted) }), { list: value })).toHaveLength(1);
    expect(judged).toBeLessThan(10);
  });

  it('names the first of thousands of unknown keys', () => {
    const value = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`key-${at}`, at]));
    const [issue] = issuesOf(z.strictObject({}), value);
    expect(issue!.message).toContain('"key-19"');
    expect(issue!.message).not.toContain('"key-20"');
  });
});

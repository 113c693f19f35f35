import { declaredStatements, statement, valuesOf } from './statement.js';

describe('a statement', () => {
  it('has numbers for names, each name once', () => {
    const made = statement<{ tenantId: string; id: string }>(
      'spec.numbers',
      'select :id::uuid where tenant_id = :tenantId and id = :id',
    );
    expect(made.text).toBe('select $1::uuid where tenant_id = $2 and id = $1');
    expect(made.parameters).toEqual(['id', 'tenantId']);
    expect(valuesOf(made, { tenantId: 'tenant', id: 'thing' })).toEqual(['thing', 'tenant']);
  });

  it.each([
    ["select ':id', 'it''s :id'", 'in strings'],
    ['select 1 as ":id"', 'in quoted names'],
    ['select 1 -- of :id\n', 'in comments'],
    ['select 1 /* :id\n:id */', 'in long comments'],
    ['select a::text, b::int[]', 'in casts'],
    ['select (array[1, 2])[1:2], names[a:b]', 'in slices'],
  ])('has none in %s', (sql) => {
    const made = statement(`spec.none.${sql}`, sql);
    expect(made).toMatchObject({ text: sql, parameters: [] });
  });

  it('is unique by its name', () => {
    statement('spec.twice', 'select 1');
    expect(() => statement('spec.twice', 'select 2')).toThrow('two statements named "spec.twice"');
  });

  it('refuses a value that is not there, instead of sending a null', () => {
    const made = statement<{ id: string }>('spec.missing', 'select :id');
    expect(() => valuesOf(made, {} as { id: string })).toThrow('"id" is missing');
    expect(valuesOf(statement<{ id: null }>('spec.null', 'select :id'), { id: null })).toEqual([
      null,
    ]);
  });

  it('can be found by a test', () => {
    const made = statement('spec.found', 'select 1');
    expect(declaredStatements()).toContain(made);
  });
});

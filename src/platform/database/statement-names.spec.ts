import { statementName } from './statement-names.js';

describe('the name of a statement', () => {
  it('is the same for the same text and another for another', () => {
    expect(statementName('select 1')).toBe(statementName('select 1'));
    expect(statementName('select 1')).not.toBe(statementName('select 2'));
    expect(statementName('select 1')).toMatch(/^t_[0-9a-f]{24}$/);
  });

  it('is not given to ever more texts', () => {
    const given = Array.from({ length: 1_200 }, (_, at) => statementName(`select ${at} as made`));
    expect(given.filter((name) => name !== null).length).toBeLessThanOrEqual(1_000);
    expect(statementName('select 1')).not.toBeNull();
  });
});

import { changeOf } from './changing.js';

describe('what has changed', () => {
  it('is the fields that differ, of something that stays', () => {
    const before = { id: '1', version: 1, name: 'a', labels: { a: '1' }, limit: null };
    const after = { id: '1', version: 2, name: 'b', labels: { a: '1' }, limit: undefined };
    expect(changeOf(before, after)).toEqual({ before: { name: 'a' }, after: { name: 'b' } });
  });

  it('is all of it but the columns of every row, of what comes or goes', () => {
    const row = { id: '1', version: 1, createdAt: new Date(), name: 'a' };
    expect(changeOf(null, row)).toEqual({ before: null, after: { name: 'a' } });
    expect(changeOf(row, null)).toEqual({ before: { name: 'a' }, after: null });
  });

  it('says what was not there as null, and is no change where nothing differs', () => {
    expect(changeOf({}, { until: 1 })).toEqual({ before: { until: null }, after: { until: 1 } });
    expect(changeOf({ a: [1] }, { a: [1] })).toEqual({ before: {}, after: {} });
  });

  it('writes times and fractions as text, which an entry can hold', () => {
    const at = new Date(0);
    expect(changeOf({ at: null, share: 0.5 }, { at, share: 1 })).toEqual({
      before: { at: null, share: '0.5' },
      after: { at: '1970-01-01T00:00:00.000Z', share: 1 },
    });
  });
});

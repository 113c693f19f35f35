import { errorEntry } from './error-entry.js';
import { DomainError } from './errors.js';

const slotTaken = errorEntry({
  code: 'slot-taken',
  kind: 'conflict',
  meaning: 'Another one has the slot. Wait.',
});
const queueFull = errorEntry({
  code: 'queue-full',
  kind: 'limit',
  meaning: 'Too many wait.',
  tell: (waiting: number, cause?: unknown) => ({
    text: `${waiting} wait already.`,
    details: { waiting },
    cause,
  }),
});
const unknownWord = errorEntry({
  code: 'unknown-word',
  kind: 'invalid',
  status: 405,
  meaning: 'There is no such word.',
  tell: (word: string) => `There is no word "${word}".`,
});

describe('an entry of a list of errors', () => {
  it('makes an error that says its meaning when there is nothing else to say', () => {
    const error = slotTaken();
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ kind: 'conflict', code: 'slot-taken', details: undefined });
    expect(error.message).toBe('Another one has the slot. Wait.');
  });

  it('says what one occurrence has to say, with its details and its cause', () => {
    const cause = new Error('why');
    const error = queueFull(20, cause);
    expect(error).toMatchObject({ kind: 'limit', code: 'queue-full', details: { waiting: 20 } });
    expect([error.message, error.cause]).toEqual(['20 wait already.', cause]);
    expect(unknownWord('x').message).toBe('There is no word "x".');
  });

  it('shows what the lists are made from', () => {
    const { code, kind, meaning, status } = unknownWord;
    expect({ code, kind, meaning, status }).toEqual({
      code: 'unknown-word',
      kind: 'invalid',
      meaning: 'There is no such word.',
      status: 405,
    });
    expect(slotTaken.status).toBeUndefined();
  });

  it('takes the facts that its words need, and no others', () => {
    // @ts-expect-error a number is wanted
    expect(() => queueFull('twenty')).not.toThrow();
    // @ts-expect-error nothing is wanted
    expect(() => slotTaken(1)).not.toThrow();
    // @ts-expect-error something is wanted
    expect(() => unknownWord()).not.toThrow();
  });
});

import { DomainError } from './errors.js';
import { registry } from './registry.js';

const colours = registry('paint colour', [
  { kind: 'red', title: 'Red' },
  { kind: 'blue', title: 'Blue' },
]);

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a registry', () => {
  it('gives its entries by kind and in order', () => {
    expect(colours.get('blue').title).toBe('Blue');
    expect(colours.kinds).toEqual(['red', 'blue']);
    expect(colours.all()).toHaveLength(2);
    expect(colours.has('red')).toBe(true);
  });

  it('names the known kinds when it is asked for another', () => {
    const error = caught(() => colours.get('green'));
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      kind: 'invalid',
      code: 'unknown-paint-colour',
      message: 'Unknown paint colour "green". Known: red, blue.',
      details: { kind: 'green', known: ['red', 'blue'] },
    });
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('does not take %j for a kind', (kind) => {
    expect(colours.has(kind)).toBe(false);
    expect(() => colours.get(kind)).toThrow('Unknown paint colour');
  });

  it('refuses two entries of one kind', () => {
    const twice = [{ kind: 'red', title: 'Red' }].flatMap((entry) => [entry, entry]);
    expect(() => registry('colour', twice)).toThrow('duplicate colour "red"');
  });
});

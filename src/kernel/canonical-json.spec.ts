import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';

/** What the canonical form can hold. */
const canonical = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('canonical JSON', () => {
  it('sorts names by UTF-16 code units, as the example of RFC 8785 section 3.2.3', () => {
    const names = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const order = Object.values(JSON.parse(canonicalJson(names)) as Record<string, string>);
    // JSON.parse puts the integer-like name first by itself; the text must have it in its place.
    expect(canonicalJson(names)).toMatch(/^\{"\\r":"Carriage Return","1":"One","\u0080":"Control"/);
    expect(order.filter((value) => !['One', 'Carriage Return'].includes(value))).toEqual([
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('escapes strings as the example of RFC 8785 section 3.2.2', () => {
    const text = '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/';
    expect(canonicalJson({ string: text, literals: [null, true, false] })).toBe(
      String.raw`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('leaves out members without a value and writes minus zero as zero', () => {
    expect(canonicalJson({ b: undefined, a: -0 })).toBe('{"a":0}');
  });

  it.each<[unknown, string]>([
    [{ a: [1, 1.5] }, '$.a[1]: not a safe integer'],
    [2 ** 53, '$: not a safe integer'],
    [Number.NaN, '$: not a safe integer'],
    [{ name: '\ud800' }, '$.name: lone surrogate in a string'],
    [[undefined], '$[0]: undefined has no canonical form'],
    [{ at: 1n }, '$.at: bigint has no canonical form'],
    [() => 1, '$: function has no canonical form'],
  ])('refuses what languages write differently (case %#)', (value, message) => {
    expect(() => canonicalJson(value)).toThrow(new TypeError(message));
  });

  it('means the same value, whatever the order of its members', () => {
    fc.assert(
      fc.property(canonical, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

import { describe, expect, it } from '@jest/globals';
import { parseUrlForm } from './url-form.js';

const parse = (text: string) => parseUrlForm(Buffer.from(text, 'latin1'));

describe('a form as OAuth sends it', () => {
  it('is read field by field', () => {
    expect(parse('grant_type=a%3Ab&x=1+2&empty=')).toEqual({
      grant_type: 'a:b',
      x: '1 2',
      empty: '',
    });
    expect(parse('')).toEqual({});
  });

  it.each([
    ['a field twice', 'a=1&b=2&a=3'],
    ['a field twice, spelled in two ways', 'a=1&%61=3'],
    ['what is no UTF-8', 'a=%ff'],
    ['bytes that are no UTF-8', 'a=\xff'],
    ['half an escape', 'a=%4'],
    ['a prototype', '__proto__=1'],
    ['fields without end', Array.from({ length: 30 }, (_, index) => `f${index}=1`).join('&')],
  ])('is refused with %s', (_what, text) => {
    expect(() => parse(text)).toThrow(/proper HTTP/);
  });
});

import { firstIdAt, isId, newId } from './ids.js';

describe('ids', () => {
  it('are UUIDs of version 7 that carry their millisecond', () => {
    const at = Date.UTC(2026, 4, 6, 7, 8, 9);
    const id = newId(at);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at);
    expect(isId(id)).toBe(true);
  });

  it('sort by time and never come twice', () => {
    expect(newId(1_000) < newId(2_000)).toBe(true);
    const many = Array.from({ length: 10_000 }, () => newId(5));
    expect(new Set(many).size).toBe(many.length);
  });

  it('of a time and later are not below the first of that time', () => {
    expect(firstIdAt(1_000) <= newId(1_000)).toBe(true);
    expect(firstIdAt(1_000) > newId(999)).toBe(true);
    expect(isId(firstIdAt(Date.UTC(2026, 10, 1)))).toBe(true);
  });

  it.each([
    '',
    'x',
    '0190A5B4-7C3E-7000-8000-000000000000',
    '0190a5b47c3e70008000000000000000',
    '0190a5b4-7c3e-7000-8000-00000000000',
    '0190a5b4-7c3e-0000-8000-000000000000',
    '0190a5b4-7c3e-7000-c000-000000000000',
    '0190a5b4-7c3e-7000-8000-000000000000\n',
  ])('%j is not one', (text) => {
    expect(isId(text)).toBe(false);
  });
});

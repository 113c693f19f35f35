import { csvOf } from './csv.js';

it('has a header, and quotes what would break a line', () => {
  const rows = [
    { day: '2026-11-30', name: 'a,b "c"\nd', requests: 3 },
    { day: '', name: '', requests: 0 },
  ];
  expect(csvOf(['day', 'name', 'requests'], rows)).toBe(
    'day,name,requests\r\n2026-11-30,"a,b ""c""\nd",3\r\n,,0\r\n',
  );
});

it.each(['=1+1', '+1', '-1', '@x', '\tx'])('makes no formula of %j', (name) => {
  expect(csvOf(['name'], [{ name }])).toBe(`name\r\n'${name}\r\n`);
});

it('keeps a number below nothing a number, and null nothing', () => {
  expect(csvOf(['a', 'b'], [{ a: -1, b: null }])).toBe('a,b\r\n-1,\r\n');
});

import { failureLogLimits } from '../../kernel/failure-log-limits.js';
import { lastLines } from './last-lines.js';

const of = (text: string, isCut = false) => lastLines(Buffer.from(text), isCut, String);

it('has the last lines, oldest first, and says when there were more', () => {
  expect(of('one\ntwo\n')).toEqual({ lines: ['one', 'two'], isCut: false });
  const many = Array.from({ length: 250 }, (_, at) => `line ${at + 1}`).join('\n');
  const { lines, isCut } = of(many);
  expect([lines.length, lines[0], lines.at(-1), isCut]).toEqual([200, 'line 51', 'line 250', true]);
  expect(of('')).toEqual({ lines: [], isCut: false });
});

it('is within its bytes and its characters, whatever was printed', () => {
  const long = of(`${'é'.repeat(5000)}\n`.repeat(200));
  const bytes = Buffer.byteLength(long.lines.join('\n'));
  expect(bytes).toBeLessThanOrEqual(failureLogLimits.bytes);
  expect(bytes).toBeGreaterThan(failureLogLimits.bytes - 3000);
  expect(long.isCut).toBe(true);
  const [line] = of('\u{1f600}'.repeat(2000)).lines;
  expect(line!.length).toBeLessThanOrEqual(failureLogLimits.lineCharacters);
  expect(line!.isWellFormed()).toBe(true);
});

it('is harmless in a terminal', () => {
  const { lines } = of(
    '\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u0000x\u009b2J\tend\n10%\r50%\r100%\r\n',
  );
  expect(lines).toEqual(['red \ufffdx\ufffd2J    end', '100%']);
});

it('masks before it cuts, and shows nothing of a line that is not whole', () => {
  const secret = 'very-secret-indeed';
  const mask = (text: string) => text.replaceAll(secret, '[masked]');
  const long = `${'x'.repeat(failureLogLimits.lineCharacters - 10)}${secret}`;
  expect(lastLines(Buffer.from(long), false, mask).lines[0]).not.toContain('very');
  const cut = lastLines(Buffer.from('secret-indeed\nnext\n'), true, mask);
  expect(cut).toEqual({ lines: ['next'], isCut: true });
});

import { PassThrough } from 'node:stream';
import type { Streams } from '../display/terminal.js';
import { ask, readSecret } from './ask.js';

function terminal() {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    rawModes: [] as boolean[],
    setRawMode: (isRaw: boolean) => void stdin.rawModes.push(isRaw),
  });
  const stderr = new PassThrough();
  const streams = { stdin, stdout: new PassThrough(), stderr } as unknown as Streams;
  return { stdin, streams, shown: () => String((stderr.read() as Buffer | null) ?? '') };
}

describe('a question', () => {
  it('shows nothing of a secret, takes corrections, and gives the terminal back', async () => {
    const { stdin, streams, shown } = terminal();
    const answer = ask(streams, 'Password: ', true);
    // A character of several bytes, cut between two chunks; a correction; a pasted line's end.
    stdin.write('wrong\u0015pä');
    stdin.write(Buffer.from([0xc3]));
    stdin.write(Buffer.from([0xbc]));
    stdin.write('x\u007f!\r');
    expect(await answer).toBe('päü!');
    expect(shown()).toBe('Password: \n');
    expect(stdin.rawModes).toEqual([true, false]);
  });

  it('shows what is no secret', async () => {
    const { stdin, streams, shown } = terminal();
    const answer = ask(streams, 'Username: ', false);
    stdin.write('adb\u007fa\n');
    expect(await answer).toBe('ada');
    expect(shown()).toBe('Username: adb\b \ba\n');
  });

  it('can be left with Ctrl-C', async () => {
    const { stdin, streams } = terminal();
    const answer = ask(streams, 'Password: ', true);
    stdin.write('abc\u0003');
    await expect(answer).rejects.toMatchObject({ exitCode: 130 });
    expect(stdin.rawModes).toEqual([true, false]);
  });
});

describe('a secret on standard input', () => {
  const read = (text: string) => {
    const { stdin, streams } = terminal();
    stdin.end(text);
    return readSecret(streams);
  };
  it('loses its last line end and nothing else', async () => {
    expect(await read(' a b \r\n')).toBe(' a b ');
    expect(await read('a\n\n')).toBe('a\n');
    // A byte order mark, as editors of Windows put it in front.
    expect(await read('\ufeffa\n')).toBe('a');
  });
  it('is refused when empty or far too long', async () => {
    await expect(read('\n')).rejects.toThrow('was empty');
    await expect(read('x'.repeat(5000))).rejects.toThrow('longer than any password');
  });
});

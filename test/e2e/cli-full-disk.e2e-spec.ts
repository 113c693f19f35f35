import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

it('says that a full disk has taken its output, by a code of its own', async () => {
  const full = await open('/dev/full', 'w');
  try {
    const child = spawn(
      process.execPath,
      [
        '--conditions=tidegate-source',
        '--import',
        './test/support/register-typescript.mjs',
        'src/apps/cli/main.ts',
        '--help',
      ],
      { stdio: ['ignore', full.fd, 'pipe'], env: { PATH: process.env['PATH'] } },
    );
    const said = text(child.stderr!);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect(exitCode).toBe(5);
    expect(await said).toContain('Standard output cannot be written to (ENOSPC)');
  } finally {
    await full.close();
  }
});

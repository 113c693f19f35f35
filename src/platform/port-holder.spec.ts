import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { portHolder } from './port-holder.js';

const LISTENER = `const server = require('node:net').createServer().listen(0, '127.0.0.1', () =>
  console.log(server.address().port));`;

it('names who listens on a port, and none of the words that it was started with', async () => {
  const child = spawn(process.execPath, ['-e', LISTENER, '--', '--password', 'hunter2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(portHolder(Number(line))).toEqual({ pid: child.pid, command: process.execPath });
  } finally {
    child.kill('SIGKILL');
  }
});

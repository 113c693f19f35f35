/** The compliance tester of others (scim2-tester, from PyPI) against a whole API. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pythonTools } from '../support/python-tools.js';
import { WholeApp } from '../support/whole-app.js';

const run = promisify(execFile);
const PACKAGES = ['scim2-cli==0.6.0', 'scim2-tester==0.5.2'];

/** What we do otherwise, and mean to. */
const KNOWN = [
  // `POST /.search` repeats what filters of GET can do; no directory asks for it.
  /route-not-found/,
  // Whoever is active stays so until they are said not to be: nobody is put out by silence.
  /did not remove attribute 'active'/,
  // Of a member we also tell `display` and `type`, which were not sent; the tester compares the whole.
  /^Attribute 'members' was not (added|replaced) or has unexpected value/,
];

let tools: string;
let whole: WholeApp;
beforeAll(async () => {
  tools = await pythonTools('scim2', PACKAGES);
  whole = await WholeApp.start();
}, 700_000);
afterAll(async () => {
  await whole?.close();
});

describe('scim2-tester', () => {
  it('finds everything as the RFCs have it', async () => {
    const { token } = await whole.member(await whole.tenant('acme'), 'Admin');
    const made = await fetch(`${whole.url}/api/v1/directory-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'tester' }),
    });
    const { secret } = (await made.json()) as { secret: string };
    const env = {
      ...process.env,
      SCIM_CLI_URL: `${whole.url}/scim/v2`,
      SCIM_CLI_HEADERS: `Authorization: Bearer ${secret}`,
    };
    const answer = await run(join(tools, 'scim2'), ['test'], { env, timeout: 120_000 }).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    const said = (answer.stdout + answer.stderr).split('\n').map((line) => line.trim());
    const told = (word: string) =>
      said.flatMap((line, at) => (line.startsWith(`${word} `) ? [said[at + 1]!] : []));
    const faults = [...told('ERROR'), ...told('CRITICAL')];
    expect(faults.filter((fault) => !KNOWN.some((known) => known.test(fault)))).toEqual([]);
    expect(told('SUCCESS').length).toBeGreaterThanOrEqual(50);
  }, 180_000);
});

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

describe('the TypeScript SDK', () => {
  it('has the types of the OpenAPI document', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-schema-'));
    try {
      const fresh = join(folder, 'schema.ts');
      const generator = 'node_modules/openapi-typescript/bin/cli.js';
      const flags = ['docs/openapi.json', '-o', fresh, '--default-non-nullable', 'false'];
      await promisify(execFile)(process.execPath, [generator, ...flags]);
      const present = await readFile('sdks/typescript/src/schema.ts', 'utf8');
      // When this fails: npm run docs:generate
      expect(present === (await readFile(fresh, 'utf8'))).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 30_000);
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Tidegate, TidegateError } from '#sdk';
import { cliOf } from './cli.js';
import { keepReceipt } from './receipt-file.js';
import { readCliEnvironment } from './session/cli-environment.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-receipt-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server that gives these answers, one after the other. */
function serverOf(...answers: (object | TidegateError)[]): Tidegate {
  const GET = () => {
    const next = answers.shift()!;
    if (next instanceof TidegateError) return Promise.reject(next);
    return Promise.resolve({ data: next, response: new Response() });
  };
  return { api: { GET } } as unknown as Tidegate;
}

const refusal = (code: string) => new TidegateError({ code, status: 409, detail: `${code}.` });

async function keep(server: Tidegate, outcome: number, file = join(folder, 'receipt.json')) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const surroundings = {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({}),
    version: '0',
    onInterrupt: () => () => undefined,
  };
  const cli = cliOf(surroundings, { color: false });
  const code = await keepReceipt(cli, server, { id: 'some-id', file, outcome });
  return { code, said: String(stderr.read() ?? ''), files: await readdir(folder) };
}

describe('the receipt of a deployment that was followed', () => {
  it.each([0, 2, 3])('is written whatever became of it, and the exit code stays %i', async (of) => {
    const { code, said } = await keep(serverOf({ format: 'one' }), of);
    expect([code, said]).toEqual([of, expect.stringContaining('Receipt: ')]);
    const text = await readFile(join(folder, 'receipt.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ format: 'one' });
  });

  it('is waited for until it is sealed', async () => {
    const server = serverOf(refusal('receipt-unsealed'), { format: 'one' });
    expect(await keep(server, 0)).toMatchObject({ code: 0, files: ['receipt.json'] });
  });

  it.each([
    [0, 6],
    [3, 3],
  ])('cannot be had: %i is %i, and how to get it later is said', async (outcome, expected) => {
    const { code, said, files } = await keep(serverOf(refusal('receipt-contradicted')), outcome);
    expect([code, files]).toEqual([expected, []]);
    expect(said).toContain('No receipt: receipt-contradicted. Get it later: tidegate receipt get');
  });

  it('cannot be written: nothing is left half', async () => {
    const { code, files } = await keep(serverOf({ format: 'one' }), 0, join(folder, 'no', 'where'));
    expect([code, files]).toEqual([6, []]);
  });

  it.each([4, 130])('is none before the end: %i', async (outcome) => {
    const { code, said } = await keep(serverOf(), outcome);
    expect([code, said]).toEqual([outcome, expect.stringContaining('has not ended')]);
  });
});

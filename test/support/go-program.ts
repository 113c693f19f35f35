/** Programs that are written in Go and built here: `test/servers/<name>/go.mod` says which version. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { oneInstallAtATime, programOnPath } from './installed-program.js';

const run = promisify(execFile);
const buildMs = 280_000;

export interface GoProgram {
  /** The folder below test/servers, and the file that is built. */
  readonly name: string;
  /** Of the main package, which is a module, too; `.`: the sources in that folder. */
  readonly package: string;
  /** A program in this variable is taken instead. */
  readonly variable: string;
}

/** Its path; built once per version and machine. Undefined: there is no Go, which is said, and in CI an error. */
export async function goProgram(wanted: GoProgram): Promise<string | undefined> {
  const given = process.env[wanted.variable];
  if (given) return given;
  const folder = fileURLToPath(new URL(`../servers/${wanted.name}`, import.meta.url));
  const version =
    wanted.package === '.'
      ? await digestOf(folder)
      : versionOf(await readFile(join(folder, 'go.mod'), 'utf8'), wanted.package);
  const cache = join(homedir(), '.cache/tidegate/servers', `${wanted.name}-${version}`);
  const program = join(cache, wanted.name);
  if (await isProgram(program)) return program;
  const go = await programOnPath('go', '/usr/local/go/bin/go');
  if (!go) return missing(wanted, version);
  await oneInstallAtATime(async () => {
    if (await isProgram(program)) return;
    say(`Building ${wanted.name} ${version} for the tests (go build, about 2 minutes, once) …`);
    await mkdir(cache, { recursive: true });
    const draft = join(cache, `draft-${process.pid}`);
    const flags = ['-mod=readonly', '-trimpath', '-ldflags', '-s -w'];
    await run(go, ['build', ...flags, '-o', draft, wanted.package], {
      cwd: folder,
      timeout: buildMs,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
    });
    await rename(draft, program);
  });
  return program;
}

function versionOf(goMod: string, module: string): string {
  const line = goMod.split('\n').find((one) => one.trim().startsWith(`${module} v`));
  const version = line?.trim().split(' ')[1];
  if (!version) throw new Error(`go.mod does not require ${module}`);
  return version;
}

/** Of our own sources, and of the versions that they are built with. */
async function digestOf(folder: string): Promise<string> {
  const digest = createHash('sha256');
  for (const file of (await readdir(folder)).sort())
    digest.update(await readFile(join(folder, file)));
  return digest.digest('hex').slice(0, 16);
}

function missing({ name, variable }: GoProgram, version: string): undefined {
  const text = `These tests need ${name} ${version}, which Go builds, and there is no Go on the PATH: install it (https://go.dev/dl), or name a ${name} in ${variable}.`;
  if (process.env.CI) throw new Error(text);
  say(text);
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

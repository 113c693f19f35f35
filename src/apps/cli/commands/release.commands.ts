import { readFile } from 'node:fs/promises';
import { withoutMark } from '../without-mark.js';
import type { Command } from 'commander';
import type { Release } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { bytesText, uploadBar } from '../display/upload-bar.js';
import { CliError } from '../exit-codes.js';
import { artifactFile } from '../pack-directory.js';
import { readSigningKey } from '../signing-key-file.js';

interface PushOptions {
  readonly manifest: string;
  readonly artifact: string;
  readonly sign?: string;
  readonly keyId?: string;
}

/** The server's limit; a larger file is not a manifest. */
const MANIFEST_BYTES = 64 * 1024;

export function addReleaseCommands(program: Command, { act }: Actions): void {
  const release = program.command('release').description('Releases of modules.');
  release
    .command('push')
    .description('Push a release. Pushing the same again changes nothing.')
    .argument('<module>', 'name of the module; made by its first release')
    .argument('<version>', 'for example 2.1.0')
    .requiredOption('--manifest <file>', 'manifest.json: how the release is started and checked')
    .requiredOption('--artifact <path>', 'a .tar.gz, or a directory to pack into one')
    .option('--sign <keyfile>', 'private key (PEM) to sign with; see tidegate keys create')
    .option('--key-id <name>', 'the name under which the public key is registered')
    .addHelpText(
      'after',
      examples(
        'tidegate release push payments 2.1.0 --manifest manifest.json --artifact build/',
        'tidegate release push payments 2.1.0 --manifest manifest.json --artifact payments.tar.gz --sign signing-key.pem --key-id build-server',
      ),
    )
    .action(
      act((cli, moduleName: string, version: string, options: PushOptions) =>
        push(cli, { moduleName, version }, options),
      ),
    );
}

async function push(
  cli: Cli,
  what: { moduleName: string; version: string },
  options: PushOptions,
): Promise<void> {
  if ((options.sign === undefined) !== (options.keyId === undefined)) {
    throw new CliError('--sign and --key-id belong together: the key, and its name on the server.');
  }
  const manifest = await readManifest(options.manifest);
  const sign = options.sign
    ? { privateKey: await readSigningKey(options.sign), keyName: options.keyId! }
    : undefined;
  const client = await cli.connect();
  const artifact = await artifactFile(options.artifact);
  const bar = uploadBar(cli.terminal);
  const stop = new AbortController();
  // Packed files are removed on the way out, so Ctrl-C must lead through here.
  const release = cli.onInterrupt(() => stop.abort());
  try {
    const pushed = await client.pushRelease({
      ...what,
      manifest,
      artifactFile: artifact.path,
      sign,
      onProgress: bar.progress,
      signal: stop.signal,
    });
    bar.end();
    cli.terminal.result(pushed, pushedLines(pushed.release, pushed.isNew));
  } catch (error) {
    bar.end();
    if (stop.signal.aborted) throw new CliError('Interrupted: nothing was kept of the push.', 130);
    throw error;
  } finally {
    release();
    await artifact.dispose();
  }
}

function pushedLines(release: Release, isNew: boolean): string[] {
  const { moduleName, version, artifactBytes, artifactDigest, releaseDigest, signature } = release;
  return [
    `${moduleName} ${version} ${isNew ? 'is pushed' : 'was there already, with the same content'}.`,
    `  artifact  ${artifactDigest} (${bytesText(artifactBytes)})`,
    `  release   ${releaseDigest}`,
    `  signed    ${signature ? `by ${signature.keyName}` : 'no'}`,
  ].map(printable);
}

async function readManifest(file: string): Promise<unknown> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CliError(`The manifest cannot be read: ${(error as Error).message}`);
  });
  if (bytes.length > MANIFEST_BYTES) {
    throw new CliError(`${file} is larger than a manifest may be (64 KiB).`);
  }
  try {
    return JSON.parse(withoutMark(bytes)) as unknown;
  } catch (error) {
    throw new CliError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { createSigningKey, publicKeyOf, readPublicKey } from '../signing-key-file.js';

const KEY_FILE = 'tidegate-signing-key.pem';

export function addKeyCommands(program: Command, { act }: Actions): void {
  const keys = program.command('keys').description('Keys that releases are signed with.');
  keys
    .command('create')
    .description('Make an Ed25519 key on this machine. Only its public half ever goes to a server.')
    .option('--out <file>', 'where the private key goes', KEY_FILE)
    .addHelpText('after', examples('tidegate keys create --out build-server.pem'))
    .action(
      act(async ({ terminal }, { out }: { out: string }) => {
        const publicKey = await createSigningKey(out);
        terminal.result({ privateKeyFile: out, publicKey }, [
          `The private key is in ${out}; only you can read it.`,
          `Public key: ${publicKey}`,
          `Register it: tidegate keys register NAME ${publicKey}`,
        ]);
      }),
    );
  keys
    .command('public')
    .description('Show the public half of a private key file.')
    .argument('<keyfile>', 'what keys create wrote')
    .addHelpText('after', examples('tidegate keys public build-server.pem'))
    .action(
      act(async ({ terminal }, keyFile: string) => {
        const publicKey = await publicKeyOf(keyFile);
        terminal.result({ publicKey }, [publicKey]);
      }),
    );
  addServerCommands(keys, { act });
}

function addServerCommands(keys: Command, { act }: Actions): void {
  keys
    .command('register')
    .description('Let the holder of a key sign releases of this tenant.')
    .argument('<name>', 'unique for ever, for example build-server')
    .argument('<public-key>', 'as keys create printed it, or @file for a PEM')
    // One key in sixty-four made elsewhere begins with "-".
    .allowUnknownOption()
    .addHelpText(
      'after',
      examples(
        'tidegate keys register build-server 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        'tidegate keys register build-server @build-server.pub',
      ),
    )
    .action(
      act(async (cli, name: string, given: string) => {
        const publicKey = await readPublicKey(given);
        const { api } = await cli.connect();
        const key = await answer(api.POST('/api/v1/signing-keys', { body: { name, publicKey } }));
        cli.terminal.result(key, [`The key "${printable(key.name)}" may sign releases now.`]);
      }),
    );
  keys
    .command('list')
    .description('List the keys, the revoked ones among them.')
    .addHelpText('after', examples('tidegate keys list'))
    .action(
      act(async (cli) => {
        const items = await listOf(keysOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((key) => [
          key.name,
          key.publicKey,
          key.createdBy,
          timeText(key.createdAt, isUtc),
          key.revokedAt ? `revoked ${timeText(key.revokedAt, isUtc)}` : 'good',
        ]);
        const heads = ['NAME', 'PUBLIC KEY', 'BY', 'SINCE', 'STATE'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  keys
    .command('revoke')
    .description('Refuse everything that the key has signed or will sign. There is no way back.')
    .argument('<key>', 'name or id')
    .addHelpText('after', examples('tidegate keys revoke build-server'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await idOf('key', nameOrId, keysOf(client));
        await client.api.DELETE('/api/v1/signing-keys/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, revoked: true }, [
          `Revoked. Releases that it signed cannot be deployed any more; what runs goes on running.`,
        ]);
      }),
    );
}

function keysOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/signing-keys', { params: { query } })));
}

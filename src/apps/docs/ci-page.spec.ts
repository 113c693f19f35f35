import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { faultsOfRules } from '../../tenancy/federated-identities/check-rules.js';
import {
  type IssuerKindName,
  issuerKinds,
} from '../../tenancy/federated-identities/issuer-kinds.js';
import { bodyOf } from '../cli/commands/federated-create.command.js';
import { collect } from '../cli/parameters.js';

const page = readFileSync('docs/ci.md', 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp('```' + language + '\\n([\\s\\S]*?)```', 'g'))].map(
    ([, text]) => text!,
  );
}

describe('docs/ci.md', () => {
  it('has workflows that are YAML with no key twice', () => {
    expect(blocks('yaml').length).toBeGreaterThanOrEqual(3);
    for (const text of blocks('yaml')) {
      const { errors, warnings } = parseDocument(text, { strict: true, uniqueKeys: true });
      expect([text, errors, warnings]).toEqual([text, [], []]);
    }
  });

  it('has workflows that ask for what the command line looks for', () => {
    const [github, gitlab] = blocks('yaml').map((text) => parseDocument(text).toJS() as never);
    expect(github).toMatchObject({
      permissions: { 'id-token': 'write' },
      jobs: { deploy: { env: { TIDEGATE_AUDIENCE: 'tidegate:default:github' } } },
    });
    expect(gitlab).toMatchObject({
      deploy: { id_tokens: { TIDEGATE_ID_TOKEN: { aud: 'tidegate:default:gitlab' } } },
    });
  });

  it('has rules that would be accepted', async () => {
    const commands = blocks('sh')
      .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
      .filter((line) => line.startsWith('npx tidegate federated create'));
    expect(commands.length).toBeGreaterThanOrEqual(4);
    for (const command of commands) {
      const kind = /--issuer-kind (\w+)/.exec(command)![1] as IssuerKindName;
      const claims = [...command.matchAll(/--claim (?:"([^"]+)"|(\S+))/g)]
        .map(([, quoted, plain]) => quoted ?? plain!)
        .reduce<string[]>((before, one) => collect(one, before), []);
      const options = { permissions: 'deploy', module: [], environment: [] };
      const { rules } = await bodyOf('x', { ...options, issuerKind: kind, claim: claims });
      expect([command, faultsOfRules(kind, rules)]).toEqual([command, []]);
    }
  });

  it('names each claim that its rules are about', () => {
    for (const kind of ['github', 'gitlab'] as const) {
      const { required, oneOf, byDefault } = issuerKinds[kind];
      for (const claim of [...required, ...oneOf, byDefault!.claim, ...byDefault!.oneOf]) {
        expect(page).toContain(claim);
      }
    }
  });
});

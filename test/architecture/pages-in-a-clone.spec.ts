import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { root } from './sources.js';

const text = (file: string) => readFileSync(join(root, file), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/recipes', 'docs/runbooks'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];
const followed = ['README.md', 'docs/deploying.md', 'docs/agent.md'];

describe('what the pages have a newcomer make in the clone', () => {
  const made = followed.flatMap((page) =>
    [...text(page).matchAll(/^(?:mkdir|cat >|tar -czf|sed .* >) ([a-z][\w./-]*)/gm)].map(
      ([, name]) => name!,
    ),
  );

  it('is ignored by git, so that no key of theirs is committed', () => {
    expect(made).toEqual(expect.arrayContaining(['hello', 'hello.json', 'shop.json']));
    const all = [
      ...made.map((name) => `${name}/x`),
      'signing-key.pem',
      'audit.jsonl',
      '.tidegate/x',
    ];
    const { stdout } = spawnSync('git', ['check-ignore', '--no-index', ...all], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(all.filter((name) => !stdout.split('\n').includes(name))).toEqual([]);
  });
});

describe('the command line on the pages', () => {
  const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  const environment = readCliEnvironment();
  const program = buildProgram(
    { streams, environment, version: '0', onInterrupt: () => () => undefined },
    () => undefined,
  );
  const words = program.commands.map((command) => command.name()).join('|');
  const OTHER = new RegExp(
    `npm run (-s |--silent )?tidegate|node dist/apps/cli|(?<!npx )(?<=^|[\\s\`('"])tidegate (${words})\\b`,
  );

  it('is called in one way: npx tidegate', () => {
    const others = pages.flatMap((page) => {
      // A pipeline runs in an image that has the program on its path.
      const told = text(page).replace(/^```ya?ml\n[\s\S]*?^```$/gm, '');
      return told
        .split('\n')
        .filter((line) => OTHER.test(line))
        .map((line) => `${page}: ${line.trim().slice(0, 80)}`);
    });
    expect(others).toEqual([]);
  });
});

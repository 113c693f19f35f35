import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { helpTexts } from '../../scripts/help.mjs';
import { root } from './sources.js';

/** `npm run NAME -- --help` is what people try first: it says what the script does, and starts nothing. */
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** Others' programs, which know `--help` themselves; of a chain npm gives it to the last one only. */
const TOOL =
  /^(NODE_OPTIONS=\S+ )?(exec )?(prettier|eslint|tsc|depcruise|knip|jest|openapi-typescript)( [^&]*)?$/;
/** Compiled programs with a help of their own. */
const OWN = /^exec node scripts\/bootstrap\.mjs (agent|migrate|admin|tidegate)$/;

const fileOf = (command: string) => command.match(/\S+\.(?:mjs|ts)(?= |$)/g)?.at(-1) ?? '';

describe('npm run … -- --help', () => {
  it('is there for every script', () => {
    const without = Object.entries(scripts).filter(([name, command]) => {
      if (TOOL.test(command) || OWN.test(command)) return false;
      if (fileOf(command) === '') return true;
      const text = readFileSync(join(root, fileOf(command)), 'utf8');
      return name in helpTexts ? !/endWithHelp\(/.test(text) : !/readOptions\(/.test(text);
    });
    expect(without).toEqual([]);
    expect(Object.keys(helpTexts).filter((name) => !(name in scripts))).toEqual([]);
  });

  const plain = Object.keys(helpTexts).filter((name) =>
    /^exec node (--\S+ )?scripts\S+\.mjs|^exec node (?!--)/.test(scripts[name]!),
  );
  it.each(plain)('%s: a sentence, the options, an example, and nothing is started', (name) => {
    const words = scripts[name]!.split(' ').slice(2);
    const { status, stdout, stderr } = spawnSync(process.execPath, [...words, '--help'], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [about, ...rest] = stdout.trimEnd().split('\n');
    expect(about).toMatch(/^[A-Z].{20,110}\.$/);
    expect(rest).toContainEqual(expect.stringMatching(/^Options:/));
    expect(rest.at(-1)).toMatch(/^Example: .*npm (run|start|test)/);
    expect(existsSync(join(root, '.bootstrap.lock'))).toBe(false);
  });
});

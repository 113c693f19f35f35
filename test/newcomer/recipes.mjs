// The recipes' own code, tried in a copy: a block under a line that is a path and a colon is that file, a diff is
// applied, and the commands of the recipe have to be green. What has no such blocks is a description.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = 'docs/recipes';
const BLOCK = /(?:^`(?<path>[\w./-]+)`:\n\n)?^```(?<language>ts|diff|sh)\n(?<text>[\s\S]*?)^```$/gm;

/** Throws with what a recipe's commands said. `clone` has its packages, and is changed. */
export function tryRecipes(clone) {
  for (const name of readdirSync(join(clone, FOLDER)).sort()) {
    const blocks = [...readFileSync(join(clone, FOLDER, name), 'utf8').matchAll(BLOCK)].map(
      ({ groups }) => groups,
    );
    const edits = blocks.filter(({ path, language }) => path || language === 'diff');
    if (edits.length === 0) continue;
    console.log(`${FOLDER}/${name}: ${edits.length} edits`);
    try {
      for (const edit of edits) apply(clone, edit);
      run(clone, 'npx tsc --noEmit');
      for (const { language, text } of blocks) if (language === 'sh') run(clone, text);
    } catch (error) {
      const said = [error.stdout, error.stderr].filter(Boolean).join('\n').slice(-4000);
      throw new Error(`${FOLDER}/${name}, followed literally: ${error.message}\n${said}`, {
        cause: error,
      });
    }
    // The next one begins with what everybody has.
    run(clone, 'git reset --quiet --hard && git clean --quiet --force -d src test migrations docs');
  }
}

function apply(clone, { path, text }) {
  if (!path) {
    execFileSync('patch', ['--strip=1', '--fuzz=3', '--forward'], { cwd: clone, input: text });
    return;
  }
  const file = join(clone, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function run(clone, commands) {
  execFileSync('bash', ['-eo', 'pipefail', '-c', commands], {
    cwd: clone,
    stdio: 'pipe',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

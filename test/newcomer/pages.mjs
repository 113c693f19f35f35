// The commands of the pages as a newcomer would give them: every ```sh block, in order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const pages = ['README.md', 'docs/deploying.md', 'docs/agent.md'];

/** Not followed here: each is a step of .ci/run. */
const ELSEWHERE = /^npm run demo/;
/** For a terminal of their own: they run until they are stopped. */
const STAYS = /npm start|npm run agent -- --server(?![^&]*&$)|setInterval/m;

/** What the pages promise, by a part of the block that has to say it. */
export const promises = [
  ['curl http://127.0.0.1:8090/ ', /hello from 1\.0\.0/],
  ['"version":"1.1.0"', /"status":\s*"Pending"/],
  ['until curl -sSf http://127.0.0.1:9090/', /shop 1\.0\.0/],
  ['/deployments/plan', /qa-1/],
  ['deployments watch $good', /w2\.move[\s\S]*gate stable/],
  [`sed 's/2\\.0\\.0/3.0.0/'`, /errors [\d.]+ % against 0\.0 %/],
  ['/explain', /"summary"/],
  ['$good/rollback', /"version":"1\.0\.0"[\s\S]*"version":"2\.1\.0"/],
  ['.tidegate/web-$n', /web-3 +Staging/],
  ['nodes uncordon', /web-1 is Healthy now/],
];

export function blocksOf(root) {
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      .map(([, commands]) => ({ page, commands, stays: STAYS.test(commands) }))
      .filter(({ commands }) => !ELSEWHERE.test(commands));
  });
}

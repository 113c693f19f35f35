// What it costs to judge an archive, which the API does for every upload and the agent for every release: CPU,
// and how much of it in one turn of the event loop, since every tenant waits for that. CPU and not time, so that
// a busy machine tells the same. Small hostile archives, and an honest large one for comparison.
//
//   npm run bench:archives
import { Readable } from 'node:stream';
import { endWithHelp } from '../scripts/help.mjs';
import { walkArchive } from '../src/agent/artifacts/walk-archive.js';
import { messageOf } from '../src/kernel/errors.js';
import { buildArchive, type ArtifactEntry } from '../test/support/artifact.js';

endWithHelp('bench:archives');

const COUNT = 4_000;
const numbered = (name: (index: number) => string, count = COUNT): ArtifactEntry[] =>
  Array.from({ length: count }, (_, index) => ({ name: name(index) }));

/** Different at the top, so that no two share a folder. */
const manyTrees = (depth: number) => (index: number) => `${index}/${'d/'.repeat(depth)}f`;

const archives: [string, ArtifactEntry[]][] = [
  ['500 nested folders', numbered((index) => `${'d/'.repeat(500)}${index}`)],
  ['50 nested folders', numbered((index) => `${'d/'.repeat(50)}${index}`)],
  ['trees of 500 folders', numbered(manyTrees(500))],
  ['trees of 20 folders', numbered(manyTrees(20))],
  ['names of 1,000 bytes', numbered((index) => `${'n'.repeat(250)}/`.repeat(3) + index)],
  [
    'links through links',
    numbered((index) => `${index}`).map((entry, index) => ({
      ...entry,
      type: 'symlink',
      linkname: `${'./'.repeat(400)}${Math.max(0, index - 1)}`,
    })),
  ],
  [
    'an honest tree of 50,000 files',
    numbered((index) => `node_modules/package-${index % 700}/lib/part/${index}.js`, 50_000),
  ],
];

const rows = [];
for (const [what, entries] of archives) {
  const { bytes } = await buildArchive(entries);
  const turns = watchTurns();
  const before = cpuMs();
  const answer = await walkArchive(Readable.from([bytes])).then(() => 'accepted', messageOf);
  const spentMs = cpuMs() - before;
  rows.push({
    archive: what,
    'packed KiB': Number((bytes.length / 1024).toFixed(1)),
    'CPU ms': Math.round(spentMs),
    'in one turn ms': Math.round(await turns.longestMs()),
    answer: answer.slice(0, 60),
  });
}
console.table(rows);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of all threads: what gunzip does meanwhile counts, too, so it is never less than the truth. */
function watchTurns(): { longestMs: () => Promise<number> } {
  let longestMs = 0;
  let last = cpuMs();
  let isOver = false;
  const turn = () => {
    const now = cpuMs();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const end = async () => {
    isOver = true;
    await new Promise((resolve) => setImmediate(resolve));
    return longestMs;
  };
  return { longestMs: end };
}

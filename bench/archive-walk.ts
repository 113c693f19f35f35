// What it costs to judge an archive, which the API does for every upload and the agent for every release: CPU,
// and for how long the event loop stood still, since every tenant waits for that. Small hostile archives, and an
// honest large one for comparison.
//
//   npm run bench:archives
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { walkArchive } from '../src/agent/artifacts/walk-archive.js';
import { messageOf } from '../src/kernel/errors.js';
import { buildArchive, type ArtifactEntry } from '../test/support/artifact.js';

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
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const before = process.cpuUsage();
  const answer = await walkArchive(Readable.from([bytes])).then(() => 'accepted', messageOf);
  const { user, system } = process.cpuUsage(before);
  // The stop that ends with the walk itself counts, too.
  await new Promise((resolve) => setImmediate(resolve));
  delays.disable();
  rows.push({
    archive: what,
    'packed KiB': Number((bytes.length / 1024).toFixed(1)),
    'CPU ms': Math.round((user + system) / 1000),
    'loop stood still ms': Math.round(delays.max / 1e6),
    answer: answer.slice(0, 60),
  });
}
console.table(rows);

// The order of test files: what takes longest comes first, so that no worker is left alone with one at the end.
// Jest remembers how long they took only where they have run before; a clean checkout goes by the list beside
// this file, which `npm run test:times -- --keep` writes.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const list = new URL('./slow-files.json', import.meta.url);
const secondsOf = JSON.parse(readFileSync(list, 'utf8'));

export default class LongestFirst extends Sequencer {
  /** In ms. What nobody has measured is as slow as it is long: last, as most of that are unit specs. */
  time(test) {
    const { config, hasteFS } = test.context;
    const listed = secondsOf[relative(config.rootDir, test.path)];
    return super.time(test) ?? (listed ?? 0) * 1000 + (hasteFS.getSize(test.path) ?? 0) / 1e6;
  }
}

// Preloaded into a process that is to run out of memory: it does as soon as HUNGER_FILE is there.
import { existsSync, watchFile } from 'node:fs';

const file = process.env.HUNGER_FILE;
const hoard = [];

if (file) {
  watchFile(file, { interval: 50, persistent: false }, () => {
    while (existsSync(file)) hoard.push(new Array(1_000_000).fill(hoard.length));
  });
}

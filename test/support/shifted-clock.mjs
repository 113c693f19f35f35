// Preloaded into a process whose wall clock is to be wrong: `Date` is off by as many milliseconds as
// CLOCK_OFFSET_FILE says, also when that changes. Monotonic time stays right, as on a real machine.
import { readFileSync, watchFile } from 'node:fs';

const file = process.env.CLOCK_OFFSET_FILE;
const RealDate = Date;
let offset = 0;

function read() {
  offset = Number(readFileSync(file, 'utf8'));
}

if (file) {
  read();
  watchFile(file, { interval: 50, persistent: false }, read);
  globalThis.Date = class Date extends RealDate {
    constructor(...values) {
      super(...(values.length === 0 ? [RealDate.now() + offset] : values));
    }

    static now() {
      return RealDate.now() + offset;
    }
  };
}

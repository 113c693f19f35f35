/**
 * Which lines of the product a test file has reached, by V8, in the form that jest's reporter reads. Jest begins
 * to count anew for each file, has the debugger tell of all scripts there are, and sends the text of each; here
 * the text of a file goes to the reporter once per worker, and so does each way in which a file was walked
 * through: the report says which lines were reached, not how often.
 */
'use strict';
const { Session } = require('node:inspector/promises');
const { createHash } = require('node:crypto');
const { fileURLToPath } = require('node:url');
const { default: Runtime } = require('jest-runtime');

/**
 * Scripts of test files that are over stay in memory while it is counted, and each look at the counts goes over
 * them: with more than these, counting begins anew, which lets them go and costs about as much as 2,000 more.
 */
const MOST_DONE = 2_000;

let session;
let isCounting = false;
const countedByUrl = new Map();
const told = new Set();
const walks = new Set();

exports.LineCounter = class LineCounter {
  constructor(config, coverageOptions) {
    this.config = config;
    this.coverageOptions = coverageOptions;
    this.taken = [];
  }

  async start() {
    if (!session) {
      session = new Session();
      session.connect();
      await session.post('Profiler.enable');
    }
    if (isCounting) return;
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    isCounting = true;
  }

  async take(transforms) {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    let done = 0;
    for (const { scriptId, url, functions } of result) {
      const path = this.counted(url);
      if (!path) continue;
      const transform = transforms.get(path);
      if (!transform || functions[0]?.ranges[0]?.count === 0) {
        done += 1;
        continue;
      }
      const walk = createHash('sha1').update(path);
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          walk.update(`${startOffset} ${endOffset} ${count > 0}\n`);
        }
      }
      const digest = walk.digest('base64');
      if (walks.has(digest)) continue;
      walks.add(digest);
      const codeTransformResult = told.has(path) ? undefined : transform;
      told.add(path);
      this.taken.push({ codeTransformResult, result: { scriptId, url: path, functions } });
    }
    if (done > MOST_DONE) {
      await session.post('Profiler.stopPreciseCoverage');
      isCounting = false;
    }
  }

  /** Its path, when its lines count. */
  counted(url) {
    if (!url.startsWith('file:')) return undefined;
    if (!countedByUrl.has(url)) {
      const path = fileURLToPath(url);
      const isCounted = Runtime.shouldInstrument(path, this.coverageOptions, this.config);
      countedByUrl.set(url, isCounted ? path : undefined);
    }
    return countedByUrl.get(url);
  }
};

/**
 * Which lines of the product a test file has reached, by V8, in the form that jest's reporter reads. Counting
 * is begun once per worker. Jest begins it anew for each file, has the debugger tell of all scripts there are,
 * and sends the text of each; here the text of a file goes to the reporter once per worker, and so does each way
 * in which a file was walked through: the report says which lines were reached, not how often.
 */
'use strict';
const { Session } = require('node:inspector/promises');
const { createHash } = require('node:crypto');
const { fileURLToPath } = require('node:url');
const { default: Runtime } = require('jest-runtime');

let session;
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
    if (session) return;
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  async take(transforms) {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    for (const { scriptId, url, functions } of result) {
      const path = this.counted(url);
      const transform = path && transforms.get(path);
      // The script of a file before this one, which nobody has cleared away yet.
      if (!transform || functions[0]?.ranges[0]?.count === 0) continue;
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

// The load generator as the story sees it: phases, and what was counted in each.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bucketUpperMicros } from '../../dist/kernel/histogram.js';

const program = fileURLToPath(new URL('load.mjs', import.meta.url));
const rateWindowMs = 2000;

export class Traffic {
  #child;
  #phases = {};
  #recent = [];
  #failure;

  /** `nodes`: name and port of each front. `perSecond` is for each node. */
  constructor(nodes, perSecond, environment) {
    this.#child = fork(program, [], { env: environment, detached: true, execArgv: [] });
    this.#child.on('message', (phases) => this.#read(phases));
    this.#child.on('exit', () => (this.#failure ??= 'The load generator ended before its time.'));
    this.#child.on('error', (error) => (this.#failure ??= error.message));
    this.#child.send({ nodes, perSecond });
  }

  get pid() {
    return this.#child.pid;
  }

  /** What is sent from now on counts for this phase. */
  phase(name) {
    this.#check();
    this.#child.send({ phase: name });
  }

  /** Of one phase: requests answered or failed, failures, p95 and how many each node had. */
  of(name) {
    this.#check();
    return summary(this.#phases[name]);
  }

  /** Of all phases together. */
  total() {
    const all = Object.values(this.#phases).map(summary);
    return {
      requests: all.reduce((sum, { requests }) => sum + requests, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  /** Of the last two seconds: requests per second, and the share of each release in the answers. */
  now() {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)];
    if (!first || first === last) return { perSecond: 0, releases: {} };
    const seconds = (last.at - first.at) / 1000;
    const releases = {};
    for (const [release, count] of Object.entries(last.releases)) {
      const grown = count - (first.releases[release] ?? 0);
      if (grown > 0) releases[release] = grown;
    }
    return { perSecond: (last.requests - first.requests) / seconds, releases };
  }

  stop() {
    this.#failure ??= 'The load generator was stopped.';
    if (this.#child.connected) this.#child.disconnect();
  }

  #check() {
    if (this.#failure) throw new Error(this.#failure);
  }

  #read(phases) {
    this.#phases = phases;
    const releases = {};
    for (const each of Object.values(phases)) {
      for (const [release, count] of Object.entries(each.releases)) {
        releases[release] = (releases[release] ?? 0) + count;
      }
    }
    const at = performance.now();
    this.#recent.push({ at, releases, requests: this.total().requests });
    while (at - this.#recent[0].at > rateWindowMs) this.#recent.shift();
  }
}

function summary(counts) {
  if (!counts) return { sent: 0, requests: 0, failed: 0, failures: {}, perNode: {}, p95Ms: 0 };
  const { sent, requests, failed, failures, perNode, histogram } = counts;
  return { sent, requests, failed, failures, perNode, p95Ms: quantileMs(histogram, 0.95) };
}

function quantileMs(histogram, share) {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [index, count] of histogram.entries()) {
    seen += count;
    if (count > 0 && seen >= share * total) return bucketUpperMicros(index) / 1000;
  }
  return 0;
}

// One rollout as it goes on: a live block in a terminal, a line per change elsewhere.
import { bold, cyan, dim, filled, green, padEnd, padStart, red, seconds, whole } from './text.mjs';
import { figureLines } from './gate-figures.mjs';

const logReadingMs = 3000;
const shareWidth = 10;

const signs = {
  waiting: () => dim('·'),
  moving: () => cyan('▸'),
  watching: () => cyan('◐'),
  settled: () => green('✓'),
  unstable: () => red('✗'),
};

export class RolloutView {
  #screen;
  #traffic;
  #phase;
  #from;
  #waves = [];
  #check = null;
  #status = 'Pending';
  #saidReadingAt = 0;
  #checksNeeded;
  #minWaitMs;

  constructor(screen, { traffic, phase, from }) {
    this.#screen = screen;
    this.#traffic = traffic;
    this.#phase = phase;
    this.#from = from;
  }

  /** Takes a deployment as the API shows it. */
  update(deployment) {
    const { status, progress, gateCheck, decision, strategy, gate } = deployment;
    this.#checksNeeded = gate.consecutiveStableChecks;
    this.#minWaitMs = gate.minWaitMs ?? 0;
    if (status !== this.#status) this.#screen.sayInLog(`${deployment.version}: ${status}`);
    this.#status = status;
    const isBackward = ['RollingBack', 'RolledBack', 'RollbackFailed'].includes(status);
    if (!isBackward) this.#takeWaves(progress.waves, strategy.wavesPercent ?? [100]);
    if (isBackward) this.#markUnstable(decision);
    this.#check = gateCheck ?? (decision && { ...decision, verdict: 'unstable' }) ?? this.#check;
    this.#tellReading();
    this.#screen.show(this.lines());
  }

  lines() {
    const { requests, failed } = this.#traffic.of(this.#phase);
    const { perSecond, releases } = this.#traffic.now();
    return [
      '',
      ...this.#waves.map((wave) => this.#waveLine(wave)),
      '',
      ...figureLines(this.#check?.reading).map((line) => `    ${line}`),
      this.#checksLine(),
      '',
      `    ${padEnd('traffic', 16)}${padStart(`${whole(perSecond)}/s`, 11)}  ${this.#shares(releases)}`,
      `    ${padEnd('in this rollout', 16)}${padStart(whole(requests), 11)}  requests, ${
        failed === 0 ? green('0 failed') : red(`${whole(failed)} failed`)
      }`,
      '',
    ];
  }

  #takeWaves(waves, percents) {
    this.#waves = waves.map(({ wave, nodes, state }, index) => {
      const before = this.#waves[index];
      const now = performance.now();
      if (before && before.state !== state) this.#tellWave(wave, nodes, state);
      const since = before?.since ?? (state === 'waiting' ? undefined : now);
      const until = before?.until ?? (state === 'settled' ? now : undefined);
      return { wave, nodes, state, since, until, percent: percents[index] };
    });
  }

  #markUnstable(decision) {
    const number = Number(/^w(\d+)\./.exec(decision?.step ?? '')?.[1]);
    for (const wave of this.#waves) {
      if (wave.wave !== number || wave.state === 'unstable') continue;
      Object.assign(wave, { state: 'unstable', until: performance.now() });
      this.#tellWave(wave.wave, wave.nodes, 'unstable');
    }
  }

  #tellWave(wave, nodes, state) {
    this.#screen.sayInLog(`  wave ${wave} (${nodes.join(', ')}): ${state}`);
  }

  #tellReading() {
    const { verdict, reason, reading } = this.#check ?? {};
    if (verdict !== 'waiting' || !reading) return;
    if (performance.now() - this.#saidReadingAt < logReadingMs) return;
    this.#saidReadingAt = performance.now();
    this.#screen.sayInLog(`    ${reason}`);
  }

  #waveLine({ wave, nodes, state, since, until, percent }) {
    const spent = since === undefined ? '' : seconds((until ?? performance.now()) - since);
    const name = `wave ${wave}  ${padStart(`${percent} %`, 5)}`;
    const fields = [
      `    ${state === 'waiting' ? dim(name) : bold(name)}`,
      `${signs[state]()} ${padEnd(state === 'waiting' ? dim(state) : state, 9)}`,
      padStart(spent, 7),
      nodes.join(' '),
    ];
    return fields.join('  ');
  }

  /** More than are needed say nothing more: the wave has to be watched for a while, too. */
  #checksLine() {
    const isOpen =
      this.#status === 'Running' && this.#waves.some(({ state }) => state === 'watching');
    if (!isOpen) return dim(`    ${padEnd('good checks', 16)}${padStart('–', 11)}`);
    const good = Math.min(this.#check?.reading?.consecutiveGood ?? 0, this.#checksNeeded);
    return `    ${padEnd('good checks', 16)}${padStart(`${good} of ${this.#checksNeeded}`, 11)}  in a row, after ${whole(this.#minWaitMs / 1000)} s or more`;
  }

  /** Who answers: the release before, and the one that is coming. */
  #shares(releases) {
    const total = Object.values(releases).reduce((sum, count) => sum + count, 0);
    const old = releases[this.#from] ?? 0;
    if (total === 0) return '';
    const names = Object.keys(releases).filter((name) => name !== this.#from);
    const share = (total - old) / total;
    const rest = dim(`${whole((old / total) * 100)} % ${this.#from}`);
    const coming = names.length === 0 ? '' : `${whole(share * 100)} % ${names.join(', ')}, `;
    return `${filled(share, shareWidth)}  ${coming}${rest}`;
  }
}

// What the demo does, in order. It acts as people do: an admin prepares the environment and the nodes, a
// deployer pushes and deploys; both through the API only.
import { setTimeout as pause } from 'node:timers/promises';
import { demoGateParams } from '../../dist/deployments/gates/stabilization/stabilization-params.js';
import { newSigningKey, publicKeyText } from '../../dist/kernel/signature.js';
import { DEMO_USERS } from '../../dist/tenancy/users/demo-users.js';
import { Api } from './api.mjs';
import { Approval } from './approval.mjs';
import { bold, cyan, dim, filled, green, red, whole } from './display/text.mjs';
import { RolloutView } from './display/rollout-view.mjs';
import { freeRow, isFree } from './ports.mjs';
import { cleanEnvironment } from './processes.mjs';
import { keyName, manifestOf, moduleName, pushRelease } from './releases.mjs';
import { Traffic } from './traffic.mjs';

const zones = ['a', 'b', 'c'];
const nodeCount = 6;
const requestsPerSecond = 30;
const environmentName = 'Production';
const usualPort = 8080;

const pollMs = 250;
const healthyMs = 60_000;
const rolloutMs = 150_000;
const breathMs = 4000;

/** As long as the baseline of the gate reaches back, and what is on its way to the control plane. */
const measureMs = demoGateParams.baselineMs + 2000;
/** Five blocks make a baseline. One more: the newest polls may not be there yet. */
const measureRequests = 6 * demoGateParams.minRequests;

/**
 * The gate of the demo, set by configuration as an operator would. Everything runs on one machine, and a build
 * next door is felt by all nodes in turn: a service that answers in 3 ms may take 30 ms more, and checks count
 * also while the untouched nodes take up to three times as long. The bad release is far beyond both.
 */
const gate = {
  kind: 'stabilization',
  ...demoGateParams,
  ...{ floorLatencyMs: 30, limitLatencyPercent: 70, maxWaitMs: 45_000 },
};

/** Nobody pauses here: a paused rollout waits for a person, because its gate could not tell. */
const ended = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'];
const over = [...ended, 'Paused'];

export class Story {
  /** What has happened so far, for the verdict and the summary. */
  facts = {};
  isTold = false;

  /** `isWatched`: somebody is there who can be asked to approve. */
  constructor(screen, processes, isWatched) {
    this.screen = screen;
    this.processes = processes;
    this.isWatched = isWatched;
    this.approval = new Approval(this);
  }

  means() {
    const { screen, admin, url } = this;
    return { screen, admin, url, until: this.until.bind(this) };
  }

  async tell() {
    await this.startControlPlane();
    await this.prepare();
    await this.startNodes();
    await this.pushReleases();
    this.facts.direct = await this.rollOut('1.0.0', { strategy: { kind: 'direct' } });
    if (this.facts.direct.status !== 'Succeeded') return;
    await this.takeTheMeasure();
    const requireApproval = true;
    this.facts.good = await this.rollOut('2.0.0', {
      from: '1.0.0',
      phase: 'good',
      requireApproval,
    });
    if (this.facts.good.status !== 'Succeeded') return;
    await this.breathe();
    this.facts.bad = await this.rollOut('2.1.0', { from: '2.0.0', phase: 'bad' });
    await this.lookAround();
  }

  stop() {
    this.traffic?.stop();
  }

  async startControlPlane() {
    const { screen } = this;
    screen.show(['', dim('    the control plane starts …')]);
    this.url = await this.listenSomewhere();
    screen.clear();
    screen.say(
      `${green('✓')} Control plane on ${cyan(this.url)}: PostgreSQL embedded, queue in it`,
    );
    const [admin, deployer] = ['Admin', 'Deployer'].map((wanted) =>
      DEMO_USERS.find(({ role }) => role === wanted),
    );
    this.admin = await Api.login(this.url, admin);
    this.deployer = await Api.login(this.url, deployer);
  }

  /** On the usual port, or on a free one; also when another demo takes the port between look and start. */
  async listenSomewhere() {
    const start = (port) => this.processes.startControlPlane(`127.0.0.1:${port}`);
    if (!(await isFree(usualPort))) return start(0);
    try {
      return await start(usualPort);
    } catch (error) {
      if (await isFree(usualPort)) throw error;
      return start(0);
    }
  }

  /** Production takes signed releases only, and by canary only: the first one is allowed directly. */
  async prepare() {
    this.key = newSigningKey();
    const publicKey = publicKeyText(this.key.publicKey);
    await this.admin.post('/signing-keys', { name: keyName, publicKey });
    const path = `/environments/${environmentName}`;
    const { body, headers } = await this.admin.read(path);
    const { defaults, signaturePolicy, onConflict } = body;
    const rules = {
      defaults: { ...defaults, gate },
      allowedStrategies: ['direct', 'canary'],
      ...{ signaturePolicy, onConflict },
    };
    await this.admin.send('PUT', path, rules, { 'if-match': headers.get('etag') });
    this.screen.say(
      `${green('✓')} ${environmentName}: signed releases only, gates with short times for the demo`,
    );
  }

  async startNodes() {
    const { screen, url, processes } = this;
    const ports = await freeRow(nodeCount);
    const modulePort = manifestOf('1.0.0').traffic.port;
    this.nodes = ports.map((port, index) => ({
      name: `node-${index + 1}`,
      zone: zones[index % zones.length],
      port,
    }));
    const trustedKey = publicKeyText(this.key.publicKey);
    for (const { name, zone, port } of this.nodes) {
      const { token } = await this.admin.post('/nodes/enrollment-tokens', {
        environment: environmentName,
      });
      const portOffset = port - modulePort;
      processes.startAgent({ name, server: url, token, zone, portOffset, trustedKey });
    }
    await this.until(healthyMs, 'The nodes did not become healthy', async () => {
      const { items } = await this.admin.get('/nodes?limit=200');
      const healthy = items.filter(({ state }) => state === 'Healthy').length;
      screen.show(['', dim(`    ${healthy} of ${nodeCount} nodes are healthy …`)]);
      return healthy === nodeCount;
    });
    screen.clear();
    const shown = this.nodes.map(({ name, zone }) => `${name} ${dim(zone)}`).join('  ');
    screen.say(`${green('✓')} ${nodeCount} agents in zones ${zones.join(', ')}:  ${shown}`);
  }

  async pushReleases() {
    for (const version of ['1.0.0', '2.0.0', '2.1.0']) {
      await pushRelease(this.deployer, version, this.key.privateKey);
    }
    this.screen.say(`${green('✓')} ${moduleName} 1.0.0, 2.0.0 and 2.1.0 signed and pushed`);
  }

  async takeTheMeasure() {
    const { screen } = this;
    this.traffic = new Traffic(this.nodes, requestsPerSecond, cleanEnvironment());
    this.traffic.phase('measure');
    screen.say(
      `Traffic: ${nodeCount * requestsPerSecond} requests/s through the fronts. Taking the measure for the gates`,
    );
    const since = performance.now();
    const patience = 4 * measureMs;
    await this.until(patience, 'The service did not get enough traffic', async () => {
      const { requests, failed, perNode } = this.traffic.of('measure');
      const fewest = Math.min(...this.nodes.map(({ name }) => perNode[name] ?? 0));
      const ms = performance.now() - since;
      const share = Math.min(ms / measureMs, fewest / measureRequests, 1);
      screen.show([
        '',
        `    ${filled(share, 40)} ${whole(share * 100)} %   ${whole(requests)} requests, ${failed} failed`,
        '',
      ]);
      return share === 1;
    });
    screen.clear();
    this.facts.measure = this.traffic.of('measure');
    const { requests, p95Ms } = this.facts.measure;
    screen.say(`${green('✓')} Measured: ${whole(requests)} requests, p95 ${p95Ms.toFixed(1)} ms`);
  }

  async rollOut(version, { strategy, from, phase, requireApproval = false }) {
    const { screen, traffic } = this;
    const request = { moduleName, version, targetEnvironment: environmentName };
    const { id, strategy: chosen } = await this.deployer.post('/deployments', {
      ...request,
      ...(strategy ? { strategy } : {}),
      requireApproval,
    });
    const how =
      chosen.kind === 'canary' ? `canary ${chosen.wavesPercent.join(' → ')} %` : 'all at once';
    screen.say(bold(`Release ${version}`) + dim(`  ${how}`));
    // The canary is what somebody should see: whoever watches is asked for that one only.
    await this.approval.of(id, requireApproval && this.isWatched);
    if (phase) traffic.phase(phase);
    const view = phase ? new RolloutView(screen, { traffic, phase, from }) : undefined;
    const since = performance.now();
    let last;
    await this.until(
      rolloutMs,
      () => this.stuck(version, id),
      async () => {
        last = await this.deployer.get(`/deployments/${id}`);
        view?.update(last);
        return over.includes(last.status);
      },
    );
    const ms = performance.now() - since;
    screen.keep();
    if (phase) await this.settled(phase);
    const { status, decision } = last;
    const reason = last.reason ?? last.waitingOn?.detail ?? null;
    const sign = status === 'Succeeded' ? green('✓ Succeeded') : red(`✗ ${status}`);
    screen.say(`${sign} ${version} after ${(ms / 1000).toFixed(1)} s`);
    const wave = Number(/^w(\d+)\./.exec(decision?.step ?? '')?.[1] ?? 0);
    return {
      version,
      how,
      status,
      reason,
      decision,
      wave,
      ms,
      ...(phase ? traffic.of(phase) : {}),
    };
  }

  /** What was sent before the end is answered after it, and counts as well. */
  async settled(phase) {
    this.traffic.phase('between');
    await this.until(15_000, 'The load generator does not answer', async () => {
      const { sent, requests } = this.traffic.of(phase);
      return sent === requests;
    });
    // Its last figures come with its next report.
    await pause(600);
  }

  async breathe() {
    this.traffic.phase('between');
    await pause(breathMs);
  }

  async lookAround() {
    this.traffic.phase('after');
    await pause(breathMs);
    const { items } = await this.admin.get('/nodes?limit=200');
    this.facts.running = items
      .map(({ name, modules }) => ({
        name,
        releases: modules.flatMap(({ running }) => running.map(({ version }) => version)),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.facts.after = this.traffic.of('after');
    this.facts.total = this.traffic.total();
  }

  trafficLines() {
    const { requests, failed } = this.traffic.total();
    const { perSecond, releases } = this.traffic.now();
    const answering = Object.keys(releases).sort().join(', ') || 'nobody';
    return [
      `    ${whole(perSecond)} requests/s, answered by ${answering}; ${whole(requests)} so far, ${whole(failed)} failed`,
    ];
  }

  /** Asks again until it is so. Ends the story when it never is, or when a process has gone. */
  async until(patienceMs, complaint, isSo) {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const isDone = await isSo().catch((error) => {
        throw new Error(this.processes.problem() ?? error.message, { cause: error });
      });
      if (isDone) return;
      const problem = this.processes.problem();
      if (problem) throw new Error(problem);
      if (performance.now() > deadline) {
        const what = typeof complaint === 'string' ? complaint : await complaint();
        throw new Error(`${what} within ${Math.round(patienceMs / 1000)} s.`);
      }
      await pause(pollMs);
    }
  }

  async stuck(version, id) {
    const { summary } = await this.deployer.get(`/deployments/${id}/explain`);
    return `The rollout of ${version} did not end (${summary})`;
  }
}

// Starts what the demo runs, and ends all of it: control plane with its PostgreSQL, agents, fronts and
// modules. Every process gets a session of its own, because Ctrl-C goes to the whole foreground group and
// an agent that ends by itself leaves its modules running, as it should.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { isAlive, projectRoot, runs } from './home.mjs';

const apiProgram = path.join(projectRoot, 'dist', 'apps', 'api', 'main.js');
const agentProgram = path.join(projectRoot, 'dist', 'apps', 'agent', 'main.js');

const startMs = 90_000;
/** As often as the gate polls. */
const reportIntervalMs = 1000;
const stopMs = 20_000;
const teardownMs = 60_000;

/** The operator's own settings are of another installation. The demo's Node is in the PATH of modules. */
export function cleanEnvironment() {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(TIDEGATE_|DATABASE_|REDIS_|npm_|NODE_OPTIONS$|NODE_ENV$)/.test(name),
  );
  const nodeFolder = path.dirname(process.execPath);
  return { ...Object.fromEntries(own), PATH: [nodeFolder, process.env.PATH].join(path.delimiter) };
}

export class Processes {
  #home;
  #agents = [];
  #controlPlane;
  #isEnding = false;

  constructor(home) {
    this.#home = home;
  }

  /** Resolves with its URL. With port 0 the control plane takes a free one. */
  async startControlPlane(listen) {
    this.#refuseWhenEnding();
    const log = path.join(this.#home, 'control-plane.log');
    const child = start(apiProgram, [], log, {
      TIDEGATE_HOME: path.join(this.#home, 'control-plane'),
      TIDEGATE_LISTEN: listen,
      TIDEGATE_DEMO: 'true',
      TIDEGATE_REPORT_INTERVAL_MS: String(reportIntervalMs),
      TIDEGATE_LOG_FORMAT: 'json',
    });
    this.#controlPlane = child;
    fs.writeFileSync(path.join(this.#home, 'control-plane.pid'), String(child.pid ?? ''));
    const deadline = performance.now() + startMs;
    while (performance.now() < deadline && !this.#isEnding) {
      const text = fs.readFileSync(log, 'utf8');
      const url = /Tidegate listens on (http:\/\/[^\s"]+)/.exec(text)?.[1];
      if (url) return url;
      if (hasEnded(child)) throw new Error(`The control plane did not start: ${text.slice(-800)}`);
      await pause(50);
    }
    throw new Error(`The control plane did not start within ${startMs / 1000} s; see ${log}.`);
  }

  startAgent({ name, server, token, zone, portOffset, trustedKey }) {
    this.#refuseWhenEnding();
    const options = {
      ...{ server, name, dir: path.join(this.#home, name), label: `zone=${zone}` },
      ...{ 'port-offset': portOffset, 'trusted-key': trustedKey },
    };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
    const log = path.join(this.#home, `${name}.log`);
    // Not as an argument: those can be read by everybody on the machine.
    this.#agents.push(start(agentProgram, args, log, { TIDEGATE_ENROLLMENT_TOKEN: token }));
  }

  /** A sentence when something that should run does not. */
  problem() {
    if (this.#controlPlane && hasEnded(this.#controlPlane)) return 'The control plane has ended.';
    const gone = this.#agents.findIndex(hasEnded);
    return gone < 0 ? undefined : `The agent of node-${gone + 1} has ended.`;
  }

  #refuseWhenEnding() {
    if (this.#isEnding) throw new Error('The demo is ending.');
  }

  /** Says what it could not end. */
  async endAll() {
    this.#isEnding = true;
    // An agent that is just starting is not in its folder yet, where a teardown would look for it.
    await Promise.all(this.#agents.map((agent) => end(agent)));
    return endHome(this.#home);
  }
}

function start(program, args, log, environment) {
  const file = fs.openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', file, file],
    detached: true,
  });
  child.on('error', () => undefined);
  fs.closeSync(file);
  return child;
}

function hasEnded({ pid, exitCode, signalCode }) {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

async function end(child) {
  if (hasEnded(child)) return;
  child.kill('SIGTERM');
  const deadline = performance.now() + stopMs;
  while (!hasEnded(child)) {
    if (performance.now() > deadline) child.kill('SIGKILL');
    await pause(50);
  }
}

/** Ends all that was started from a home, also by a demo that is not alive any more. */
export async function endHome(home) {
  const nodes = fs.readdirSync(home).filter((name) => /^node-\d+$/.test(name));
  const problems = await Promise.all(nodes.map((name) => teardown(path.join(home, name))));
  await endControlPlane(home);
  return problems.filter(Boolean);
}

async function teardown(directory) {
  let said = '';
  const child = spawn(process.execPath, [agentProgram, '--teardown', '--dir', directory], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    timeout: teardownMs,
    killSignal: 'SIGKILL',
  });
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-500)));
  const [code] = await once(child, 'close');
  return code === 0 ? null : `${path.basename(directory)} could not be ended: ${said.trim()}`;
}

async function endControlPlane(home) {
  const pid = readPid(path.join(home, 'control-plane.pid'));
  if (pid && runs(pid, apiProgram)) {
    process.kill(pid, 'SIGTERM');
    if (!(await isGone(pid, stopMs))) process.kill(pid, 'SIGKILL');
    await isGone(pid, stopMs);
  }
  // Left alone only when the control plane was killed.
  for (const file of findPostmasters(path.join(home, 'control-plane'))) {
    const postmaster = readPid(file);
    if (postmaster && runs(postmaster, 'postgres')) {
      process.kill(postmaster, 'SIGINT');
      await isGone(postmaster, stopMs);
    }
  }
}

function findPostmasters(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => path.basename(name) === 'postmaster.pid')
    .map((name) => path.join(folder, name));
}

function readPid(file) {
  try {
    const pid = Number.parseInt(fs.readFileSync(file, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function isGone(pid, patienceMs) {
  const deadline = performance.now() + patienceMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await pause(50);
  }
  return true;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

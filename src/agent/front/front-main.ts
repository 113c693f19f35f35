import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { networksOf } from '../../kernel/networks.js';
import { ControlServer } from './control-server.js';
import { Front, type InheritedSocket } from './front.js';
import { livingFronts, removeIdentity, socketPathFor, writeIdentity } from './front-identity.js';
import { frontLimits } from './front-limits.js';
import { stdoutLog } from './front-log.js';
import { FrontState } from './front-state.js';
import { handCountersOn, startSuccessor, type Successor } from './front-successor.js';

interface FrontArguments {
  readonly stateDir: string;
  readonly host: string;
  readonly trustedProxies: readonly string[];
  /** Undefined: a first start. Empty: a successor of a front without open ports. */
  readonly inherited: readonly InheritedSocket[] | undefined;
}

/** A front process from start to exit: control socket, signals, and its own replacement. */
export async function runFront(argv: readonly string[]): Promise<void> {
  const parsed = parseFrontArguments(argv);
  const { stateDir, host, trustedProxies, inherited } = parsed;
  // A full disk must not stop the traffic because a log line cannot be written.
  process.stdout.on('error', () => undefined);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const other = (await livingFronts(stateDir)).find(({ retired }) => !retired);
  if (other !== undefined && inherited === undefined) {
    throw new DomainError(
      'conflict',
      'front-running',
      `Process ${other.pid} is the front of ${stateDir} already. Stop it first, or use another state folder.`,
    );
  }
  const state = new FrontState(stateDir);
  const front = new Front({ host, state, trustedProxies, log: stdoutLog });
  const socket = await socketPathFor(stateDir, process.pid);
  let successor: Successor | undefined;
  const exit = async () => {
    // Among them the answer to whoever asked for the upgrade.
    await control.close(1000);
    await removeIdentity(stateDir, process.pid);
    await rm(socket, { force: true });
    process.exit(0);
  };
  const retire = async () => {
    await front.emptied(frontLimits.retireMs);
    await front.stop(0);
    await handCountersOn(successor!, front, stdoutLog);
    stdoutLog('retired: the last connection is gone', { successor: successor!.pid });
    await exit();
  };
  const control = new ControlServer(front, {
    upgrade: async (command) => {
      await front.handOver(async (sockets) => {
        successor = await startSuccessor({ command, stateDir, host, trustedProxies, sockets });
      });
      stdoutLog('handed the ports over', { successor: successor!.pid });
      void retire();
      // From now on only the successor counts as this node's front, even if it should crash.
      await writeIdentity(stateDir, socket, true);
      return { pid: successor!.pid };
    },
  });
  const { version, failed } = await front.start(inherited);
  await control.listen(socket);
  await writeIdentity(stateDir, socket, false);
  stdoutLog('started', { version, failed, host, isSuccessor: inherited !== undefined });
  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    stdoutLog('stopping', { signal });
    void front.stop(frontLimits.stopGraceMs).then(exit);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The terminal of whoever started it is not its terminal.
  process.on('SIGHUP', () => undefined);
}

/** Throws DomainError that names the argument. */
export function parseFrontArguments(argv: readonly string[]): FrontArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        'state-dir': { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        'trusted-proxy': { type: 'string', multiple: true, default: [] },
        inherit: { type: 'string' },
      },
    });
    const stateDir = values['state-dir'];
    if (!stateDir) throw new Error('--state-dir <folder> is missing');
    const inherited = values.inherit?.split(',').filter(Boolean).map(inheritedSocket);
    networksOf(values['trusted-proxy']);
    return {
      stateDir: resolve(stateDir),
      host: values.host,
      trustedProxies: values['trusted-proxy'],
      inherited,
    };
  } catch (error) {
    throw new DomainError(
      'invalid',
      'front-arguments',
      `The front cannot start: ${messageOf(error)}.`,
    );
  }
}

function inheritedSocket(pair: string): InheritedSocket {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(pair);
  if (match === null) throw new Error(`--inherit takes port:descriptor pairs, not "${pair}"`);
  return { port: Number(match[1]), fd: Number(match[2]) };
}

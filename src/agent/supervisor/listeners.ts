import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

interface ListeningSocket {
  readonly port: number;
  readonly uid: number;
  /** As `/proc/<pid>/fd` names it. */
  readonly name: string;
}

/** Who listens on a port, as far as this process may see. */
export interface PortListener {
  /** Null: another user's, whose open files are not shown. */
  readonly pid: number | null;
  readonly uid: number;
}

/** Those of the processes that listen on a TCP port; empty when it cannot be told. */
export function listenersOn(port: number, pids: readonly number[]): number[] {
  const sockets = namesOf(listeningSockets().filter((one) => one.port === port));
  return sockets.size === 0 ? [] : pids.filter((pid) => hasOneOf(pid, sockets));
}

/** On which TCP ports the processes listen. */
export function portsOf(pids: readonly number[]): number[] {
  const all = listeningSockets();
  const own = all.filter(({ name }) => pids.some((pid) => hasOneOf(pid, new Set([name]))));
  return [...new Set(own.map(({ port }) => port))].sort((a, b) => a - b);
}

/** Null: nobody does, or it cannot be told. */
export function listenerOn(port: number, pids: readonly number[]): PortListener | null {
  const [socket] = listeningSockets().filter((one) => one.port === port);
  if (!socket) return null;
  return { pid: listenersOn(port, pids)[0] ?? null, uid: socket.uid };
}

function namesOf(sockets: readonly ListeningSocket[]): ReadonlySet<string> {
  return new Set(sockets.map(({ name }) => name));
}

function listeningSockets(): ListeningSocket[] {
  return TABLES.flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(path, 'latin1');
    } catch {
      return [];
    }
    return text.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
      if (state !== LISTEN) return [];
      const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      return [{ port, uid: Number(uid), name: `socket:[${inode ?? ''}]` }];
    });
  });
}

function hasOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => sockets.has(target(pid, name)));
  } catch {
    return false;
  }
}

function target(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${name}`);
  } catch {
    return '';
  }
}

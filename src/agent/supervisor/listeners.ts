import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** Those of the processes that listen on a TCP port; empty when it cannot be told. */
export function listenersOn(port: number, pids: readonly number[]): number[] {
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningSockets(path, port)),
  );
  return sockets.size === 0 ? [] : pids.filter((pid) => hasOneOf(pid, sockets));
}

/** As `/proc/<pid>/fd` names them. */
function listeningSockets(path: string, port: number): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return [];
  }
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTEN && local.endsWith(wanted) ? [`socket:[${inode ?? ''}]`] : [];
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

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cleanText } from './logging/redact.js';

export interface PortHolder {
  readonly pid: number;
  /** Its program, and the script when that is a path. No other words of its command line: they may be secrets. */
  readonly command: string;
}

const LISTEN = '0A';
const COMMAND_CHARACTERS = 80;

/** Who listens on a TCP port of this machine. Undefined: another user's process, or no /proc. */
export function portHolder(port: number): PortHolder | undefined {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => of(file, port)));
  if (sockets.size === 0) return undefined;
  const pid = attempt(() => readdirSync('/proc'), []).find(
    (name) => /^\d+$/.test(name) && holdsOneOf(name, sockets),
  );
  if (pid === undefined) return undefined;
  const [program = '', script = ''] = attempt(
    () => readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    '',
  ).split('\0');
  const shown = script.startsWith('/') ? `${program} ${script}` : program;
  const command = cleanText(shown).slice(0, COMMAND_CHARACTERS);
  return { pid: Number(pid), command };
}

/** As `/proc/<pid>/fd` names them. */
function of(file: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return attempt(() => readFileSync(file, 'latin1'), '')
    .split('\n')
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === LISTEN && local.endsWith(wanted) ? [`socket:[${inode ?? ''}]`] : [];
    });
}

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return attempt(() => readdirSync(folder), []).some((name) =>
    sockets.has(attempt(() => readlinkSync(`${folder}/${name}`), '')),
  );
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

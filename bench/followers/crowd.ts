/**
 * The followers, in a process of their own. By IPC: `connect`, then `figures`, which answers how many events
 * each has got since the last question, and how late they were; `count` answers all of them so far.
 */
import type { Socket } from 'node:net';
import { followRaw } from './raw-socket.js';

/** Of every so manieth follower each event is read, and how late it came. */
const READ = 20;
const AT_ONCE = 50;

export interface Connect {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly count: number;
}

export interface CrowdFigures {
  /** Events, by follower. */
  readonly counts: readonly number[];
  readonly latenessMs: readonly number[];
  /** Of one deployment an older event after a newer one, among those that were read. */
  readonly disordered: number;
}

let sockets: Socket[] = [];
let counts: number[] = [];
let latenessMs: number[] = [];
let disordered = 0;

process.on('message', (message: { connect: Connect } | 'figures' | 'count' | 'leave') => {
  if (message === 'figures') return tellFigures();
  if (message === 'count') return void process.send!(counts.reduce((all, each) => all + each, 0));
  if (message === 'leave') return leave();
  connectAll(message.connect).then(
    () => process.send!({ connected: true }),
    (error: Error) => process.send!({ error: error.message }),
  );
});

async function connectAll({ count, ...where }: Connect): Promise<void> {
  counts = Array.from({ length: count }, () => 0);
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => from + at);
    sockets.push(
      ...(await Promise.all(some.map((at) => followRaw({ ...where, onEvent: reader(at) })))),
    );
  }
}

function reader(at: number): (frame: Buffer) => void {
  const last = new Map<string, number>();
  return (frame) => {
    counts[at]! += 1;
    if (at % READ !== 0) return;
    const text = frame.toString();
    const [, { deploymentId, sequence, at: when }] = JSON.parse(text.slice(text.indexOf('['))) as [
      string,
      { deploymentId: string; sequence: number; at: string },
    ];
    latenessMs.push(Date.now() - Date.parse(when));
    if (sequence < (last.get(deploymentId) ?? 0)) disordered += 1;
    last.set(deploymentId, sequence);
  };
}

function tellFigures(): void {
  process.send!({ counts, latenessMs, disordered } satisfies CrowdFigures);
  counts = counts.map(() => 0);
  latenessMs = [];
  disordered = 0;
}

function leave(): void {
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  sockets = [];
  process.send!({ left: true });
}

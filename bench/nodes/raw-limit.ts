/** The raw limit as a process of its own, beside the same PostgreSQL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Rig } from '../engine/rig.js';

export interface RawServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startRawServer(rig: Rig): Promise<RawServer> {
  await rig.sql(`create table if not exists bench_reports (id bigint generated always as identity
    primary key, node text not null, body json not null, at timestamptz not null default now())`);
  await rig.sql('grant insert on bench_reports to tidegate_app');
  const program = fileURLToPath(new URL('raw-server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, DATABASE_URL: rig.variables().DATABASE_URL },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  rig.later(stop);
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the raw server did not start'))),
  ])) as [string];
  return { url, pid: child.pid!, stop };
}

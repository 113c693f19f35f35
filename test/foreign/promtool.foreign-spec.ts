import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { foreignProgram, installPackage, oneInstallAtATime } from '../support/installed-program.js';
import { Tidegate } from '../support/tidegate.js';

const run = promisify(execFile);
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0';

let tidegate: Tidegate;
let promtool: string;
beforeAll(async () => {
  promtool = await foreignProgram({ name: 'promtool', package: 'prometheus' });
  tidegate = await Tidegate.start({ isProcess: true });
}, 400_000);
afterAll(async () => {
  await tidegate?.stop();
});

const scrape = async (accept: string) => {
  const answer = await fetch(`${tidegate.url}/metrics`, { headers: { accept } });
  expect(answer.headers.get('content-type')).toContain(accept.split(';')[0]);
  return answer.text();
};

async function complaintsOfPromtool(metrics: string): Promise<{ code: number; said: string }> {
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(metrics);
  const [code] = (await exited) as [number];
  return { code, said: (await said).join('') };
}

describe('promtool check metrics', () => {
  it('has nothing to say about plain text, before and after somebody wanted OpenMetrics', async () => {
    expect(await complaintsOfPromtool(await scrape('text/plain'))).toEqual({ code: 0, said: '' });
    await scrape(OPEN_METRICS);
    expect(await complaintsOfPromtool(await scrape('text/plain'))).toEqual({ code: 0, said: '' });
  });
});

/** Strict, unlike servers that have to live with what they find. */
const PARSE = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.type, family.name, family.unit)
`;

describe('OpenMetrics', () => {
  it('passes the parser of the Python client', async () => {
    const python = await foreignProgram({ name: 'python3', package: 'python3' });
    const child = spawn(await pythonWithParser(python), ['-c', PARSE], { stdio: 'pipe' });
    const exited = once(child, 'exit');
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    child.stdin.end(await scrape(OPEN_METRICS));
    const [code] = (await exited) as [number];
    const [families, complaints] = await said;
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
    const lines = families.split('\n');
    expect(lines).toContain('counter tidegate_http_requests ');
    expect(lines).toContain('histogram tidegate_http_request_duration_seconds seconds');
    expect(lines).toContain('gauge process_resident_memory_bytes bytes');
  }, 400_000);

  it('is scraped by Prometheus, with the names that plain text has', async () => {
    await using prometheus = await startPrometheus();
    await eventually(async () => {
      const [up] = await prometheus.query('up{job="tidegate"}');
      expect(up?.value[1]).toBe('1');
    }, 60_000);
    const plain = await scrape('text/plain');
    const names = (await prometheus.query('count by (__name__) ({job="tidegate"})'))
      .map(({ metric }) => metric.__name__)
      .filter((name) => !/^(up|scrape_.*)$/.test(name));
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(plain))).toEqual([]);
  }, 120_000);
});

/** Debian's own Python sees Debian's packages. */
async function pythonWithParser(found: string): Promise<string> {
  const hasParser = (python: string) =>
    run(python, ['-c', 'import prometheus_client']).then(
      () => true,
      () => false,
    );
  for (const python of [found, '/usr/bin/python3']) if (await hasParser(python)) return python;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  await oneInstallAtATime(() => installPackage('python3-prometheus-client', say));
  if (await hasParser('/usr/bin/python3')) return '/usr/bin/python3';
  throw new Error(
    'This test needs the Python package prometheus_client (Debian: python3-prometheus-client).',
  );
}

interface Series {
  readonly metric: { readonly __name__: string };
  readonly value: readonly [time: number, value: string];
}

async function startPrometheus() {
  const program = await foreignProgram({ name: 'prometheus', package: 'prometheus' });
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-prometheus-'));
  const port = await freePort();
  const job = {
    job_name: 'tidegate',
    scrape_interval: '500ms',
    scrape_timeout: '500ms',
    static_configs: [{ targets: [new URL(tidegate.url).host] }],
  };
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, JSON.stringify({ scrape_configs: [job] }));
  const child = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  return {
    async query(promql: string): Promise<Series[]> {
      const query = new URLSearchParams({ query: promql });
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${query.toString()}`);
      return ((await answer.json()) as { data: { result: Series[] } }).data.result;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

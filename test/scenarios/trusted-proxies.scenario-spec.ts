import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/front-rig.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { Rollouts } from '../support/rollouts.js';
import { TestService } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(180_000);

/** As a balancer that ends TLS would say it. */
const SAID = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  forwarded: 'for=203.0.113.9;proto=https',
  'x-real-ip': '203.0.113.9',
  x_forwarded_for: '203.0.113.9',
};
const BELIEVED = {
  'x-forwarded-for': '203.0.113.9, 127.0.0.1',
  'x-forwarded-proto': 'https',
  forwarded: expect.stringMatching(/^for=203\.0\.113\.9;proto=https, for=127\.0\.0\.1;host=/),
  'x-real-ip': '203.0.113.9',
};
const REPLACED = {
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'http',
  'x-real-ip': '127.0.0.1',
};

describe('proxies in front of the nodes', () => {
  let tidegate: Tidegate;
  let client: Client;
  let plain: TestNode;
  let told: TestNode;
  let service: TestService;
  let cluster: string;

  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    const { body } = await client.get('/clusters?environment=QA');
    cluster = `/clusters/${body.items[0].id}`;
    [plain] = (await tidegate.addNodes(1)) as [TestNode];
    const args = ['--trusted-proxy', '192.0.2.0/24,127.0.0.1'];
    [told] = (await tidegate.addNodes(1, { args })) as [TestNode];
    service = new TestService(client, 'echo', await freePort(nodeOffsets(2)));
    await service.push('1.0.0', { isEcho: true });
    const rollouts = new Rollouts(tidegate, client, quickGate);
    const id = await rollouts.begin('echo', '1.0.0', { strategy: { kind: 'direct' } });
    await rollouts.expectEnd(id, 'Succeeded');
  });
  afterAll(() => tidegate?.stop());

  function headersAt(node: TestNode): Promise<Record<string, string>> {
    return new Promise((resolve, reject) => {
      const port = service.port + node.portOffset;
      const call = request({ host: '127.0.0.1', port, headers: SAID, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(JSON.parse(text) as Record<string, string>));
      });
      call.on('error', reject);
      call.end();
    });
  }

  const becomes = (node: TestNode, proto: string) =>
    until(
      async () => (await headersAt(node).catch(() => undefined))?.['x-forwarded-proto'] === proto,
      `X-Forwarded-Proto to become ${proto}`,
      60_000,
    );

  async function trust(trustedProxies: string[]): Promise<void> {
    const { body } = await client.get(cluster);
    const { minAvailable, maxInFlight, version } = body;
    const rules = { minAvailable, maxInFlight, trustedProxies };
    const answer = await client.put(cluster, rules, { 'if-match': `"${version}"` });
    expect(answer.status).toBe(200);
  }

  async function frontOf(node: TestNode): Promise<number> {
    const folder = join(node.directory, 'front');
    const name = (await readdir(folder)).find((each) => /^front-\d+\.json$/.test(each));
    return JSON.parse(await readFile(join(folder, name!), 'utf8')).pid as number;
  }

  it('are believed where the agent was told so, and nowhere else', async () => {
    const [there, here] = [await headersAt(told), await headersAt(plain)];
    expect(there).toMatchObject(BELIEVED);
    expect(here).toMatchObject(REPLACED);
    expect(here).not.toHaveProperty('forwarded');
    for (const headers of [there, here]) expect(headers).not.toHaveProperty('x_forwarded_for');
  });

  it('are believed when the cluster names them, without a restart', async () => {
    const front = await frontOf(plain);
    await trust(['127.0.0.0/8']);
    await becomes(plain, 'https');
    expect(await headersAt(plain)).toMatchObject(BELIEVED);
    expect(await frontOf(plain)).toBe(front);
  });

  it('are believed by a front that is started again, whether an agent is there or not', async () => {
    await plain.killAgent();
    process.kill(await frontOf(plain), 'SIGKILL');
    await plain.run();
    await becomes(plain, 'https');
    expect(await headersAt(plain)).toMatchObject(BELIEVED);
  });

  it('are believed no longer when the cluster names others', async () => {
    await trust(['10.0.0.0/8']);
    await becomes(plain, 'http');
    expect(await headersAt(plain)).toMatchObject(REPLACED);
    expect(await headersAt(told)).toMatchObject(BELIEVED);
    await trust([]);
    expect((await client.get(cluster)).body).toMatchObject({ trustedProxies: [] });
  });
});

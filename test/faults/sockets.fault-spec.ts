/** Live sockets whose other end has vanished without a word, and all of them coming back at once. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { socketsPerAddress } from '../../src/edges/realtime/realtime.settings.js';
import { limits } from '../../src/kernel/limits.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { eventually } from '../support/fleet-app.js';
import { HubClient } from '../support/hub-client.js';
import { addEntries, deploymentRow, releaseRows, type Rows } from '../support/journal-rows.js';
import { WholeApp, type Member } from '../support/whole-app.js';

jest.setTimeout(180_000);

const PEOPLE = 20;
/** As many as a tenant may have open. */
const SOCKETS = limits.socketsPerTenant - 100;
/** The hub says that a peer is found to be gone within 45 s; the rest is a busy machine. */
const FOUND_GONE_MS = 60_000;
const ENTRIES = 20;

let whole: WholeApp;
let rows: Rows;
let people: Member[];

beforeAll(async () => {
  // All of them are of one address here.
  jest.replaceProperty(socketsPerAddress, 'default', 2 * SOCKETS);
  whole = await WholeApp.start();
  rows = await releaseRows(whole, await whole.tenant('acme'));
  people = [];
  for (let count = 0; count < PEOPLE; count += 1) people.push(await whole.member(rows.tenantId));
});
afterAll(() => whole?.close());

const connect = (at: number) =>
  new HubClient(whole.socket({ token: people[at % PEOPLE]!.token })).connect();

async function openSockets(): Promise<number> {
  const { text } = await whole.get(Metrics).expose('text/plain');
  return Number(/^tidegate_sockets_open (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe('a socket whose other end is gone without a word', () => {
  it('is closed, and what was missed comes with the next one', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await connect(0);
    await hub.ask('SubscribeToDeployment', { deploymentId: id });
    // Nothing is read any more, and no ping is answered: as if a cable had been cut.
    const { transport } = (hub.socket.io as never as { engine: { transport: unknown } }).engine;
    (transport as { ws: { _socket: { pause(): void } } }).ws._socket.pause();
    expect(await openSockets()).toBe(1);
    const last = await addEntries(whole, rows.tenantId, id, { count: ENTRIES });
    await eventually(async () => (await openSockets()) === 0, FOUND_GONE_MS);
    const again = await connect(0);
    await again.ask('SubscribeToDeployment', { deploymentId: id, afterSequence: 1 });
    await eventually(() => again.sequencesOf(id).at(-1) === last, 20_000);
    expect(again.sequencesOf(id)).toHaveLength(ENTRIES);
    again.socket.disconnect();
    hub.socket.disconnect();
  });
});

describe('hundreds of clients that come back at the same moment', () => {
  it('all get in and miss nothing, while the API answers everybody else', async () => {
    const id = await deploymentRow(whole, rows);
    const last = await addEntries(whole, rows.tenantId, id, { count: ENTRIES });
    let isOver = false;
    const answers: number[] = [];
    const bystander = (async () => {
      while (!isOver) {
        const { status } = await fetch(`${whole.url}/api/v1/environments`, {
          headers: { authorization: `Bearer ${people[0]!.token}` },
        });
        answers.push(status);
      }
    })();
    const hubs = await Promise.all(
      Array.from({ length: SOCKETS }, async (_, at) => {
        const hub = await connect(at);
        await hub.socket
          .timeout(60_000)
          .emitWithAck('SubscribeToDeployment', { deploymentId: id, afterSequence: 1 });
        return hub;
      }),
    );
    await eventually(() => hubs.every((hub) => hub.sequencesOf(id).at(-1) === last), 60_000);
    isOver = true;
    await bystander;
    for (const hub of hubs) expect(hub.sequencesOf(id)).toHaveLength(ENTRIES);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    expect(await openSockets()).toBe(SOCKETS);
    for (const hub of hubs) hub.socket.disconnect();
    await eventually(async () => (await openSockets()) === 0, 20_000);
  });
});

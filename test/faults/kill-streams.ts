/** An audit stream while whoever sends it is killed: its receiver has everything, in order, perhaps twice. */
import { expect } from '@jest/globals';
import type { World } from '../chaos/world.js';
import { eventually } from '../support/eventually.js';
import { Receiver } from '../support/receiver.js';

export async function streamUntilDone(
  world: World,
  { name, patienceMs }: { readonly name: string; readonly patienceMs: number },
): Promise<void> {
  const receiver = await Receiver.start();
  // Signed in anew: it takes a proof that is not old.
  const client = await world.client();
  const body = { name, url: receiver.url(), format: 'tidegate' };
  const made = await client.post('/audit-logs/streams', body);
  expect([made.status, made.body.code]).toEqual([201, undefined]);
  const { id, position } = made.body as { id: string; position: number };
  try {
    await eventually(async () => {
      // Whoever held it is dead, and its lease is longer than a test likes to wait.
      await world.rows(
        `update audit_stream_positions set lease_until = now()
         where stream_id = $1 and lease_until < now() + interval '12 s'`,
        [id],
      );
      const [row] = await world.rows<{ position: number; size: number }>(
        `select p.position::int, t.size::int from audit_stream_positions p
         join audit_trees t on t.tenant_id = p.tenant_id where p.stream_id = $1`,
        [id],
      );
      expect(row!.position).toBeGreaterThan(position);
      expect(row!.position).toBe(row!.size);
    }, patienceMs);
    const ranges = receiver.received.map(({ headers }) =>
      [headers['tidegate-from'], headers['tidegate-to']].map(Number),
    ) as [number, number][];
    let next = position;
    for (const [from, to] of ranges) {
      // Again, or right behind what there is.
      expect(from).toBeLessThanOrEqual(next);
      next = Math.max(next, to + 1);
    }
    expect(next).toBeGreaterThan(position);
  } finally {
    await client.send('DELETE', `/audit-logs/streams/${id}`);
    await receiver.close();
  }
}

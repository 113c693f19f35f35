import { tmpdir } from 'node:os';
import { ManualClock } from '../../kernel/clock.js';
import { DatabaseRoom, isShortOfRoom } from './disk-room.js';

const EVERYTHING = { bytes: Number.MAX_SAFE_INTEGER, share: 1.1 };

describe('the room on a disk', () => {
  it('is short when less is left than was to be left alone, of a small disk a share of it', async () => {
    expect(await isShortOfRoom(tmpdir(), EVERYTHING)).toBe(true);
    expect(await isShortOfRoom(tmpdir(), { ...EVERYTHING, share: 0 })).toBe(false);
    expect(await isShortOfRoom(tmpdir(), { ...EVERYTHING, bytes: 0 })).toBe(false);
  });
});

describe('the room of a database', () => {
  it('is known by the refusals, and is there again when none came for a while', async () => {
    const clock = new ManualClock();
    const room = new DatabaseRoom(clock);
    await room.check(null);
    room.ranOut();
    clock.advance(14_000);
    await expect(room.check(null)).rejects.toMatchObject({
      code: 'storage-full',
      kind: 'unavailable',
      details: { part: 'database', retryAfterSeconds: 30 },
    });
    clock.advance(2_000);
    await room.check(null);
  });
});

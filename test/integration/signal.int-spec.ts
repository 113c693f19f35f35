import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { RedisSignal } from '../../src/platform/signal/redis-signal.js';
import type { Signal } from '../../src/platform/signal/signal.js';
import { eventually } from '../support/eventually.js';
import { testRedis, type TestRedis } from '../support/redis.js';

interface UnderTest {
  readonly publisher: Signal;
  readonly subscriber: Signal;
  close(): Promise<void>;
}

async function inProcess(): Promise<UnderTest> {
  const signal = new InProcessSignal();
  return { publisher: signal, subscriber: signal, close: () => signal.close() };
}

async function overRedis(): Promise<UnderTest> {
  const redis: TestRedis = await testRedis();
  const open = () => new RedisSignal(redis.url, `${redis.prefix}signals`, () => undefined);
  const [publisher, subscriber] = [open(), open()];
  const close = async () => {
    await Promise.all([publisher.close(), subscriber.close()]);
    await redis.stop();
  };
  return { publisher, subscriber, close };
}

describe.each([
  ['in one process', inProcess],
  ['over Redis', overRedis],
])('Signal %s', (_title, setUp) => {
  let signals: UnderTest;

  beforeAll(async () => {
    signals = await setUp();
  });
  afterAll(() => signals?.close());

  it('tells every listener of a topic, and nobody of another', async () => {
    const heard: string[] = [];
    const other: string[] = [];
    const stops = [
      signals.subscriber.subscribe('deployment', (id) => heard.push(`a ${id}`)),
      signals.subscriber.subscribe('deployment', (id) => heard.push(`b ${id}`)),
      signals.subscriber.subscribe('gate', (id) => other.push(id)),
    ];
    const id = newId();
    await eventually(() => {
      signals.publisher.publish('deployment', id);
      expect(heard).toEqual(expect.arrayContaining([`a ${id}`, `b ${id}`]));
    });
    expect(other).toEqual([]);
    for (const stop of stops) stop();
  });

  it('tells each of many that were published at once, of each topic', async () => {
    const heard: string[] = [];
    const gates: string[] = [];
    const stops = [
      signals.subscriber.subscribe('desired', (id) => heard.push(id)),
      signals.subscriber.subscribe('gate', (id) => gates.push(id)),
    ];
    await eventually(() => {
      signals.publisher.publish('desired', 'ready');
      expect(heard).toContain('ready');
    });
    const ids = Array.from({ length: 1_100 }, () => newId());
    for (const id of ids) signals.publisher.publish('desired', id);
    signals.publisher.publish('gate', 'a-gate');
    await eventually(() => expect(gates).toEqual(['a-gate']));
    expect(heard.filter((id) => id !== 'ready')).toEqual(ids);
    for (const stop of stops) stop();
  });

  it('tells nothing any more to who has stopped listening', async () => {
    const gone: string[] = [];
    const there: string[] = [];
    const stop = signals.subscriber.subscribe('desired', (id) => gone.push(id));
    signals.subscriber.subscribe('desired', (id) => there.push(id));
    stop();
    stop();
    await eventually(() => {
      signals.publisher.publish('desired', 'x');
      expect(there).toContain('x');
    });
    expect(gone).toEqual([]);
  });
});

describe('Signal over a Redis that is not there', () => {
  it('drops signals at once when several were lost in a row, and never throws', async () => {
    const observer = { failed: jest.fn(), refused: jest.fn(), changed: jest.fn() };
    // Port 9 is discard: nobody listens there.
    const signal = new RedisSignal('redis://127.0.0.1:9', newId(), () => undefined, observer);
    try {
      await eventually(() => {
        signal.publish('deployment', newId());
        expect(observer.refused).toHaveBeenCalled();
      });
      expect(observer.changed).toHaveBeenCalledWith(true);
      expect(observer.failed).toHaveBeenCalledTimes(5);
    } finally {
      await signal.close();
    }
  });
});

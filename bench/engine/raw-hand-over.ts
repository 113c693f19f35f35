/** One durable write by one process that another hears of: what no orchestrator can be faster than. */
import { Redis } from 'ioredis';
import type { Rig } from './rig.js';

export async function rawHandOver(rig: Rig, count: number): Promise<number[]> {
  const [publisher, subscriber] = [new Redis(rig.redisUrl), new Redis(rig.redisUrl)];
  await rig.sql('create table if not exists bench_raw (id serial primary key, told boolean)');
  await subscriber.subscribe('bench:raw');
  const figures: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const since = performance.now();
    const heard = new Promise((resolve) => subscriber.once('message', resolve));
    await rig.sql(
      `with made as (insert into bench_raw (told) values (false) returning id)
       insert into bench_raw (told) select true from made`,
    );
    await publisher.publish('bench:raw', String(at));
    await heard;
    figures.push(performance.now() - since);
  }
  publisher.disconnect();
  subscriber.disconnect();
  return figures;
}

import { ManualClock } from './clock.js';
import { RoundRobin } from './round-robin.js';

class Bench {
  readonly clock = new ManualClock();
  readonly roundRobin: RoundRobin;
  /** What is under way, in the order in which it began. */
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();

  constructor(atOnce: number) {
    this.roundRobin = new RoundRobin(atOnce, this.clock);
  }

  ask(...names: string[]): void {
    for (const name of names) {
      const work = () => {
        this.begun.push(name);
        return new Promise<void>((end) => this.ends.set(name, end));
      };
      void this.roundRobin.run(name[0]!, work);
    }
  }

  async end(...names: string[]): Promise<void> {
    await settled();
    for (const name of names) {
      this.ends.get(name)!();
      await settled();
    }
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a round robin', () => {
  it('gives all there is to a key that is alone, and no more', async () => {
    const bench = new Bench(3);
    bench.ask('a1', 'a2', 'a3', 'a4');
    await settled();
    expect(bench.begun).toEqual(['a1', 'a2', 'a3']);
    await bench.end('a2');
    expect(bench.begun.slice(3)).toEqual(['a4']);
  });

  it('lets others begin before what a crowd asked for earlier', async () => {
    const bench = new Bench(2);
    bench.ask('a1', 'a2', 'a3', 'a4', 'b1');
    await bench.end('a1');
    expect(bench.begun).toEqual(['a1', 'a2', 'b1']);
  });

  it('keeps a share free for who asked a moment ago, and gives it back when it stays away', async () => {
    const bench = new Bench(2);
    bench.ask('b1');
    await bench.end('b1');
    bench.ask('a1', 'a2');
    await settled();
    expect(bench.begun).toEqual(['b1', 'a1']);
    bench.ask('b2');
    await settled();
    expect(bench.begun).toEqual(['b1', 'a1', 'b2']);
    await bench.end('b2');
    bench.clock.advance(1_001);
    await bench.end('a1');
    bench.ask('a3');
    await settled();
    expect(bench.begun.slice(3)).toEqual(['a2', 'a3']);
  });

  it('keeps a place free beside two', async () => {
    const bench = new Bench(4);
    bench.ask('b1');
    await bench.end('b1');
    bench.ask('a1', 'a2', 'a3', 'b2', 'b3');
    await settled();
    expect(bench.begun).toEqual(['b1', 'a1', 'b2']);
    bench.ask('c1');
    await settled();
    expect(bench.begun.at(-1)).toBe('c1');
  });

  it('leaves nobody out when there are more keys than places', async () => {
    const bench = new Bench(2);
    bench.ask('a1', 'b1', 'a2', 'a3', 'b2', 'c1', 'd1');
    for (const name of ['a1', 'b1', 'a2', 'b2', 'c1']) await bench.end(name);
    expect(bench.begun).toEqual(['a1', 'b1', 'a2', 'b2', 'c1', 'd1', 'a3']);
  });

  it('refuses who has waited for too long, and only him', async () => {
    const bench = new Bench(1);
    bench.ask('a1');
    const work = () => Promise.resolve('mine');
    const late = bench.roundRobin.run('b', work, { ms: 5, over: () => new Error('too long') });
    await expect(late).rejects.toThrow('too long');
    bench.ask('b2');
    await bench.end('a1', 'b2');
    expect(bench.begun).toEqual(['a1', 'b2']);
    expect(await bench.roundRobin.run('b', work, { ms: 5, over: () => new Error('never') })).toBe(
      'mine',
    );
  });

  it('hands on what work throws, and its place', async () => {
    const bench = new Bench(1);
    const failing = bench.roundRobin.run('a', () => Promise.reject(new Error('mine')));
    const next = bench.roundRobin.run('b', () => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('mine');
    expect(await next).toBe('next');
  });
});

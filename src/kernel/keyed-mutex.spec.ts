import { KeyedMutex } from './keyed-mutex.js';

function held() {
  let letGo: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (letGo = resolve));
  return { promise, letGo };
}

describe('a keyed mutex', () => {
  it('waits for what was asked for before on the same key, and for nothing else', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const first = held();
    const work = (name: string, until?: Promise<void>) => async () => {
      log.push(`${name} begins`);
      await until;
      log.push(`${name} ends`);
      return name;
    };
    const asked = [
      mutex.run('a', work('a1', first.promise)),
      mutex.run('a', work('a2')),
      mutex.run('b', work('b1')),
    ];
    expect(await asked[2]).toBe('b1');
    expect(log).toEqual(['a1 begins', 'b1 begins', 'b1 ends']);
    first.letGo();
    expect(await Promise.all(asked)).toEqual(['a1', 'a2', 'b1']);
    expect(log.slice(3)).toEqual(['a1 ends', 'a2 begins', 'a2 ends']);
  });

  it('goes on after a failure, which only its own asker sees, and keeps nothing', async () => {
    const mutex = new KeyedMutex();
    const failing = mutex.run('a', () => Promise.reject(new Error('mine')));
    const next = mutex.run('a', () => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('mine');
    expect(await next).toBe('next');
    expect(mutex.size).toBe(0);
  });
});

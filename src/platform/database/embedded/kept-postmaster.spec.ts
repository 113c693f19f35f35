import { keepPostmaster } from './kept-postmaster.js';
import type { Postmaster } from './postmaster.js';

/** A server that ends when it is told to, or when the test says so. */
function server() {
  let end!: () => void;
  const exited = new Promise<void>((resolve) => (end = resolve));
  const seen = { stops: 0 };
  const postmaster: Postmaster = {
    hasExited: () => false,
    exited,
    stop: () => {
      seen.stops += 1;
      end();
      return Promise.resolve();
    },
    lastWords: () => Promise.resolve(''),
  };
  return { postmaster, end, seen };
}

const quiet = () => undefined;

describe('a database server that is kept', () => {
  it('stops, and is not started again', async () => {
    const first = server();
    let starts = 0;
    const kept = keepPostmaster(
      first.postmaster,
      () => Promise.resolve(server().postmaster).finally(() => (starts += 1)),
      quiet,
    );
    await kept.stop();
    expect([first.seen.stops, starts]).toEqual([1, 0]);
  });

  it('that is asked to stop while it is started again is stopped once it is there', async () => {
    const [first, second] = [server(), server()];
    let isThere!: (postmaster: Postmaster) => void;
    const starting = new Promise<void>((begun) => {
      const startAgain = () => {
        begun();
        return new Promise<Postmaster>((there) => (isThere = there));
      };
      kept = keepPostmaster(first.postmaster, startAgain, quiet);
    });
    first.end();
    await starting;
    const stopped = kept.stop();
    isThere(second.postmaster);
    await stopped;
    expect(second.seen.stops).toBe(1);
  });
});

let kept: ReturnType<typeof keepPostmaster>;

/** A deadline is this many pieces, each of which the event loop has to come round for. */
const PIECES = 30;

/**
 * True when the work finished in time; rethrows its error. Time in which the event loop did not come
 * round counts as one piece only: whoever is late then is this process, and not what it waits for.
 * The timer never holds the process.
 */
export async function isDoneWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    const wait = (left: number) => {
      timer = setTimeout(() => (left > 1 ? wait(left - 1) : resolve(false)), ms / PIECES);
      timer.unref();
    };
    wait(PIECES);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
    // When the work fails after its deadline, nobody is there any more to hear it.
    work.catch(() => undefined);
  }
}

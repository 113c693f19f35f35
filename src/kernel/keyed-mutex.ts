/** Work on the same key is done one after the other, in the order of asking; on others meanwhile. */
export class KeyedMutex {
  /** Of each key, when all that has been asked for so far is over. Never rejects. */
  private readonly over = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const own = (this.over.get(key) ?? Promise.resolve()).then(work);
    const over = own.catch(() => undefined);
    this.over.set(key, over);
    try {
      return await own;
    } finally {
      if (this.over.get(key) === over) this.over.delete(key);
    }
  }

  /** Keys with work under way. */
  get size(): number {
    return this.over.size;
  }
}

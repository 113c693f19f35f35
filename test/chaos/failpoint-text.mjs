// What TIDEGATE_FAILPOINTS may say: `point[/about]=action[:ms][@n|@n%]`, joined by `;`.
//   kill    the process is gone at once, as after kill -9
//   error   the place throws
//   lost    the place throws what a lost connection throws
//   conflict  the place throws what PostgreSQL says of a serialization failure
//   unhandled  an error that nobody catches, as of a listener; the place never answers
//   delay   the place takes so long; the rest of the process goes on
//   block   nothing in the process goes on for so long
// What is thrown at a commit:after comes when it is done, and is told as not known.
// `@n`: at the n-th time, once in all processes. `@n%`: again and again, that share of the times.
const pattern =
  /^(?<at>[a-z.:-]+)(\/(?<about>[a-z-]+))?=(?<action>kill|error|lost|conflict|unhandled|delay|block)(:(?<ms>\d+))?(@(?<nth>\d+)(?<share>%)?)?$/;

/** @returns {{ text: string, at: string, about?: string, action: string, ms: number, nth: number, percent?: number }[]} */
export function readFailpoints(text) {
  const entries = text.split(';').filter((entry) => entry.trim() !== '');
  return entries.map((entry) => {
    const found = pattern.exec(entry.trim())?.groups;
    if (!found) throw new Error(`not a failpoint: "${entry}"`);
    const { at, about, action, ms = '0', nth = '1', share } = found;
    const percent = share ? Number(nth) : undefined;
    return { text: entry.trim(), at, about, action, ms: Number(ms), nth: Number(nth), percent };
  });
}

/** Standard output is the program's. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

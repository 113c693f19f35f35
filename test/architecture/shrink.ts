/** `npm run test:architecture -- --shrink`: takes off the lists what breaks its rule no more; adds nothing. */
import { existsSync, writeFileSync } from 'node:fs';
import { checks, runCheck } from './checks.js';
import { exceptions, type Exceptions } from './exceptions.js';
import { ownerFaults } from './owner-faults.js';
import { root } from './sources.js';

const MENDED = /take it off "(\w+)"/;

export async function shrink(): Promise<void> {
  const faults = await ownerFaults();
  const mended = await mendedFiles();
  const still = (list: keyof Exceptions, files: readonly string[]) =>
    files.filter((file) => !mended.has(`${list} ${file}`));
  const counts = Object.entries(exceptions.sqlAsText).flatMap(([file, listed]) => {
    const found = Math.min(listed, faults.sqlAsText[file] ?? 0);
    return found > 0 ? [[file, found]] : [];
  });
  const shrunk: Exceptions = {
    literalSpreads: still('literalSpreads', exceptions.literalSpreads),
    sqlOutsideStores: still('sqlOutsideStores', exceptions.sqlOutsideStores),
    repositoriesOutsideServices: still(
      'repositoriesOutsideServices',
      exceptions.repositoriesOutsideServices,
    ),
    sqlAsText: Object.fromEntries(counts) as Exceptions['sqlAsText'],
    strangeWriters: exceptions.strangeWriters.filter((each) =>
      faults.strangeWriters.includes(each),
    ),
    upwardReads: exceptions.upwardReads.filter((each) => faults.upwardReads.includes(each)),
  };
  writeFileSync(`${root}test/architecture/exceptions.json`, `${JSON.stringify(shrunk, null, 2)}\n`);
}

/** `<list> <file>`, as ESLint says; files that are gone break nothing. */
async function mendedFiles(): Promise<ReadonlySet<string>> {
  const { output } = await runCheck([...checks.lint(), '--format', 'json'], root);
  const results = JSON.parse(output) as { filePath: string; messages: { message: string }[] }[];
  const mended = results.flatMap(({ filePath, messages }) =>
    messages.flatMap(({ message }) => {
      const list = MENDED.exec(message)?.[1];
      return list ? [`${list} ${filePath.slice(root.length)}`] : [];
    }),
  );
  const lists = ['literalSpreads', 'sqlOutsideStores', 'repositoriesOutsideServices'] as const;
  const gone = lists.flatMap((list) =>
    exceptions[list]
      .filter((file) => !existsSync(`${root}${file}`))
      .map((file) => `${list} ${file}`),
  );
  return new Set([...mended, ...gone]);
}

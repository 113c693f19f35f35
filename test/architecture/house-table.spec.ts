import { readdirSync, readFileSync } from 'node:fs';
import { root } from './sources.js';
import { floors } from './table-owners.js';

const page = readFileSync(`${root}docs/architecture.md`, 'utf8');
/** The table of "The house": what the page says of each floor. */
const rows = new Map(
  [...page.matchAll(/^\| `(\w+)\/` +\| (.*?) *\|$/gm)].map(([, floor, text]) => [floor!, text!]),
);

const foldersOf = (folder: string) =>
  readdirSync(`${root}${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

describe('the table of the house', () => {
  it('has the floors in import order, and all of them', () => {
    expect([...rows.keys()]).toEqual(floors);
    expect(foldersOf('src').sort()).toEqual([...floors].sort());
  });

  it.each(floors.filter((floor) => floor !== 'kernel'))('names each folder of %s', (floor) => {
    const missing = foldersOf(`src/${floor}`).filter(
      (folder) => !new RegExp(`\\b${folder}(/|\\b)`).test(rows.get(floor)!),
    );
    expect(missing).toEqual([]);
  });
});

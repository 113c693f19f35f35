import { writeFile } from 'node:fs/promises';
import { generatedPages } from './generated-pages.js';

/** `npm run docs:generate` */
for (const [name, page] of Object.entries(generatedPages)) {
  await writeFile(new URL(`../../../docs/${name}`, import.meta.url), await page());
  process.stdout.write(`docs/${name}\n`);
}

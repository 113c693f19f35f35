import { readFile } from 'node:fs/promises';
import { generatedPages } from './generated-pages.js';

describe('a generated page', () => {
  it.each(Object.entries(generatedPages))('docs/%s is up to date', async (name, page) => {
    const file = new URL(`../../../docs/${name}`, import.meta.url);
    // When this fails: npm run docs:generate
    expect(await readFile(file, 'utf8')).toBe(await page());
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declaredSettings } from '../platform/settings/hot-setting.js';
import { hotSettings } from './hot-settings.js';

const SOURCES = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => /(?<!\.spec)\.ts$/.test(file))
  .filter((file) => /\bhotSetting(<[^(]*>)?\(/.test(readFileSync(join(SOURCES, file), 'utf8')))
  .filter((file) => file !== 'platform/settings/hot-setting.ts');

describe('the list of settings', () => {
  it('has each that is declared', async () => {
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !file.endsWith('.settings.ts'))).toEqual([]);
    for (const file of files) await import(`../${file.replace(/\.ts$/, '.js')}`);
    const listed = hotSettings.map(({ key }) => key);
    expect([...listed].sort()).toEqual(declaredSettings().map(({ key }) => key));
  });

  it.each(hotSettings.map((setting) => [setting.key, setting]))('says what %s is', (_, setting) => {
    expect(setting.doc).toMatch(/^[A-Z].+\.$/s);
    expect(JSON.stringify(setting.default)).toBe(
      JSON.stringify(setting.schema.parse(setting.default)),
    );
  });
});

import { z } from 'zod';
import { hotSetting, isAtMost } from './hot-setting.js';
import type { SettingRow } from './setting-row.js';
import { Settings } from './settings.js';

const tea = hotSetting({
  key: 'spec.tea',
  schema: z.enum(['green', 'black', 'white']),
  default: 'black',
  example: 'green',
  doc: 'Which tea.',
  scopes: ['platform', 'tenant', 'environment'],
});

const cups = hotSetting({
  key: 'spec.cups',
  schema: z.int().min(1).nullable(),
  default: 20,
  example: 8,
  doc: 'How many at most.',
  scopes: ['platform', 'tenant', 'environment'],
  tightens: isAtMost,
});

const A = '019a7f3e-0000-7000-8000-00000000000a';
const B = '019a7f3e-0000-7000-8000-00000000000b';
const HERE = { tenantId: A, environment: 'Production' };

let revision = 0;

function row(key: string, value: unknown, at: { tenantId?: string; environment?: string } = {}) {
  const { tenantId, environment } = at;
  revision += 1;
  const scope = tenantId === undefined ? 'platform' : environment ? 'environment' : 'tenant';
  return {
    tenantId: tenantId ?? '00000000-0000-7000-8000-000000000001',
    key,
    scope,
    environmentKey: environment?.toLowerCase() ?? '',
    environment: environment ?? null,
    isSet: value !== undefined,
    value: value === undefined ? null : value,
    version: 1,
    revision,
    changedBy: 'ada',
    changedAt: new Date(0),
  } satisfies SettingRow;
}

function rig() {
  const warned: object[] = [];
  const settings = new Settings({ warn: (fields) => void warned.push(fields) });
  return { settings, warned };
}

describe('a setting', () => {
  it('has its default where nobody has set it', () => {
    const { settings } = rig();
    expect(settings.valueOf(tea)).toBe('black');
    expect(settings.valueOf(tea, HERE)).toBe('black');
    expect(settings.resolved(tea, HERE)).toMatchObject({ source: 'default' });
  });

  it('is what the nearest level says', () => {
    const { settings } = rig();
    settings.apply([row(tea.key, 'white'), row(tea.key, 'green', { tenantId: A })]);
    expect(settings.valueOf(tea)).toBe('white');
    expect(settings.valueOf(tea, HERE)).toBe('green');
    expect(settings.valueOf(tea, { tenantId: B })).toBe('white');
    settings.apply([row(tea.key, 'black', HERE)]);
    expect(settings.valueOf(tea, { tenantId: A, environment: 'PRODUCTION' })).toBe('black');
    expect(settings.valueOf(tea, { tenantId: A, environment: 'Staging' })).toBe('green');
    settings.apply([row(tea.key, undefined, HERE)]);
    expect(settings.valueOf(tea, HERE)).toBe('green');
    expect(settings.resolved(tea, HERE).levels.map(({ source }) => source)).toEqual([
      'default',
      'platform',
      'tenant',
    ]);
  });

  it('does not count where it is looser than the level above, which was tightened later', () => {
    const { settings } = rig();
    settings.apply([row(cups.key, 30), row(cups.key, 25, { tenantId: A })]);
    expect(settings.valueOf(cups, HERE)).toBe(25);
    settings.apply([row(cups.key, 10)]);
    expect(settings.valueOf(cups, HERE)).toBe(10);
    expect(settings.resolved(cups, HERE)).toMatchObject({
      source: 'platform',
      levels: [{ isOverruled: false }, { isOverruled: false }, { value: 25, isOverruled: true }],
    });
    settings.apply([row(cups.key, 5, HERE)]);
    expect(settings.valueOf(cups, HERE)).toBe(5);
  });

  it('may be null, which is a value', () => {
    const { settings } = rig();
    settings.apply([row(cups.key, null)]);
    expect(settings.valueOf(cups)).toBeNull();
    settings.apply([row(cups.key, 7, { tenantId: A })]);
    expect(settings.valueOf(cups, { tenantId: A })).toBe(7);
  });

  it('does not count, and is told of, when it is not understood', () => {
    const { settings, warned } = rig();
    settings.apply([row(tea.key, 'white'), row(tea.key, 'coffee', { tenantId: A })]);
    expect(settings.valueOf(tea, { tenantId: A })).toBe('white');
    expect(warned).toEqual([expect.objectContaining({ key: tea.key, tenantId: A })]);
    settings.apply([row('spec.of-another-version', 1)]);
    expect(settings.revision).toBe(revision);
  });
});

describe('who follows a setting', () => {
  it('hears of the platform’s value, first and whenever it is another', () => {
    const { settings } = rig();
    const heard: string[] = [];
    const stop = settings.follow(tea, (value) => void heard.push(value));
    settings.apply([row(tea.key, 'black'), row(tea.key, 'white'), row(tea.key, 'green', HERE)]);
    expect(heard).toEqual(['black', 'white']);
    stop();
    settings.apply([row(tea.key, 'green')]);
    expect(heard).toHaveLength(2);
  });

  it('keeps nobody else from hearing of it', () => {
    const { settings, warned } = rig();
    const heard: string[] = [];
    settings.onChange(() => {
      throw new Error('no cups');
    });
    settings.onChange(({ key }) => void heard.push(key));
    settings.apply([row(tea.key, 'white')]);
    expect(heard).toEqual([tea.key]);
    expect(warned).toEqual([expect.objectContaining({ error: 'no cups' })]);
  });
});

describe('a declaration', () => {
  const setting = {
    schema: z.int(),
    default: 1,
    example: 2,
    doc: '',
    scopes: ['platform'] as const,
  };

  it.each([
    ['spec.tea', 'two settings with the key "spec.tea"'],
    ['Spec.Tea', 'no key of a setting'],
    ['tea', 'no key of a setting'],
  ])('is refused with the key %s', (key, words) => {
    expect(() => hotSetting({ ...setting, key })).toThrow(words);
  });

  it('is refused with a default that its schema refuses', () => {
    const contrary = { ...setting, key: 'spec.contrary', schema: z.int().min(5) };
    expect(() => hotSetting(contrary)).toThrow('Too small');
  });
});

/**
 * No expression that is asked about what others write takes longer than the text is long (statement 40): those of
 * the API's schemas and all that stand in the server's and the agent's sources. Each is asked about long texts of
 * its own characters, words and pairs of them, which end so that it must give up.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
/** Asked about their operator's own files and words. */
const LEFT_OUT = ['src/apps/cli', 'src/apps/docs', 'src/apps/admin'];

interface Found {
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

function sourceFiles(folder: string): string[] {
  if (LEFT_OUT.includes(folder)) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(path);
    return /(?<!\.spec)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function inSource(where: string): Found[] {
  const text = readFileSync(join(root, where), 'utf8');
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(node.text)!;
      found.push({ where, source, flags });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(where, text, ts.ScriptTarget.Latest));
  return found;
}

function inDocument(): Found[] {
  const found: Found[] = [];
  JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8'), (key, value: unknown) => {
    if (key === 'pattern' && typeof value === 'string') {
      found.push({ where: 'docs/openapi.json', source: value, flags: 'u' });
    }
    return value;
  });
  return found;
}

const USUAL = ['0', 'a', 'Z', '-', '_', '.', ' ', '/', '@', ':', '\t', '\n', 'é', '=', '"'];
/** Exponential ones show themselves at the first, cubic ones at the third, quadratic ones at the last. */
const LENGTHS = [24, 64, 400, 24_000];
/** For the longest text a linear one takes less than a hundredth of it, a quadratic one ten times as long. */
const SLOW_MS = 40;

function isSlow({ source, flags }: Pick<Found, 'source' | 'flags'>): string | null {
  const expression = new RegExp(source, flags.replace(/[gy]/g, ''));
  const took = (text: string) => {
    const begun = performance.now();
    expression.test(text);
    return performance.now() - begun;
  };
  const plain = source.replace(/\\[a-zA-Z]/g, '').match(/[^\\()[\]{}?*+|^$]/g) ?? [];
  const own = [...new Set(plain)].slice(0, 12);
  const words = source.match(/[A-Za-z0-9:;/-]{3,}/g) ?? [];
  const pairs = own.flatMap((one) => own.filter((other) => other !== one).map((o) => one + o));
  const pumps = new Set([...USUAL, ...own, ...words, ...pairs]);
  const beginnings = new Set(['', 'a', ...words.slice(0, 4)]);
  for (const pump of pumps) {
    for (const beginning of beginnings) {
      for (const length of LENGTHS) {
        const many = pump.repeat(Math.ceil(length / pump.length)).slice(0, length);
        const text = `${beginning}${many}\u0000`;
        // Thrice: whoever else uses the machine is not what is measured.
        if ([1, 2, 3].every(() => took(text) > SLOW_MS)) {
          return `${JSON.stringify(beginning)}, then ${length} of ${JSON.stringify(pump)}`;
        }
      }
    }
  }
  return null;
}

describe('the expressions that are asked about what others write', () => {
  const all = [...sourceFiles('src').flatMap(inSource), ...inDocument()];
  const each = [...new Map(all.map((one) => [`/${one.source}/${one.flags}`, one])).values()];

  it('take no longer than the text is long', () => {
    expect(each.length).toBeGreaterThan(100);
    const slow = each.flatMap((one) => {
      const text = isSlow(one);
      return text === null ? [] : [`${one.where}: /${one.source}/${one.flags}, for ${text}`];
    });
    expect(slow).toEqual([]);
  }, 60_000);

  it.each(['^(a+)+$', '^(\\w+\\s?)*$', '\\/+$', '(\\d+)\\.(\\d+)$', '^([a-z]+)*:', '(x+x+)+y'])(
    'would be found if they did: %s',
    (source) => {
      expect(isSlow({ source, flags: '' })).not.toBeNull();
    },
    30_000,
  );
});

import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  END,
  paxEntry,
  paxRecord,
  rawArchive,
  rawEntry,
  type RawEntry,
} from '../../../test/support/raw-tar.js';
import { DomainError } from '../../kernel/errors.js';
import { walkArchive } from './walk-archive.js';

interface Seen {
  path: string;
  kind: string;
  content: string;
}

async function seen(bytes: Buffer): Promise<Seen[]> {
  const found: Seen[] = [];
  await walkArchive(Readable.from([bytes]), {
    sink: async ({ path, kind }, content) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      found.push({ path, kind, content: Buffer.concat(chunks).toString() });
    },
  });
  return found;
}

const archive = (...parts: (Buffer | RawEntry)[]) => rawArchive(...parts);
const refused = (code: string, text = '') =>
  expect.objectContaining({
    code,
    kind: 'unprocessable',
    message: expect.stringContaining(text) as string,
  });

describe('a keyword of an extended header', () => {
  const changing: [string, string, string][] = [
    ['GNU.sparse.major', '1', '--no-read-sparse'],
    ['GNU.sparse.map', '0,512', '--no-read-sparse'],
    ['GNU.sparse.offset', '0', '--no-read-sparse'],
    ['GNU.sparse.realsize', '1048576', '--no-read-sparse'],
    ['SCHILY.realsize', '1048576', '--no-read-sparse'],
    ['SUN.holesdata', ' 0 512', '--no-read-sparse'],
    ['GNU.volume.offset', '512', 'in another volume'],
    ['SCHILY.offset', '512', 'in another volume'],
    ['GNU.dumpdir', 'Yfile', '--incremental'],
    ['SCHILY.filetype', 'sparse', '--incremental'],
    ['ACME.compression', 'lz4', '--format=ustar'],
  ];
  it.each(changing)('%s is refused, with what helps', async (key, value, help) => {
    const file = { name: 'GNUSparseFile.0/data.bin', content: 'abc' };
    for (const flag of ['x', 'g'] as const) {
      const bytes = archive(paxEntry({ [key]: value, comment: 'x' }, flag), file);
      await expect(seen(bytes)).rejects.toEqual(refused('archive-unsupported', help));
      await expect(seen(bytes)).rejects.toEqual(refused('archive-unsupported', `"${key}"`));
    }
  });

  it('tells of a sparse file by the name that it really has', async () => {
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'data/disk.img' };
    const bytes = archive(paxEntry(records), { name: 'GNUSparseFile.0/disk.img', content: 'x' });
    await expect(seen(bytes)).rejects.toEqual(refused('archive-unsupported', '"data/disk.img"'));
  });

  it('that only describes is left out', async () => {
    const records = {
      mtime: '1.5',
      uid: '3000000',
      uname: 'x',
      comment: 'x',
      hdrcharset: 'BINARY',
      'SCHILY.xattr.user.a': 'b',
      'LIBARCHIVE.xattr.user.a': 'Yg==',
      'SCHILY.fflags': 'x',
      'SCHILY.acl.access': 'user::rw-',
      'RHT.security.selinux': 'x',
      'SCHILY.ino': '1',
      'LIBARCHIVE.creationtime': '1',
      'MSWINDOWS.fileattr': '32',
      'NODETAR.depth': '1',
    };
    const global = paxEntry({ comment: 'a'.repeat(40) }, 'g');
    const bytes = archive(global, paxEntry(records), { name: 'a', content: 'x' });
    expect(await seen(bytes)).toEqual([{ path: 'a', kind: 'file', content: 'x' }]);
  });

  it('that names or measures the entry is obeyed, once and for that entry only', async () => {
    const records = { path: 'dir/long', size: '3' };
    const bytes = archive(paxEntry(records), rawEntry({ name: 'short', content: 'abc', size: 0 }), {
      name: 'next',
      content: 'd',
    });
    expect(await seen(bytes)).toEqual([
      { path: 'dir/long', kind: 'file', content: 'abc' },
      { path: 'next', kind: 'file', content: 'd' },
    ]);
  });

  const ambiguous: [string, Buffer[]][] = [
    ['for all entries', [paxEntry({ path: 'a' }, 'g')]],
    ['of nothing', [paxEntry({ path: '' })]],
    ['given twice', [paxEntry({ path: 'a' }), paxEntry({ path: 'b' })]],
    ['given in two ways', [rawEntry({ flag: 'L', content: 'a\0' }), paxEntry({ path: 'b' })]],
  ];
  it.each(ambiguous)('is refused as a name %s', async (_what, parts) => {
    const code = expect.stringMatching(/^archive-(damaged|unsupported)$/) as string;
    await expect(seen(archive(...parts, { name: 'x' }))).rejects.toMatchObject({ code });
  });

  const broken = ['x', '5 a\n', '9999 a=b\n', '6 =aaa\n', '12 path=a\n', '7 path=a', '0 a=b\n'];
  it.each([...broken, '17 size=99999999999999999\n'])('is refused as %j', async (content) => {
    const bytes = archive({ name: 'p', flag: 'x', content }, { name: 'x' });
    await expect(seen(bytes)).rejects.toEqual(refused('archive-damaged'));
  });

  it('is refused with nothing behind it', async () => {
    const bytes = archive(paxEntry({ path: 'a' }));
    await expect(seen(bytes)).rejects.toEqual(refused('archive-damaged', 'ends behind'));
  });

  it('is refused when it is larger than any honest one', async () => {
    const large = paxEntry({ comment: 'x'.repeat(1024 * 1024) });
    await expect(seen(archive(large, { name: 'x' }))).rejects.toEqual(
      refused('archive-header-too-large', '--format=ustar'),
    );
  });
});

describe('an entry', () => {
  const types: [string, string, string][] = [
    ['S', 'archive-unsupported', '--no-read-sparse'],
    ['M', 'archive-unsupported', 'another volume'],
    ['D', 'archive-unsupported', '--incremental'],
    ['N', 'archive-unsupported', '--format=ustar'],
    ['X', 'archive-unsupported', '--format=ustar'],
    ['A', 'archive-unsupported', '--format=ustar'],
    ['3', 'archive-special-file', 'leave it out'],
    ['4', 'archive-special-file', 'leave it out'],
    ['6', 'archive-special-file', 'leave it out'],
  ];
  it.each(types)('of type %s is refused, with what helps', async (flag, code, help) => {
    const bytes = archive({ name: 'a', flag, content: 'x' });
    await expect(seen(bytes)).rejects.toEqual(refused(code, help));
  });

  it('may be of the oldest format, contiguous, in a prefix, or a label', async () => {
    const v7 = '\0'.repeat(8);
    const bytes = archive(
      { name: 'my release', flag: 'V', magic: 'ustar  \0' },
      { name: 'old/', flag: '\0', magic: v7 },
      { name: 'old/file', flag: '\0', magic: v7, content: 'a' },
      { name: 'solid', flag: '7', content: 'b' },
      { name: 'name', prefix: 'pre/fix', content: 'c' },
      { name: 'gnu', magic: 'ustar  \0', prefix: 'no prefix at all', content: 'd' },
    );
    expect((await seen(bytes)).map(({ path, kind, content }) => [path, kind, content])).toEqual([
      ['old', 'directory', ''],
      ['old/file', 'file', 'a'],
      ['solid', 'file', 'b'],
      ['pre/fix/name', 'file', 'c'],
      ['gnu', 'file', 'd'],
    ]);
  });

  it('is a file though its name was cut behind a slash', async () => {
    const whole = `${'d'.repeat(99)}/file`;
    const long = rawEntry({ name: '././@LongLink', flag: 'L', content: `${whole}\0` });
    const bytes = archive(long, { name: whole.slice(0, 100), content: 'x' });
    expect(await seen(bytes)).toEqual([{ path: whole, kind: 'file', content: 'x' }]);
  });

  const names: [string, Buffer, string][] = [
    ['Latin-1', Buffer.from('caf\u00e9.txt', 'latin1'), '"caf\\xe9.txt"'],
    ['a lone surrogate', Buffer.from([0x61, 0xed, 0xa0, 0x80]), '"a\\xed\\xa0\\x80"'],
    ['an overlong slash', Buffer.from([0x2e, 0x2e, 0xc0, 0xaf]), '"..\\xc0\\xaf"'],
  ];
  it.each(names)('is refused by its name in %s, escaped', async (_what, name, escaped) => {
    const code = 'archive-name-not-utf8';
    await expect(seen(archive({ name }))).rejects.toEqual(refused(code, escaped));
    const pax = paxEntry({ hdrcharset: 'BINARY', path: name });
    await expect(seen(archive(pax, {}))).rejects.toEqual(refused(code, escaped));
    const link = { name: 'a', flag: '2', target: name };
    await expect(seen(archive(link))).rejects.toEqual(refused(code, escaped));
  });

  it('is refused by a line break in its name, escaped', async () => {
    const refusal = refused('archive-path-unsafe', '"a\\nb"');
    await expect(seen(archive({ name: 'a\nb' }))).rejects.toEqual(refusal);
  });

  it.each(['1', '2', '5'])('of type %s is refused with contents', async (flag) => {
    const bytes = archive({ name: 'a' }, { name: 'b', flag, target: 'a', content: 'x' });
    await expect(seen(bytes)).rejects.toEqual(refused('archive-damaged', 'has contents'));
  });
});

describe('the end', () => {
  it('is refused when a second archive follows it', async () => {
    const first = Buffer.concat([rawEntry({ name: 'a' }), END]);
    const second = Buffer.concat([rawEntry({ name: 'b' }), END]);
    const refusal = refused('archive-damaged', 'something follows its end');
    await expect(seen(gzipSync(Buffer.concat([first, second])))).rejects.toEqual(refusal);
    const members = Buffer.concat([gzipSync(first), gzipSync(second)]);
    await expect(seen(members)).rejects.toEqual(refusal);
  });

  it('may come in several members of gzip, and without blocks of zeros', async () => {
    const tar = rawEntry({ name: 'a', content: 'x'.repeat(2000) });
    const members = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
    expect(await seen(members)).toHaveLength(1);
  });
});

it('either accepts or refuses whatever a bit more or less makes of an archive', async () => {
  const good = Buffer.concat([
    paxEntry({ comment: 'x' }, 'g'),
    rawEntry({ name: 'dir/', flag: '5' }),
    paxEntry({ path: 'dir/a', mtime: '1' }),
    rawEntry({ content: 'abc' }),
    rawEntry({ name: 'l', flag: '2', target: 'dir/a' }),
    rawEntry({ name: 'h', flag: '1', target: 'dir/a' }),
    END,
  ]);
  const change = fc.record({
    at: fc.nat({ max: good.length - 1 }),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('01257xgLKSV/. \0='))),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (changes, isSumMended) => {
        const bytes = Buffer.from(good);
        for (const { at, byte } of changes) {
          bytes[at] = byte;
          if (isSumMended) mendSum(bytes, at - (at % 512));
        }
        const answer: unknown = await seen(gzipSync(bytes)).catch((error: unknown) => error);
        if (Array.isArray(answer)) return;
        expect(answer).toBeInstanceOf(DomainError);
        expect(answer).toMatchObject({ kind: 'unprocessable' });
      },
    ),
    { numRuns: 500 },
  );
});

function mendSum(bytes: Buffer, start: number): void {
  const block = bytes.subarray(start, start + 512);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

it('measures a record by its own length', () => {
  expect(paxRecord('k', 'x'.repeat(95)).subarray(0, 4).toString()).toBe('102 ');
});

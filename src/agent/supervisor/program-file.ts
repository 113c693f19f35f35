import { closeSync, openSync, readSync } from 'node:fs';

const HEAD_BYTES = 4096;
/** The kernel reads no more of a first line. */
const FIRST_LINE_BYTES = 256;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const ELF = '\u007fELF';
/** The segment of a program that names its loader. */
const PT_INTERP = 3;

/** Machines as ELF numbers them, by the names that Node has for them. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

export type Program =
  | { readonly kind: 'script'; readonly interpreter: string; readonly argument: string }
  | { readonly kind: 'elf'; readonly machine: string; readonly loader: string | null }
  | { readonly kind: 'foreign'; readonly system: string }
  | { readonly kind: 'marked' | 'empty' | 'other' };

/** What kind of program a file is, by its beginning; null when it cannot be read. */
export function programIn(path: string): Program | null {
  const head = headOf(path);
  if (head === null) return null;
  if (head.length === 0) return { kind: 'empty' };
  const start = head.toString('latin1', 0, 8);
  if (start.startsWith('#!')) return scriptOf(head);
  if (start.startsWith(`${BYTE_ORDER_MARK}#!`)) return { kind: 'marked' };
  if (start.startsWith(ELF)) return elfOf(head);
  if (start.startsWith('MZ')) return { kind: 'foreign', system: 'Windows' };
  if (/^(\u00cf\u00fa\u00ed\u00fe|\u00ca\u00fe\u00ba\u00be)/.test(start)) {
    return { kind: 'foreign', system: 'macOS' };
  }
  return { kind: 'other' };
}

function scriptOf(head: Buffer): Program {
  const line = head.toString('utf8', 2, FIRST_LINE_BYTES).split('\n')[0]!;
  const [, interpreter = '', argument = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*)$/s.exec(line) ?? [];
  return { kind: 'script', interpreter, argument };
}

function elfOf(head: Buffer): Program {
  if (head.length < 64) return { kind: 'other' };
  const isLittle = head[5] === 1;
  const number = isLittle ? head.readUInt16LE(18) : head.readUInt16BE(18);
  const machine = MACHINES[number] ?? `machine ${number}`;
  return { kind: 'elf', machine, loader: isLittle && head[4] === 2 ? loaderOf(head) : null };
}

/** Of a 64-bit program whose headers are at its beginning, as linkers write them. */
function loaderOf(head: Buffer): string | null {
  const first = Number(head.readBigUInt64LE(32));
  const bytes = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let at = first; at < first + bytes * count && at + 56 <= head.length; at += bytes) {
    if (bytes < 56) return null;
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    const to = from + Number(head.readBigUInt64LE(at + 32));
    return to > head.length ? null : head.toString('utf8', from, to).replace(/\0.*$/s, '');
  }
  return null;
}

function headOf(path: string): Buffer | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, HEAD_BYTES, 0));
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}

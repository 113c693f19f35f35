import { isUtf8 } from 'node:buffer';
import type { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import type { ArchiveCaps } from './archive-caps.js';
import { refusal, shown } from './archive-refusal.js';

/** The components of a plain relative path; none of them for the archive's own root (`./`). */
export function plainPath(bytes: Buffer, caps: ArchiveCaps, mayEndWithSlash: boolean): string[] {
  let path = plainText(bytes, caps);
  if (isAbsolute(path)) throw refusal('archive-path-unsafe', `${shown(path)} is not relative`);
  while (path.startsWith('./')) path = path.slice(2);
  if (mayEndWithSlash) path = path.replace(/\/$/, '');
  if (mayEndWithSlash && (path === '' || path === '.')) return [];
  const components = path.split('/');
  if (components.length > caps.depth) {
    throw refusal(
      'archive-path-too-deep',
      `${shown(path)} is ${components.length} levels deep; at most ${caps.depth} are taken`,
    );
  }
  for (const component of components) checkComponent(component, path);
  return components;
}

/** Where a link leads, still as text: what it means depends on everything else in the archive. */
export function linkTarget(bytes: Buffer, name: Buffer, caps: ArchiveCaps): string {
  const target = plainText(bytes, caps);
  if (target === '') throw refusal('archive-link', `${shown(name)} is a link to nothing`);
  if (isAbsolute(target)) throw leavesArtifact(shown(name), target);
  return target;
}

export function leavesArtifact(name: string, target: string): DomainError {
  return refusal(
    'archive-link',
    `${name} is a link to ${shown(target)}, which is not in the artifact; pack what it leads to: tar with --dereference, bsdtar with -L, python -m venv with --copies`,
  );
}

function plainText(bytes: Buffer, caps: ArchiveCaps): string {
  if (bytes.length > caps.pathBytes) {
    throw refusal(
      'archive-path-too-long',
      `the path ${shown(bytes)} is longer than ${caps.pathBytes} bytes`,
    );
  }
  if (!isUtf8(bytes)) {
    throw refusal(
      'archive-name-not-utf8',
      `the name ${shown(bytes)} is not UTF-8; rename the file (convmv does it for many)`,
    );
  }
  const text = bytes.toString('utf8');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(text)) {
    throw refusal('archive-path-unsafe', `${shown(text)} has a control character or a backslash`);
  }
  return text;
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:/.test(path);
}

function checkComponent(component: string, path: string): void {
  if (component === '' || component === '.' || component === '..') {
    throw refusal('archive-path-unsafe', `${shown(path)} has an empty, "." or ".." component`);
  }
  if (Buffer.byteLength(component) > limits.unpackedNameBytes) {
    const what = `a name in ${shown(path)} is over ${limits.unpackedNameBytes} bytes`;
    throw refusal('archive-path-too-long', what);
  }
}

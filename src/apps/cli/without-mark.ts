const decoder = new TextDecoder('utf-8');

/**
 * A file's text without the byte order mark that editors of some systems put in front of it: it belongs to no
 * password, and no JSON begins with it.
 */
export function withoutMark(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * How many cells of a terminal a text takes. Letters of East Asia and most emoji take two, marks that combine
 * none. Joined emoji are counted in parts, so that no line is ever wider than it was taken for.
 */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
const NARROW = /^[\u0020-\u10ff]*$/;
const MARKS = /\p{M}|\p{Cf}/u;

export function cellWidth(text: string): number {
  if (NARROW.test(text) && !MARKS.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

function widthOfOne(character: string): number {
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The text, filled up with spaces. */
export function padded(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellWidth(text)));
}

/** As much of it as has room, and the rest. At least one character, so that whoever loops ends. */
export function splitAt(text: string, cells: number): readonly [string, string] {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += widthOfOne(character);
    if (width > cells && end > 0) break;
    end += character.length;
  }
  return [text.slice(0, end), text.slice(end)];
}

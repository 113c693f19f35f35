// Colours, widths and numbers. Without colours every function returns plain text.
let hasColors = false;

export function useColors(wanted) {
  hasColors = wanted;
}

const paint = (code) => (text) => (hasColors ? `\x1b[${code}m${text}\x1b[0m` : String(text));

export const bold = paint('1');
export const dim = paint('2');
export const red = paint('31');
export const green = paint('32');
export const yellow = paint('33');
export const cyan = paint('36');

// eslint-disable-next-line no-control-regex
const escapes = /\x1b\[\d*m/g;

// eslint-disable-next-line no-control-regex
const separator = /(\x1b\[\d*m)/;

export function widthOf(text) {
  return [...text.replace(escapes, '')].length;
}

export function padEnd(text, width) {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text, width) {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Cuts to a width without cutting through a colour. */
export function cut(text, width) {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  let result = '';
  for (const part of text.split(separator)) {
    if (part.startsWith('\x1b')) {
      result += part;
      continue;
    }
    const characters = [...part].slice(0, left);
    left -= characters.length;
    result += characters.join('');
  }
  return `${result}…`;
}

/** Breaks a text between words. */
export function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

export function whole(value) {
  return Math.round(value).toLocaleString('en-US');
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** How much of a limit is used; beyond it the bar is red and breaks out. */
export function gauge(share, width) {
  if (share > 1) return red(`${'█'.repeat(width)}▶`);
  return `${filled(share, width, share > 0.8 ? yellow : green)} `;
}

export function filled(share, width, color = cyan) {
  const cells = Math.max(0, Math.min(width, Math.round(share * width)));
  return color('█'.repeat(cells)) + dim('░'.repeat(width - cells));
}

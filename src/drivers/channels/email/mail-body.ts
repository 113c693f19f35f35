import { plainText, type Message } from '../message.js';

/** The text, the facts under it, and the link at the end. */
export function mailText({ text, fields, link }: Message): string {
  const facts = fields.map(({ name, value }) => `${plainText(name)}: ${plainText(value)}`);
  const parts = [plainText(text), facts.join('\n'), link ?? ''];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The same as HTML, without pictures or styles that are fetched from anywhere. */
export function mailHtml({ text, html, fields, link }: Message): string {
  const body = html ?? paragraphs(text);
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><th align="left">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  const table = rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
  const target = link === null ? '' : `<p><a href="${escaped(link)}">${escaped(link)}</a></p>`;
  return `<!doctype html><html lang="en"><body>${body}${table}${target}</body></html>`;
}

function paragraphs(text: string): string {
  return plainText(text)
    .split(/\n{2,}/)
    .map((part) => `<p>${escaped(part).replaceAll('\n', '<br>')}</p>`)
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

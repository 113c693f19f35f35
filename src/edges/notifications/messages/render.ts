import type { Message } from '../../../drivers/channels/message.js';
import { escapedHtml, oneLineOf } from './message-text.js';
import type { Occurrence } from './occurrence.js';
import type { FieldOf, MessageField } from './wording.js';
import { wordingOf } from './wordings.js';

export interface Surroundings {
  /** The tenant's slug. */
  readonly tenant: string;
  /** Null: nobody has said what this installation's address is, so that there are no links. */
  readonly publicUrl: string | null;
}

/** An event in words, plain and as HTML. Never throws: what an event lacks is not mentioned. */
export function render(of: Occurrence, { tenant, publicUrl }: Surroundings): Message {
  const wording = wordingOf(of.name);
  const title = oneLineOf(wording.title(of));
  const lines = wording.lines(of).map(oneLineOf);
  const fields = fieldsOf(of, wording.fields);
  const page = wording.page(of);
  const link = page === null || publicUrl === null ? null : publicUrl + page;
  return {
    title,
    text: lines.join('\n'),
    html: htmlOf({ lines, fields, link, tenant }),
    link,
    fields,
    event: {
      name: of.name,
      id: of.id,
      at: of.at.toISOString(),
      tenant,
      subject: of.subject,
      body: of.body,
    },
  };
}

/** All of it as plain text: what a mail says besides its HTML. */
export function plainTextOf({ text, fields, link, event }: Message): string {
  const table = fields.map(({ name, value }) => `${name}: ${value}`).join('\n');
  const parts = [text, table, link, footerOf(event.tenant)];
  return `${parts.filter((part) => part !== null && part !== '').join('\n\n')}\n`;
}

function fieldsOf(of: Occurrence, fields: readonly FieldOf[]): MessageField[] {
  return fields
    .map((field) => field(of))
    .filter((field) => field !== null)
    .map(({ name, value }) => ({ name, value: oneLineOf(value) }));
}

interface Parts {
  readonly lines: readonly string[];
  readonly fields: readonly MessageField[];
  readonly link: string | null;
  readonly tenant: string;
}

/** No pictures and no styles: nothing of it is fetched from anywhere. */
function htmlOf({ lines, fields, link, tenant }: Parts): string {
  const paragraphs = lines.map((line) => `<p>${escapedHtml(line)}</p>`).join('');
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><th align="left">${escapedHtml(name)}</th><td>${escapedHtml(value)}</td></tr>`,
  );
  const table = rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
  const href = link === null ? '' : escapedHtml(link);
  const anchor = link === null ? '' : `<p><a href="${href}">${href}</a></p>`;
  const footer = `<p><small>${escapedHtml(footerOf(tenant))}</small></p>`;
  return `<!doctype html><html lang="en"><body>${paragraphs}${table}${anchor}${footer}</body></html>`;
}

function footerOf(tenant: string): string {
  return `Tidegate, tenant ${tenant}`;
}

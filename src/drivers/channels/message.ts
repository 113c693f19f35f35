import { limits } from '../../kernel/limits.js';
import { notificationLimits } from '../../kernel/notification-limits.js';
import { printable } from '../../kernel/text.js';
import { oneLine } from './mail-address.js';

/** What somebody is to be told, in the same words whichever way it goes. All of it is text, none of it markup. */
export interface Message {
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** For mails, instead of the text: HTML whose writer has escaped every name in it. */
  readonly html: string | null;
  /** Where to read on, in this installation. */
  readonly link: string | null;
  readonly fields: readonly MessageField[];
  readonly event: MessageEvent;
}

export interface MessageField {
  readonly name: string;
  readonly value: string;
}

/** What it is about, for programs. */
export interface MessageEvent {
  readonly name: string;
  readonly id: string;
  readonly at: string;
  /** Its slug. */
  readonly tenant: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * As much of it as is kept and sent. What is too long is cut rather than refused: whoever tells of an event
 * cannot do so in other words later.
 */
export function boundedMessage(message: Message): Message {
  const { title, text, html, link, fields, event } = message;
  const isLinkShort = link !== null && link.length <= limits.outboundUrlCharacters;
  return {
    title: oneLine(title),
    text: cut(text, notificationLimits.messageTextCharacters),
    html: html !== null && html.length <= notificationLimits.messageHtmlCharacters ? html : null,
    link: isLinkShort ? link : null,
    fields: fields.slice(0, notificationLimits.messageFields).map(({ name, value }) => ({
      name: cut(oneLine(name), notificationLimits.messageFieldNameCharacters),
      value: cut(value, notificationLimits.messageFieldCharacters),
    })),
    event: { ...event, body: boundedBody(event.body) },
  };
}

/** Its end is marked, so that nobody takes a half for the whole. */
export function cut(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text.toWellFormed();
  return `${text.slice(0, mostCharacters - 1).toWellFormed()}…`;
}

/** With its lines, but nothing that a terminal or a reader of bidirectional text would obey. */
export function plainText(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => printable(line))
    .join('\n');
}

function boundedBody(body: MessageEvent['body']): MessageEvent['body'] {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  return bytes <= notificationLimits.messageBodyBytes ? body : { omitted: 'too-large' };
}

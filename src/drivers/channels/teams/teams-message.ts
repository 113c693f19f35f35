import { cut, plainText, type Message } from '../message.js';

/** A workflow refuses more than 28 KB in all; these leave room for escapes. */
const TITLE = 200;
const TEXT = 4_000;
const FACT = 300;

/**
 * The card, in the envelope that a workflow's webhook takes. Text runs (`RichTextBlock`) are never Markdown;
 * titles and facts may be, so there what Markdown gives a meaning is escaped.
 */
export function teamsMessage({ title, text, link, fields }: Message): object {
  const heading = { type: 'TextRun', text: cut(plainText(title), TITLE), weight: 'bolder' };
  const words = { type: 'TextRun', text: cut(plainText(text), TEXT) };
  const facts = fields.map(({ name, value }) => ({
    title: escaped(cut(plainText(name), FACT)),
    value: escaped(cut(plainText(value), FACT)),
  }));
  const body = [
    { type: 'RichTextBlock', inlines: [{ ...heading, size: 'large' }] },
    ...(text === '' ? [] : [{ type: 'RichTextBlock', inlines: [words] }]),
    ...(facts.length === 0 ? [] : [{ type: 'FactSet', facts }]),
  ];
  const actions = link === null ? [] : [{ type: 'Action.OpenUrl', title: 'Open', url: link }];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body,
    actions,
    msteams: { width: 'Full' },
  };
  return {
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content },
    ],
  };
}

/** Markdown of cards: emphasis, links, lists; and `<at>`, which mentions people. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]()#>~|]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/^(\s*)([-+]|\d+\.)(\s)/gm, '$1\\$2$3');
}

import { cut, plainText, type Message } from '../message.js';

/** A workflow refuses more than 28 KB in all; the envelope it is wrapped in there counts, too. */
const MOST_BYTES = 27 * 1024;

interface Sizes {
  readonly text: number;
  readonly fact: number;
  readonly facts: number;
}

/** Escapes make a text several times as long: what does not fit into the first goes by the second. */
const USUAL: Sizes = { text: 4_000, fact: 300, facts: 20 };
const SHORT: Sizes = { text: 1_500, fact: 60, facts: 10 };
const TITLE = 200;

/** The card, in the envelope that a workflow's webhook takes. */
export function teamsMessage(message: Message): object {
  const usual = sized(message, USUAL);
  const isSmall = Buffer.byteLength(JSON.stringify(usual)) <= MOST_BYTES;
  return isSmall ? usual : sized(message, SHORT);
}

/**
 * Text runs (`RichTextBlock`) are never Markdown; facts may be, so there what Markdown gives a meaning is
 * escaped.
 */
function sized({ title, text, link, fields }: Message, sizes: Sizes): object {
  const heading = { type: 'TextRun', text: cut(plainText(title), TITLE), weight: 'bolder' };
  const words = { type: 'TextRun', text: cut(plainText(text), sizes.text) };
  const facts = fields.slice(0, sizes.facts).map(({ name, value }) => ({
    title: escaped(cut(plainText(name), sizes.fact)),
    value: escaped(cut(plainText(value), sizes.fact)),
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
    .replace(/^([ \t]*)([-+]|\d+\.)(?=[ \t])/gm, '$1\\$2');
}

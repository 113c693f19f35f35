import { cut, plainText, type Message } from '../message.js';

/** As Slack has them: of a header, a section, a fact of a section, and facts in one section. */
const HEADER = 150;
const SECTION = 3_000;
const FACT = 2_000;
const FACTS = 10;

/**
 * Blocks, and the same as one text for what shows no blocks. Names are `plain_text` wherever Slack allows
 * it; where text is `mrkdwn`, what Slack reads as a link, a mention or `@channel` is escaped.
 */
export function slackMessage(message: Message): object {
  const { title, text, link, fields } = message;
  const header = { type: 'header', text: plain(title, HEADER) };
  const section = text === '' ? [] : [{ type: 'section', text: plain(text, SECTION) }];
  const facts = fields
    .slice(0, 2 * FACTS)
    .map(({ name, value }) => plain(`${name}: ${value}`, FACT));
  const lists = [facts.slice(0, FACTS), facts.slice(FACTS)]
    .filter((list) => list.length > 0)
    .map((list) => ({ type: 'section', fields: list }));
  const open = { type: 'button', text: plain('Open', HEADER), url: link };
  const actions = link === null ? [] : [{ type: 'actions', elements: [open] }];
  return {
    text: escaped(cut(plainText(title), SECTION)),
    blocks: [header, ...section, ...lists, ...actions],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** Shown as it is: no markup, no mentions, and no `:emoji:` out of a name. */
function plain(text: string, mostCharacters: number): object {
  return { type: 'plain_text', text: cut(plainText(text), mostCharacters), emoji: false };
}

/** The three characters that Slack gives a meaning: `<!channel>`, `<@U1>`, `<https://…|text>`. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

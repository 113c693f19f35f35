/**
 * What chats take, as strictly as they do: the forms of Slack's blocks and of a card for a workflow of Teams,
 * with their lengths. Answers the texts that are shown; throws for what the chat would refuse.
 */
import { z } from 'zod';

const plainText = (most: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most),
    emoji: z.literal(false),
  });

const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plainText(150) }),
  z
    .strictObject({
      type: z.literal('section'),
      text: plainText(3_000).optional(),
      fields: z.array(plainText(2_000)).min(1).max(10).optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined),
  z.strictObject({
    type: z.literal('actions'),
    elements: z
      .array(
        z.strictObject({
          type: z.literal('button'),
          text: plainText(75),
          url: z.url().max(3_000),
        }),
      )
      .min(1),
  }),
]);

const slackBody = z.strictObject({
  text: z
    .string()
    .min(1)
    // This one is mrkdwn: what is left of the three characters would be a link or a mention.
    .refine((text) => !/[<>]|&(?!amp;|lt;|gt;)/.test(text), 'is not escaped'),
  blocks: z.array(block).min(1).max(50),
  unfurl_links: z.literal(false),
  unfurl_media: z.literal(false),
});

/** Titles, texts and facts that Slack shows, and where its button leads. */
export function shownBySlack(body: unknown) {
  const { blocks } = slackBody.parse(body);
  const texts: string[] = [];
  let link: string | null = null;
  for (const each of blocks) {
    if (each.type === 'actions') link = each.elements[0]!.url;
    else if (each.type === 'header') texts.push(each.text.text);
    else texts.push(...[each.text, ...(each.fields ?? [])].flatMap((one) => one?.text ?? []));
  }
  return { texts, link };
}

const run = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.literal('bolder').optional(),
  size: z.literal('large').optional(),
});
/** Markdown that is left: a character with a meaning and nothing before it that takes it away. */
const MARKDOWN = /(^|[^\\])(\\\\)*[`*_[\]()#>~|]|[<]|&(?!amp;|lt;)/;
const factText = z
  .string()
  .min(1)
  .refine((text) => !MARKDOWN.test(text), 'is not escaped');
const element = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(run).min(1) }),
  z.strictObject({
    type: z.literal('FactSet'),
    facts: z.array(z.strictObject({ title: factText, value: factText })).min(1),
  }),
]);
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.2', '1.3', '1.4', '1.5']),
  body: z.array(element).min(1),
  actions: z
    .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: z.url() }))
    .max(6),
  msteams: z.strictObject({ width: z.literal('Full') }),
});
const teamsBody = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: card,
      }),
    )
    .length(1),
});

const TEAMS_BYTES = 28 * 1024;

/** As a workflow of Teams shows it, with escapes taken away again. */
export function shownByTeams(body: unknown) {
  if (Buffer.byteLength(JSON.stringify(body)) > TEAMS_BYTES) throw new Error('is too large');
  const { attachments } = teamsBody.parse(body);
  const { body: elements, actions } = attachments[0]!.content;
  const texts = elements.flatMap((each) =>
    each.type === 'RichTextBlock'
      ? each.inlines.map(({ text }) => text)
      : each.facts.map(({ title, value }) => `${read(title)}: ${read(value)}`),
  );
  return { texts, link: actions[0]?.url ?? null };
}

function read(text: string): string {
  return text
    .replace(/\\([^\w\s])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

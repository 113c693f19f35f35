import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { text } from '../../kernel/text.js';
import { destinationOf } from '../../platform/outbound/destination.js';

/** Of an incoming webhook of a chat. Whoever knows it can post, so it is a secret from end to end. */
export const chatAddress = z.strictObject({
  url: text(limits.outboundUrlCharacters).min(1).meta({
    description: 'The address that the chat has given for its incoming webhook.',
  }),
});

export type ChatAddress = z.output<typeof chatAddress>;

/** Throws `outbound-url-invalid`, which says the rule and not the address. */
export function checkChatAddress(_params: unknown, { url }: ChatAddress): void {
  destinationOf(url);
}

export function chatHost(_params: unknown, { url }: ChatAddress): string {
  return new URL(url).host;
}

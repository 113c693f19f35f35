import { z } from 'zod';
import { chatAddress, chatHost, checkChatAddress, type ChatAddress } from '../chat-address.js';
import { channelKind } from '../channel-kind.js';
import { postJson } from '../receipts.js';
import { slackMessage } from './slack-message.js';

/** Slack, and what takes the same (Mattermost, Rocket.Chat): blocks to an incoming webhook. */
export const slackChannel = channelKind<Record<never, never>, ChatAddress>({
  kind: 'slack',
  title: 'Slack-compatible chat',
  params: z.strictObject({}),
  secretParams: chatAddress,
  isSigned: false,
  check: checkChatAddress,
  place: chatHost,
  send(message, delivery, ports) {
    const body = JSON.stringify(slackMessage(message));
    return postJson({ url: delivery.secrets.url, body }, delivery, ports);
  },
});

import { z } from 'zod';
import { chatAddress, chatHost, checkChatAddress, type ChatAddress } from '../chat-address.js';
import { channelKind } from '../channel-kind.js';
import { postJson } from '../receipts.js';
import { teamsMessage } from './teams-message.js';

/** Microsoft Teams: an Adaptive Card to the webhook of a workflow. */
export const teamsChannel = channelKind<Record<never, never>, ChatAddress>({
  kind: 'teams',
  title: 'Teams-compatible chat',
  params: z.strictObject({}),
  secretParams: chatAddress,
  isSigned: false,
  check: checkChatAddress,
  place: chatHost,
  send(message, delivery, ports) {
    const body = JSON.stringify(teamsMessage(message));
    return postJson({ url: delivery.secrets.url, body }, delivery, ports);
  },
});

import { registry } from '../../kernel/registry.js';
import { consoleChannel } from './console/console.channel.js';
import { emailChannel } from './email/email.channel.js';
import { slackChannel } from './slack/slack.channel.js';
import { teamsChannel } from './teams/teams.channel.js';
import { webhookChannel } from './webhook/webhook.channel.js';

/** Every way in which somebody can be told. A new one is a file and a line. */
export const channelKinds = registry('channel kind', [
  consoleChannel,
  emailChannel,
  webhookChannel,
  slackChannel,
  teamsChannel,
]);

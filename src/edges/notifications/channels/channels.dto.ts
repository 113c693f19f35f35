import { z } from 'zod';
import type { ChannelKind } from '../../../drivers/channels/channel-kind.js';
import { channelKinds } from '../../../drivers/channels/channel-kinds.js';
import { text, uuid } from '../../../kernel/text.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import { pageQuery } from '../../../platform/http/page.js';

const name = text(63)
  .min(1)
  .regex(/^[^\p{C}]+$/u, 'must be one line without control characters')
  .meta({ example: 'releases-chat' });

/** One form for each kind, made of what it says of itself. */
const ofKinds = (form: (kind: ChannelKind) => z.ZodObject) => {
  const [first, ...more] = channelKinds.all().map(form);
  return z.discriminatedUnion('kind', [first!, ...more]);
};

const shapeOf = ({ kind, params }: ChannelKind) => ({
  name,
  kind: z.literal(kind),
  params: params.prefault({}).meta({ description: 'Shown again to whoever manages channels.' }),
});

const idOf = ({ kind }: ChannelKind) => kind[0]!.toUpperCase() + kind.slice(1);

/** As every form of the union has it. */
export interface ChannelBody {
  readonly name: string;
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
}

export const createChannelBody = ofKinds((kind) =>
  z
    .strictObject({
      ...shapeOf(kind),
      secrets: kind.secretParams
        .prefault({})
        .meta({ description: 'Sealed at once and never answered.' }),
    })
    .meta({ id: `Create${idOf(kind)}Channel`, title: kind.title }),
).meta({ id: 'CreateChannel' });

export const replaceChannelBody = ofKinds((kind) =>
  z
    .strictObject({
      ...shapeOf(kind),
      secrets: kind.secretParams.optional().meta({
        description: 'Absent: they stay as they are, unless the channel leads to another place.',
      }),
    })
    .meta({ id: `Replace${idOf(kind)}Channel` }),
).meta({ id: 'ReplaceChannel' });

export const channelParams = z.strictObject({ id: uuid });
export type ChannelParams = z.output<typeof channelParams>;
export const channelsQuery = pageQuery;
export type ChannelsQuery = z.output<typeof channelsQuery>;

export const channelOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    kind: z.enum(channelKinds.kinds),
    params: z.record(z.string(), z.unknown()),
    place: z.string().nullable().meta({
      description: 'Where it leads, as far as that may be shown: of a chat the host alone.',
    }),
    isSigned: z.boolean(),
    previousSecretUntil: z.iso.datetime().nullable().meta({
      description: 'Until then it signs with the secret before the last rotation as well.',
    }),
    isEnabled: z.boolean(),
    disabledWhy: z.enum(['by-hand', 'gone']).nullable().meta({
      description: '`gone`: the receiver has answered 410, so nothing is sent there any more.',
    }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Channel' });

export type ChannelView = AnswerOf<typeof channelOut>;

const signingSecret = z.string().nullable().meta({
  description:
    'By which the receiver checks signatures. Shown only once; null where nothing is signed.',
});

export const createdChannelOut = channelOut
  .extend({ signingSecret })
  .meta({ id: 'CreatedChannel' });

export const rotateSecretBody = z
  .strictObject({
    overlapMinutes: z
      .int()
      .min(0)
      .max(7 * 24 * 60)
      .default(24 * 60)
      .meta({
        description: 'For how long messages are signed with the secret before as well.',
      }),
  })
  .meta({ id: 'RotateChannelSecret' });
export type RotateSecretBody = z.output<typeof rotateSecretBody>;

export const channelTestOut = z
  .strictObject({
    outcome: z.enum(['taken', 'later', 'refused', 'gone']).meta({
      description: '`taken`: it works. `later`: a delivery would be tried again.',
    }),
    status: z.int().nullable().meta({ description: 'Of the HTTP answer.' }),
    reason: z.string().nullable(),
    answer: z
      .string()
      .meta({ description: 'What the receiver said, without secrets; its beginning.' }),
    durationMs: z.int(),
  })
  .meta({ id: 'ChannelTest' });
export type ChannelTest = z.output<typeof channelTestOut>;

export const exampleChannel = {
  id: '019a7f3e-b000-7aaa-8bbb-0123456789ab',
  name: 'releases-hook',
  kind: 'webhook',
  params: { url: 'https://hooks.example.com/tidegate' },
  place: 'https://hooks.example.com',
  isSigned: true,
  previousSecretUntil: null,
  isEnabled: true,
  disabledWhy: null,
  version: 1,
  createdAt: '2026-05-04T09:12:33.000Z',
};

export const exampleSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';

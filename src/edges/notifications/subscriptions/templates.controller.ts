import { Controller, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Config } from '../../../platform/config/config.js';
import { Route } from '../../../platform/http/route.js';
import { EVENT_KINDS, EVENT_NAMES, isEventName, kindsOf } from '../messages/event-names.js';
import { plainTextOf, render } from '../messages/render.js';
import { sampleOf } from '../messages/samples.js';
import { wordingOf } from '../messages/wordings.js';
import { eventUnknown } from './subscription.errors.js';

const templateParams = z.strictObject({ event: z.string().max(64) });

const templateOut = z
  .strictObject({
    event: z.string(),
    kinds: z.array(z.enum(EVENT_KINDS)),
    title: z.string().meta({ description: 'Of an example.' }),
    permission: z.string().meta({
      description: 'What a person or group must hold, where it happened, to hear of it.',
    }),
  })
  .meta({ id: 'NotificationTemplate' });

const templatesOut = z.strictObject({ items: z.array(templateOut) });

const previewOut = z
  .strictObject({
    event: z.string(),
    title: z.string(),
    text: z.string(),
    html: z.string(),
    link: z.string().nullable(),
    fields: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  })
  .meta({ id: 'NotificationPreview' });

const EXAMPLE = 'deployment-succeeded';
const exampleTemplate = templateOf(EXAMPLE);

/** What messages say. Examples only: nothing here is of the tenant that asks. */
@ApiTags('notifications')
@Controller('notification-templates')
export class TemplatesController {
  constructor(@Inject(Config) private readonly config: Config) {}

  @Route('GET', {
    access: 'authenticated',
    summary: 'List what can be subscribed to',
    description: 'Every event with its kinds; a subscription names either.',
    errors: [],
    answer: templatesOut,
    example: { response: { items: [exampleTemplate] } },
  })
  list() {
    return { items: EVENT_NAMES.map(templateOf) };
  }

  @Route('GET :event/preview', {
    access: 'authenticated',
    summary: 'See what is said of an event',
    description: 'An example, as a mail says it in plain text and as HTML.',
    errors: [eventUnknown],
    answer: previewOut,
    example: { response: previewOf(EXAMPLE, 'https://tidegate.example.com') },
  })
  preview(@Param({ schema: templateParams }) { event }: z.output<typeof templateParams>) {
    if (!isEventName(event)) throw eventUnknown();
    return previewOf(event, this.config.publicUrl);
  }
}

function templateOf(event: (typeof EVENT_NAMES)[number]): z.output<typeof templateOut> {
  const { title, readers } = wordingOf(event);
  return { event, kinds: [...kindsOf(event)], title: title(sampleOf(event)), permission: readers };
}

function previewOf(
  event: (typeof EVENT_NAMES)[number],
  publicUrl: string | null,
): z.output<typeof previewOut> {
  const message = render(sampleOf(event), { tenant: 'acme', publicUrl });
  const { title, html, link, fields } = message;
  return { event, title, text: plainTextOf(message), html: html ?? '', link, fields: [...fields] };
}

import { z } from 'zod';
import { channelKind } from '../channel-kind.js';
import { cut, plainText } from '../message.js';
import { taken } from '../receipts.js';

/** A line is for whoever watches the log; the whole text is in the delivery. */
const CHARACTERS = 1_000;

/** A line of the worker's own log: what an installation has that is connected to nothing. */
export const consoleChannel = channelKind({
  kind: 'console',
  title: 'Log of the installation',
  params: z.strictObject({}),
  secretParams: z.strictObject({}),
  isSigned: false,
  place: () => null,
  async send({ title, text, link, event }, { id }, { line }) {
    const facts = {
      delivery: id,
      event: event.name,
      tenant: event.tenant,
      subject: `${event.subject.kind} ${event.subject.id}`,
      // Quoted by JSON, and without what a terminal obeys.
      text: cut(plainText(text), CHARACTERS),
      link,
    };
    line(facts, `notification: ${plainText(title)}`);
    return taken();
  },
});

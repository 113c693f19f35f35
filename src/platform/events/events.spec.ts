import type { Audit } from '../audit/audit.js';
import type { AuditRecord } from '../audit/audit-record.js';
import { Context, OpenContext } from '../context.js';
import type { Transaction } from '../database/transaction.js';
import { eventType } from './event.js';
import { Events } from './events.js';

const kettleBoiled = eventType<{ litres: number }>({
  name: 'spec-kettle-boiled',
  subject: 'kettle',
  audit: 'configuration',
  hint: 'gate',
});
const kettleLooked = eventType({ name: 'spec-kettle-looked-at', subject: 'kettle' });
const kettleBroke = eventType({ name: 'spec-kettle-broke', subject: 'kettle', mustBeHeard: true });

function rig() {
  const audited: AuditRecord[] = [];
  const hints: (() => unknown)[] = [];
  const published: [string, string][] = [];
  const audit: Audit = { append: async (open, record) => void audited.push(record) };
  const events = new Events({ publish: (topic, id) => void published.push([topic, id]) }, audit);
  const tx = { afterCommit: (hint: () => unknown) => void hints.push(hint) };
  const ctx = Context.system('tenant', 'spec');
  const open = new OpenContext(ctx, tx as unknown as Transaction, events);
  const commit = async () => {
    for (const hint of hints) await hint();
  };
  return { events, open, audited, published, commit };
}

describe('recording an event', () => {
  it('writes the audit entry, and hints after the commit only', async () => {
    const { open, audited, published, commit } = rig();
    await open.record(kettleBoiled('k1', { litres: 2 }));
    expect(audited).toEqual([
      {
        category: 'configuration',
        action: 'spec-kettle-boiled',
        subject: { kind: 'kettle', id: 'k1' },
        result: 'allowed',
        body: { litres: 2 },
      },
    ]);
    expect(published).toEqual([]);
    await commit();
    expect(published).toEqual([['gate', 'k1']]);
  });

  it('says that it was refused', async () => {
    const { open, audited } = rig();
    await open.record(kettleBoiled('k1', { litres: 2 }, 'denied'));
    expect(audited[0]).toMatchObject({ result: 'denied' });
  });

  it('keeps no entry of what is not for the audit trail', async () => {
    const { open, audited } = rig();
    await open.record(kettleLooked('k1', {}));
    expect(audited).toEqual([]);
  });

  it('tells who listens: in the transaction, and after it', async () => {
    const { events, open, commit } = rig();
    const told: string[] = [];
    events.hear(kettleBoiled, async (open, { body }) => void told.push(`during ${body.litres}`));
    events.hearAfter(kettleBoiled, (ctx) => void told.push(`after ${ctx instanceof OpenContext}`));
    await open.record(kettleBoiled('k1', { litres: 2 }));
    expect(told).toEqual(['during 2']);
    await commit();
    expect(told).toEqual(['during 2', 'after false']);
  });

  it('fails with its listener', async () => {
    const { events, open } = rig();
    events.hear(kettleLooked, () => Promise.reject(new Error('no power')));
    await expect(open.record(kettleLooked('k1', {}))).rejects.toThrow('no power');
  });
});

it.each(['hear', 'hearAfter'] as const)('starts only when somebody listens, by %s', (listen) => {
  const { events } = rig();
  expect(() => events.refuseUnheard()).toThrow('spec-kettle-broke');
  events[listen](kettleBroke, async () => undefined);
  expect(() => events.refuseUnheard()).not.toThrow();
});

it('knows one type of event by each name', () => {
  const twice = () => eventType({ name: 'spec-kettle-broke', subject: 'kettle' });
  expect(twice).toThrow('two types of event named "spec-kettle-broke"');
});

describe('a transaction in somebody else’s name', () => {
  it('is of the same tenant', () => {
    const { open } = rig();
    expect(open.as(Context.system('tenant', 'other')).actor.id).toBe('other');
    expect(() => open.as(Context.system('stranger', 'other'))).toThrow('of one tenant');
  });
});

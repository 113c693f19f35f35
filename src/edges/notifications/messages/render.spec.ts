import { EVENT_NAMES } from './event-names.js';
import type { Occurrence } from './occurrence.js';
import { plainTextOf, render } from './render.js';
import { sampleOf } from './samples.js';

const around = { tenant: 'acme', publicUrl: 'https://tidegate.example.org' };
const asked = sampleOf('approval-requested');

describe('every event', () => {
  it.each(EVENT_NAMES)('%s has a title, sentences and the same as HTML', (name) => {
    const message = render(sampleOf(name), around);
    expect(message.title).toMatch(/^[\p{L}].{8,}/u);
    for (const line of message.text.split('\n')) expect(line).toMatch(/^\S.*\S[.?]$/);
    expect(`${message.title} ${message.text}`).not.toMatch(/undefined|null|\[object|NaN|\?\?/);
    expect(message.html).toContain('<p>');
    expect(message.event).toMatchObject({ name, tenant: 'acme' });
  });

  it.each(EVENT_NAMES)('%s can be told by a version that wrote nothing of it', (name) => {
    const bare: Occurrence = { ...sampleOf(name), modules: [], environments: [], body: {} };
    const { title, text } = render(bare, around);
    expect(`${title} ${text}`).not.toMatch(/undefined|null|\[object|NaN/);
    const odd = { ...bare, body: { version: 7, rules: [1], deadlineAt: 'soon', reason: { a: 1 } } };
    expect(() => render(odd, around)).not.toThrow();
  });
});

describe('the message of an approval', () => {
  it('says what, where, who asked and until when, and leads to the page of the decision', () => {
    const { title, fields, link } = render(asked, around);
    expect(title).toBe('Approval asked for: orders 2.1.0 in Production');
    expect(Object.fromEntries(fields.map(({ name, value }) => [name, value]))).toEqual({
      Module: 'orders',
      Version: '2.1.0',
      Environment: 'Production',
      'Asked for by': 'grace',
      Policies: 'Production needs an Admin',
      'Decide by': '1 December 2026, 09:00 UTC',
    });
    expect(link).toBe(`https://tidegate.example.org/deployments/${asked.subject.id}/approval`);
  });

  it('has no link where the installation has no address', () => {
    const message = render(asked, { ...around, publicUrl: null });
    expect(message.link).toBeNull();
    expect(message.html).not.toContain('href');
  });

  it('as a mail says all of it in plain text, too', () => {
    const text = plainTextOf(render(asked, around));
    expect(text).toContain('Decide by: 1 December 2026, 09:00 UTC');
    expect(text).toContain(`/deployments/${asked.subject.id}/approval\n`);
    expect(text).toContain('tenant acme');
  });

  it('says how long there is left', () => {
    const reminded = { ...sampleOf('approval-reminded'), at: new Date('2026-12-01T08:00:00Z') };
    expect(render(reminded, around).text).toContain('in 60 minutes unless it is approved');
  });
});

describe('what people have written', () => {
  it.each([
    ['markup', '<img src=x onerror=alert(1)>'],
    ['the end of an attribute', '"><script>alert(1)</script>'],
    ['a header', 'fine\r\nBcc: eve@example.org'],
    ['letters from right to left', 'fine\u202egpj.exe'],
    ['a whole mail', 'a'.repeat(5_000)],
    ['a link', 'see https://evil.example/login or www.evil.example'],
  ])('stays text when it is %s', (_what, reason) => {
    const rejected = { ...sampleOf('approval-rejected'), actor: reason, environments: [reason] };
    const { title, html, text, fields } = render({ ...rejected, body: { reason } }, around);
    expect(html).not.toMatch(/<img|<script|onerror=alert\(1\)>/);
    expect(title).not.toMatch(/[\r\n\u202e]/);
    expect(text.split('\n').filter((line) => line.startsWith('Bcc:'))).toEqual([]);
    expect(fields.every(({ value }) => value.length < 320)).toBe(true);
    expect(`${title} ${text} ${html}`).not.toMatch(/https?:\/\/evil|evil\.example/);
  });
});

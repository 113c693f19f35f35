import { credentialChangedMail, invitationMail, passwordResetMail } from './mail-templates.js';

const goodUntil = new Date('2026-12-03T03:15:59Z');
const facts = {
  to: 'ada@example.org',
  link: 'https://tidegate.example/i?a=1&b=2',
  goodUntil,
  tenantName: 'Acme',
  inviterName: 'Bob',
};

describe('the text of a mail', () => {
  it('says who, where, until when, and what to do if one did not ask for it', () => {
    const { subject, text, html } = invitationMail(facts);
    expect(subject).toBe('Invitation to Acme on Tidegate');
    expect(text).toContain('Bob invites you to Acme on Tidegate.');
    expect(text).toContain(`\n${facts.link}\n`);
    expect(text).toContain('until 3 December 2026, 03:15 UTC.');
    expect(text).toContain('If you do not know what this is about, ignore this mail');
    expect(html).toContain('href="https://tidegate.example/i?a=1&#38;b=2"');
  });

  it.each([
    ['markup', '<img src=x onerror=alert(1)>'],
    ['the end of an attribute', '"><script>alert(1)</script>'],
    ['an attribute', "' onmouseover='x"],
    ['a header', 'Acme\r\nBcc: eve@example.org'],
    ['letters from right to left', 'Acme\u202egpj.exe'],
    ['a whole mail', 'a'.repeat(5_000)],
  ])('is not written by who chose %s as a name', (_what, tenantName) => {
    const { subject, text, html } = invitationMail({
      ...facts,
      tenantName,
      inviterName: tenantName,
    });
    expect(html).not.toMatch(/<img|<script|onmouseover='/);
    expect(subject).not.toMatch(/[\r\n\u202e]/);
    expect(text.split('\n')[0]!.length).toBeLessThan(300);
    expect(text.split('\n').filter((line) => line.startsWith('Bcc:'))).toEqual([]);
  });

  it('has no link but its own, whatever a tenant is called', () => {
    const { text } = invitationMail({ ...facts, tenantName: 'https://evil.example/login' });
    expect(text.match(/https?:\/\/[^\s]+/g)).toEqual([facts.link]);
  });

  it('of a reset tells neither who asked nor whether it was done', () => {
    const { text, kind } = passwordResetMail(facts);
    expect(kind).toBe('password-reset');
    expect(text).toContain('your password stays as it is');
  });

  it('of a change says what, when and from where, and has no link', () => {
    const at = new Date('2026-11-30T23:05:00Z');
    const changed = { to: 'ada@example.org', change: 'factor-removed', at, goodUntil } as const;
    const { subject, text } = credentialChangedMail({ ...changed, network: '192.0.2.7' });
    expect(subject).toBe('A second factor was removed from your account (Tidegate)');
    expect(text).toContain('at 30 November 2026, 23:05 UTC, from 192.0.2.7.');
    expect(text).toContain('If it was not you, reset your password at once');
    expect(text).not.toMatch(/https?:/);
    expect(credentialChangedMail({ ...changed, network: null }).text).toContain('23:05 UTC.');
  });
});

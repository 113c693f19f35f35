import { describe, expect, it } from '@jest/globals';
import { claimDomainBody } from './domains.dto.js';

describe('a domain', () => {
  it.each(['acme.example', 'a.b.c.example', 'xn--mnchen-3ya.example'])('may be %s', (domain) => {
    expect(claimDomainBody.safeParse({ domain }).success).toBe(true);
  });

  it.each(['Acme.example', 'acme', 'a..b', '-a.example', 'ä.example', '1.2.3.4', 'a.example.'])(
    'is not %s',
    (domain) => {
      expect(claimDomainBody.safeParse({ domain }).success).toBe(false);
    },
  );
});

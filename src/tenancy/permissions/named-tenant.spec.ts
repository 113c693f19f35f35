import { namedTenant } from './named-tenant.js';

const PUBLIC = 'https://tidegate.example.com';
const named = (host: string, said?: string, publicUrl: string | null = PUBLIC) =>
  namedTenant({ host, said }, publicUrl);

describe('the tenant that a request names', () => {
  it.each([
    ['tidegate.example.com', undefined, undefined],
    ['tidegate.example.com', 'acme', 'acme'],
    ['acme.tidegate.example.com', undefined, 'acme'],
    ['ACME.tidegate.example.com', undefined, 'acme'],
    ['acme.tidegate.example.com', 'acme', 'acme'],
    // No subdomain of ours, or more than one label of it.
    ['acme.example.com', undefined, undefined],
    ['evil-tidegate.example.com', undefined, undefined],
    ['a.b.tidegate.example.com', undefined, undefined],
    ['.tidegate.example.com', undefined, undefined],
    ['10.0.0.7', undefined, undefined],
    ['', undefined, undefined],
  ])('of %j with X-Tenant %j is %j', (host, said, slug) => {
    expect(named(host, said)).toBe(slug);
  });

  it('is told by the said alone where nobody has said the public address', () => {
    expect(named('acme.tidegate.example.com', undefined, null)).toBeUndefined();
    expect(named('acme.tidegate.example.com', 'globex', null)).toBe('globex');
  });

  it('is never two', () => {
    expect(() => named('acme.tidegate.example.com', 'globex')).toThrow(
      expect.objectContaining({ code: 'tenant-mismatch' }),
    );
  });
});

import { namedTenant } from './named-tenant.js';

const PUBLIC = 'https://tidegate.example.com';
const named = (host: string, header?: string, publicUrl: string | null = PUBLIC) =>
  namedTenant({ host, header }, publicUrl);

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
  ])('of %j with X-Tenant %j is %j', (host, header, slug) => {
    expect(named(host, header)).toBe(slug);
  });

  it('is told by the header alone where nobody has said the public address', () => {
    expect(named('acme.tidegate.example.com', undefined, null)).toBeUndefined();
    expect(named('acme.tidegate.example.com', 'globex', null)).toBe('globex');
  });

  it('is never two', () => {
    expect(() => named('acme.tidegate.example.com', 'globex')).toThrow(
      expect.objectContaining({ code: 'tenant-mismatch' }),
    );
  });
});

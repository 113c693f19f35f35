import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

/** What a person finds who has typed the address that `npm start` prints. */
let http: HttpAppForTest;
beforeAll(async () => {
  http = await startHttpApp({
    pages: '/nowhere',
    environment: { TIDEGATE_PUBLIC_URL: 'https://tidegate.example.com' },
  });
});
afterAll(() => http.close());

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const get = (accept?: string, method = 'GET') =>
  fetch(`${http.url}/`, { method, ...(accept ? { headers: { accept } } : {}) });

describe('GET /', () => {
  it('answers a browser with a page that says where to go, and runs nothing', async () => {
    const answer = await get(BROWSER);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('vary')).toBe('accept');
    const page = await answer.text();
    expect(page).toContain('npx tidegate login --server https://tidegate.example.com');
    expect(page).toContain('npm run build');
    expect(page).not.toMatch(/<script|https?:\/\/(?!tidegate\.example\.com)/);
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toContain('api/docs');
    for (const link of links) {
      expect((await fetch(new URL(link, `${http.url}/`))).status).toBe(200);
    }
  });

  it.each([undefined, 'application/json', '*/*'])(
    'answers a program (%s) with links',
    async (accept) => {
      const answer = await get(accept);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      const { links } = (await answer.json()) as { links: Record<string, string> };
      expect(Object.keys(links)).toEqual(['documentation', 'openapi', 'live', 'ready']);
      for (const link of Object.values(links)) {
        expect((await fetch(new URL(link, `${http.url}/`))).status).toBe(200);
      }
    },
  );

  it('is all that there is: other methods find nothing, HEAD does', async () => {
    expect((await get(BROWSER, 'HEAD')).status).toBe(200);
    expect((await get(BROWSER, 'POST')).status).toBe(404);
  });
});

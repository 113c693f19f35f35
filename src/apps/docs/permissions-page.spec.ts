import { describedApi } from './openapi-page.js';
import { entriesOf, permissionsPage } from './permissions-page.js';

describe('the page of permissions', () => {
  it('has each route of the document, and each message of the socket, in exactly one row', async () => {
    const api = await describedApi();
    const page = await permissionsPage();
    const rows = page
      .split('\n')
      .flatMap((line) => /^\| `((?:[A-Z]+ |socket )[^`]+)`/.exec(line)?.[1] ?? []);
    const routes = Object.entries(api.document.paths).flatMap(([path, item]) =>
      (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) =>
        item[method] ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    );
    const messages = api.handlers.filter(({ transport }) => transport === 'socket');
    expect(routes.length).toBeGreaterThan(40);
    expect(messages.length).toBeGreaterThan(0);
    expect([...rows].sort()).toEqual(
      [...routes, ...messages.map(({ method }) => `socket ${method}`)].sort(),
    );
  });

  it('is not made of a route that belongs to no handler', async () => {
    const { document } = await describedApi();
    expect(() => entriesOf({ document, handlers: [] })).toThrow('nobody knows who may call');
  });
});

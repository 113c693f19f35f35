import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../../platform/config/config.js';

/** Relative: a proxy may have put all of it below a path. */
const links = {
  documentation: 'api/docs',
  openapi: 'api/openapi.json',
  live: 'health/live',
  ready: 'health/ready',
} as const;

/**
 * What stands at `/` until a dashboard takes its place: where to go from here. People get a page, programs the
 * same as JSON. It knows nothing of anybody, so it asks for nothing.
 */
export function serveFrontPage(
  app: NestFastifyApplication,
  { publicOrigin }: Pick<Config, 'publicOrigin'>,
): void {
  const page = pageOf(`npx tidegate login --server ${publicOrigin} --username admin`);
  const json = JSON.stringify({ name: 'Tidegate', links });
  const server = app.getHttpAdapter().getInstance();
  server.get('/', (request, reply) => {
    const isPerson = /\btext\/html\b/i.test(request.headers.accept ?? '');
    void reply.headers({ vary: 'accept', 'cache-control': 'no-cache' });
    return isPerson
      ? reply.type('text/html; charset=utf-8').send(page)
      : reply.type('application/json; charset=utf-8').send(json);
  });
}

function pageOf(command: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidegate</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }
  pre { padding: 0.75rem 1rem; border: 1px solid; border-radius: 0.4rem; overflow-x: auto; }
</style>
<h1>Tidegate</h1>
<p>The control plane runs here. Sign in from a terminal, in the folder of your clone:</p>
<pre>${escaped(command)}</pre>
<ul>
  <li><a href="${links.documentation}">The API, to read and to try</a></li>
  <li><a href="${links.openapi}">Its OpenAPI document</a></li>
  <li><a href="${links.ready}">Whether it is ready</a></li>
</ul>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

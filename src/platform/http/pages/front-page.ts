import { NONCE_PLACE } from './built-pages.js';

/** Relative: a proxy may have put all of it below a path. */
const links = {
  documentation: 'api/docs',
  openapi: 'api/openapi.json',
  live: 'health/live',
  ready: 'health/ready',
} as const;

/** What programs find at `/`: where to go from here. */
export const FRONT_LINKS = JSON.stringify({ name: 'Tidegate', links });

/** In place of a dashboard that nobody has built. It knows nothing of anybody, so it asks for nothing. */
export function frontPage(publicOrigin: string): string {
  const command = `npx tidegate login --server ${publicOrigin} --username admin`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidegate</title>
<style nonce="${NONCE_PLACE}">
  :root { color-scheme: light dark; }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }
  pre { padding: 0.75rem 1rem; border: 1px solid; border-radius: 0.4rem; overflow-x: auto; }
</style>
<h1>Tidegate</h1>
<p>The control plane runs here; its dashboard has not been built. In the folder of your clone, build it and start again:</p>
<pre>npm run build</pre>
<p>Or sign in from a terminal there:</p>
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

import { configurationPage } from './configuration-page.js';
import { errorsPage } from './errors-page.js';
import { openapiPage } from './openapi-page.js';
import { permissionsPage } from './permissions-page.js';
import { settingsPage } from './settings-page.js';
import { statesPage } from './states-page.js';

/** Pages under docs/ that are made from the code; a test fails when one is out of date. */
export const generatedPages: Readonly<Record<string, () => string | Promise<string>>> = {
  'configuration.md': configurationPage,
  'errors.md': errorsPage,
  'openapi.json': openapiPage,
  'permissions.md': permissionsPage,
  'settings.md': settingsPage,
  'states.md': statesPage,
};

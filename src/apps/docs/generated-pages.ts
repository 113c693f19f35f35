import { configurationPage } from './configuration-page.js';
import { errorsPage } from './errors-page.js';

/** Pages under docs/ that are made from the code; a test fails when one is out of date. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'configuration.md': configurationPage,
  'errors.md': errorsPage,
};

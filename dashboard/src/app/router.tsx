import {
  createRootRoute,
  createRoute,
  createRouter,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router';
import SignIn from '../pages/sign-in/page.tsx';
import { ErrorPage, NotFoundPage } from './error-page.tsx';
import { type Page, pages } from './pages.ts';
import { Shell } from './shell.tsx';
import { Titled } from './titled.tsx';

/** Texts in the address and nothing else: what people read and share has no JSON in it. */
const asTexts = (search: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(search as object).filter(([, value]) => typeof value === 'string'),
  );

const root = createRootRoute({ notFoundComponent: NotFoundPage, errorComponent: ErrorPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: asTexts,
  component: () => (
    <Titled title="Sign in">
      <SignIn />
    </Titled>
  ),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const routeOf = ({ path, title, body: Body }: Page) =>
  createRoute({
    getParentRoute: () => shell,
    path,
    validateSearch: asTexts,
    errorComponent: ErrorPage,
    component: () => (
      <Titled title={title}>
        <Body />
      </Titled>
    ),
  });

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren(pages.map(routeOf))]),
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith((value) => String(value)),
  defaultPreload: false,
  scrollRestoration: true,
});

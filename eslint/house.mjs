// The rules of this house, for ESLint. What still breaks one is listed in test/architecture/exceptions.json,
// file by file; a file that is listed and breaks it no more is an error, too, so that the lists only shrink.
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';

const root = new URL('..', import.meta.url);
const exceptions = JSON.parse(
  readFileSync(new URL('test/architecture/exceptions.json', root), 'utf8'),
);

/** A rule that reports each node of the selectors, unless the file is on the list of that name. */
function listed({ list, selectors, message, isExempt = () => false }) {
  return {
    meta: { type: 'problem', schema: [], messages: { broken: message, mended: MENDED } },
    create(context) {
      const file = relative(root.pathname, context.filename).split(sep).join('/');
      if (isExempt(file)) return {};
      const isListed = exceptions[list].includes(file);
      let broken = 0;
      const report = (node) => {
        broken += 1;
        if (!isListed) context.report({ node, messageId: 'broken' });
      };
      const end = (node) => {
        if (isListed && broken === 0) context.report({ node, messageId: 'mended', data: { list } });
      };
      const visitors = selectors.map((selector) => [selector, report]);
      return Object.fromEntries([...visitors, ['Program:exit', end]]);
    },
  };
}

const MENDED =
  'This file breaks the rule no more: take it off "{{list}}" in test/architecture/exceptions.json.';

/** `tx.query(…)`, `open.tx.query(…)`, `this.tx.query(…)`. */
const sent = (method) => [
  `CallExpression[callee.object.name="tx"][callee.property.name=${method}]`,
  `CallExpression[callee.object.property.name="tx"][callee.property.name=${method}]`,
];

const STORES = /\.(store|queries|views)\.ts$|^src\/platform\/database\/|\.spec\.ts$/;

export default {
  rules: {
    'no-literal-spreads': listed({
      list: 'literalSpreads',
      selectors: [
        'ObjectExpression > SpreadElement > ObjectExpression',
        'ArrayExpression > SpreadElement > ArrayExpression',
        'CallExpression > SpreadElement > ArrayExpression',
        'NewExpression > SpreadElement > ArrayExpression',
      ],
      message: 'Write it out: a spread of a literal hides misspelt properties from the compiler.',
    }),
    'sql-in-stores': listed({
      list: 'sqlOutsideStores',
      selectors: sent('/^(query|queryPlannedOnce|first|execute)$/'),
      message: 'Statements are sent by *.store.ts, *.queries.ts and *.views.ts only.',
      isExempt: (file) => STORES.test(file),
    }),
    'repositories-in-services': listed({
      list: 'repositoriesOutsideServices',
      selectors: sent('"repository"'),
      message: 'A repository is used by the service, the store or the queries of its noun only.',
      isExempt: (file) => STORES.test(file) || file.endsWith('.service.ts'),
    }),
  },
};

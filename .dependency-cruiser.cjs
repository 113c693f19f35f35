// src/ is listed in import order: a folder may import only from folders BELOW it in this list.
// The list is the architecture; docs/architecture.md section "The house" explains it.
const order = [
  'apps',
  'edges',
  'deployments',
  'releases',
  'fleet',
  'tenancy',
  'engine',
  'drivers',
  'agent',
  'platform',
  'kernel',
];

const upward = order.slice(1).map((folder, index) => ({
  name: `no-upward-import-from-${folder}`,
  comment: `src/${folder} may import only folders below it.`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: `^src/(${order.slice(0, index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-cycles',
      comment: 'Two files that import each other are one file, or one direction is wrong.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'kernel-is-pure',
      comment: 'kernel is plain TypeScript: no Nest, no database, no other folder.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^node_modules/(@nestjs|typeorm|pg|bullmq|ioredis|fastify|pino|socket\\.io)' },
    },
    {
      name: 'agent-imports-kernel-only',
      comment: 'The program on a node must not drag the control plane along.',
      severity: 'error',
      from: { path: '^src/agent/' },
      to: { path: '^src/', pathNot: '^src/(agent|kernel)/' },
    },
    {
      name: 'strategies-are-pure',
      comment: 'A strategy sees facts and returns a plan; it cannot reach a driver or a service.',
      severity: 'error',
      from: { path: '^src/deployments/strategies/' },
      to: { path: '^src/', pathNot: '^src/(kernel|engine|deployments/(strategies|gates))/' },
    },
    {
      name: 'engine-knows-no-driver',
      comment: 'engine and drivers do not know each other; deployments/steps joins them.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/drivers/' },
    },
    {
      name: 'cli-speaks-the-sdk-only',
      comment:
        'The CLI is a client like any other; what it proves offline, it proves by these. It counts in words and knows a full disk, as all do.',
      severity: 'error',
      from: { path: '^src/apps/cli/' },
      to: {
        path: '^src/',
        pathNot: '^src/(apps/cli|kernel/(tlog|receipt))/|^src/kernel/(counted|disk-problem)\\.ts$',
      },
    },
    {
      name: 'tlog-stands-alone',
      comment:
        'Whoever checks a log offline loads this folder, and nothing of a server or a network.',
      severity: 'error',
      from: { path: '^src/kernel/tlog/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '.',
        pathNot: '^src/kernel/(tlog/|canonical-json\\.ts$)|^(node:)?(crypto|buffer)$',
      },
    },
    {
      name: 'receipts-stand-alone',
      comment: 'Whoever checks a receipt offline loads these, and nothing of a server.',
      severity: 'error',
      from: { path: '^src/kernel/(receipt|signed-decisions)/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '.',
        pathNot:
          '^src/kernel/((receipt|signed-decisions|tlog)/|(canonical-json|digest)\\.ts$)|^(node:)?(crypto|buffer)$|^node_modules/zod/',
      },
    },
    {
      name: 'edges-are-imported-by-apps-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(apps|edges)/' },
      to: { path: '^src/edges/' },
    },
    {
      name: 'dashboard-speaks-the-api-only',
      comment:
        'The dashboard is a client like any other: of the server it knows the generated types.',
      severity: 'error',
      from: { path: '^dashboard/' },
      to: { path: '^(src|test|bench|scripts)/|^sdks/(?!typescript/src/schema\\.ts$)' },
    },
    {
      name: 'nothing-imports-the-dashboard',
      severity: 'error',
      from: { path: '^(src|sdks|bench)/' },
      to: { path: '^dashboard/' },
    },
    {
      name: 'dashboard-pages-know-no-other-page',
      comment: 'What two pages share is in dashboard/src/ui or dashboard/src/api.',
      severity: 'error',
      from: { path: '^dashboard/src/pages/([^/]+)/' },
      to: { path: '^dashboard/src/pages/', pathNot: '^dashboard/src/pages/$1/' },
    },
    {
      name: 'dashboard-parts-know-no-page',
      severity: 'error',
      from: { path: '^dashboard/src/(api|live|ui)/' },
      to: { path: '^dashboard/src/(pages|app/(pages|router|shell))' },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};

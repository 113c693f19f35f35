// What `npm run NAME -- --help` says of the scripts that have no help of their own: a sentence, the options, an
// example. Only Node's own modules, since it is asked before the packages are there; starts nothing.

const jestOptions = [
  ['FILE …', 'only files whose path has one of these in it'],
  ["-t 'WORDS'", 'only tests whose name has these words'],
  ['--maxWorkers=N', 'so many files at once'],
];

/** By script: what it does, its options, and an example. */
export const helpTexts = {
  start: {
    about:
      'Starts the control plane with a PostgreSQL of its own; Ctrl-C stops both, and nodes run on.',
    options: [
      ['TIDEGATE_HOME', 'where it keeps everything (.tidegate)'],
      ['TIDEGATE_LISTEN', 'address and port (127.0.0.1:8080)'],
      ['', 'docs/configuration.md has all variables'],
    ],
    example: 'TIDEGATE_LISTEN=127.0.0.1:9000 npm start',
  },
  worker: {
    about: 'Starts a worker of cluster mode, which moves rollouts on; standalone mode needs none.',
    options: [
      ['TIDEGATE_MODE=cluster', 'with DATABASE_URL and REDIS_URL, as the API has them'],
      ['TIDEGATE_METRICS_LISTEN', 'its metrics and probes (0.0.0.0:9464)'],
      ['', 'docs/configuration.md has all variables'],
    ],
    example: 'TIDEGATE_MODE=cluster DATABASE_URL=… REDIS_URL=… npm run worker',
  },
  demo: {
    about: 'A control plane, six nodes and traffic on this machine: a good release and a bad one.',
    options: [
      ['--once', 'approves by itself and ends: 0 if it came out as told, 1 with the reason if not'],
    ],
    example: 'npm run demo -- --once',
  },
  test: {
    about: 'Runs the unit, integration and end-to-end tests with coverage, or only those named.',
    options: jestOptions,
    example: "npm test -- src/kernel/fold.spec.ts -t 'folds'",
  },
  clean: {
    about:
      'Ends agents, fronts and releases of the nodes in .tidegate, and demos that were killed.',
    options: [
      ['--data', 'and removes .tidegate: the database, keys, artifacts and nodes are gone'],
    ],
    example: 'npm run clean',
  },
  'make-dev-certificate': {
    about: 'Makes a certificate for trying TLS on this machine, by openssl. Not for production.',
    options: [
      ['NAME …', 'more names and addresses than localhost'],
      ['--out DIR', 'where the files go (.tidegate/tls)'],
      ['--days N', 'how long it is good, 1 to 397 (30)'],
      ['--force', 'replaces files that are there'],
    ],
    example: 'npm run make-dev-certificate -- tidegate.test 192.0.2.7',
  },
  check: {
    about: 'Checks format, lint, types, imports and dead code, and runs the unit tests.',
    options: [],
    example: 'npm run check',
  },
  build: {
    about: 'Compiles src and the dashboard into dist; other commands do so when they have to.',
    options: [],
    example: 'npm run build',
  },
  'build:dashboard': {
    about:
      'Builds the dashboard alone into dist/dashboard, where a running server reads it at its start.',
    options: [],
    example: 'npm run build:dashboard',
  },
  'check:types': {
    about: 'Checks the types of the server with its tests, and those of the dashboard.',
    options: [],
    example: 'npm run check:types',
  },
  'docs:generate': {
    about: 'Writes the generated pages of docs, openapi.json and the types of the SDK anew.',
    options: [],
    example: 'npm run docs:generate',
  },
  newcomer: {
    about: 'Follows README, deploying.md and agent.md literally, in a fresh clone.',
    options: [['--recipes', 'follows docs/recipes instead: their code and their commands']],
    example: 'npm run newcomer',
  },
  'chaos:mutations': {
    about: 'Takes one defence after the other out of the sources and fails when nobody notices.',
    options: [],
    example: 'npm run chaos:mutations',
  },
  'test:architecture': {
    about: 'Checks imports, owners of tables, open contexts, statements and entities.',
    options: [
      ['--planted [WORD …]', 'whether each check can fail, for all faults or those with a word'],
      ['--shrink', 'takes out of the lists of exceptions what is mended'],
    ],
    example: 'npm run test:architecture -- --planted owner',
  },
  'test:isolation': {
    about: 'Calls every route and id as another tenant, and tells what could be learned.',
    options: [
      ['--without-rls', 'the same without row-level security: what is found then'],
      ...jestOptions,
    ],
    example: 'npm run test:isolation -- --without-rls',
  },
  'bench:smoke': {
    about: 'Runs each bench in a form of seconds, to see that it still runs.',
    options: [['BENCH …', 'only these']],
    example: 'npm run bench:smoke -- bench:swap',
  },
  'bench:strangers': {
    about: 'Measures what requests of strangers cost those who are known.',
    options: [
      ['--seconds N', 'of each attack (5)'],
      ['--connections N,N', 'how many at once, one after the other (0,1,4,16,64)'],
      ['--attacks NAME,NAME', 'which: an unknown one says what there is (keys)'],
    ],
    example: 'npm run bench:strangers -- --seconds 2 --attacks keys',
  },
  'bench:dashboard': {
    about:
      'Measures what a browser loads before the first page; fails beyond 250 kB of JavaScript.',
    options: [],
    example: 'npm run bench:dashboard',
  },
  'bench:archives': {
    about: 'Measures how fast archives are walked and unpacked.',
    options: [],
    example: 'npm run bench:archives',
  },
};

const COLUMN = 24;

export function helpText(name) {
  const { about, options, example } = helpTexts[name];
  const lines = options.map(([option, meaning]) =>
    `  ${option.padEnd(COLUMN)} ${meaning}`.trimEnd(),
  );
  const all = lines.length > 0 ? ['Options:', ...lines] : ['Options: none'];
  return [about, '', ...all, '', `Example: ${example}`, ''].join('\n');
}

/** Says it and ends the process, if that is what was asked. */
export function endWithHelp(name, words = process.argv.slice(2)) {
  if (!words.includes('--help') && !words.includes('-h')) return;
  process.stdout.write(helpText(name));
  process.exit(0);
}

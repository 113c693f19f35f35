/**
 * How a test file is loaded: its own code and the product's are evaluated anew for each file, so that no file
 * sees what another has left in a module; packages are Node's to load, once per worker. There is no mocking of
 * modules (`jest.mock`): nothing here is tested against one.
 */
'use strict';
const { createRequire } = require('node:module');
const { dirname, join, sep } = require('node:path');
const { existsSync, readFileSync } = require('node:fs');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { SourceTextModule, SyntheticModule } = require('node:vm');
const { default: Runtime } = require('jest-runtime');
const { LineCounter } = require('./line-counter.cjs');

const esm = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};
const circus = dirname(require.resolve('jest-circus/runner'));
const root = join(__dirname, '../../..');
const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** By specifier: what Node has loaded for this worker, as a module that others can be linked to. */
const packages = new Map();

module.exports = class ProcessRuntime extends Runtime {
  constructor(...given) {
    super(...given);
    const [config, , , , , coverageOptions] = given;
    this.own = new Map();
    this.lines = new LineCounter(config, coverageOptions);
  }

  /** Jest's own parts. What describes and runs the tests of a file keeps them: it is new for each. */
  requireInternalModule(from, to) {
    if (from.startsWith(circus)) {
      for (const path of Object.keys(require.cache)) {
        if (path.startsWith(circus)) delete require.cache[path];
      }
      delete globalThis[Symbol.for('EVENT_HANDLERS')];
    }
    return to === undefined ? require(from) : createRequire(from)(to);
  }

  async unstable_importModule(path) {
    return this.evaluated(await this.moduleOf(path));
  }

  collectV8Coverage() {
    return this.lines.start();
  }

  async stopCollectingV8Coverage() {
    await this.lines.take(this.transformCache.getEntries());
  }

  getAllV8CoverageInfoCopy() {
    return this.lines.taken;
  }

  teardown() {
    super.teardown();
    this.own.clear();
    // TypeORM's list of entities holds on to their classes, and these to all that they can see.
    delete globalThis.typeormMetadataArgsStorage;
  }

  async evaluated(module) {
    if (module.status === 'unlinked') {
      module.linking ??= module.link((specifier, { identifier }) =>
        this.resolved(specifier, identifier),
      );
    }
    await module.linking;
    module.evaluating ??= module.evaluate();
    await module.evaluating;
    return module;
  }

  resolved(specifier, from) {
    if (specifier === '@jest/globals') {
      return synthetic(specifier, this.jestGlobals.cjsGlobals(from));
    }
    const path = pathOf(specifier, from);
    if (path && !path.includes(`${sep}node_modules${sep}`)) return this.moduleOf(path);
    const name = path ? pathToFileURL(path).href : specifier;
    return once(packages, name, async () => synthetic(name, await import(name)));
  }

  moduleOf(path) {
    return once(this.own, path, () => {
      const code = this.transformCache.transform(path, esm);
      return new SourceTextModule(code, {
        identifier: path,
        initializeImportMeta: (meta) => this.describe(meta, path),
        importModuleDynamically: async (specifier, { identifier }) =>
          this.evaluated(await this.resolved(specifier, identifier)),
      });
    });
  }

  describe(meta, path) {
    const url = pathToFileURL(path).href;
    const resolve = (specifier) => new URL(specifier, url).href;
    const jest = this.jestGlobals.jestObjectFor(path);
    Object.assign(meta, { url, filename: path, dirname: dirname(path), resolve, jest });
  }
};

/** Of a file; undefined of what Node knows by its name. */
function pathOf(specifier, from) {
  const { 'tidegate-source': source } = imports[specifier] ?? {};
  if (source) return join(root, source);
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  if (!specifier.startsWith('.') && !specifier.startsWith('/')) return undefined;
  const path = specifier.startsWith('/') ? specifier : join(dirname(from), specifier);
  const typescript = path.replace(/\.js$/, '.ts');
  return existsSync(typescript) ? typescript : path;
}

function synthetic(identifier, exported) {
  const names = Object.keys(exported);
  const evaluate = function () {
    for (const name of names) this.setExport(name, exported[name]);
  };
  return new SyntheticModule(names, evaluate, { identifier });
}

function once(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

/**
 * Where a test file runs: in the worker's own realm, as the programs do. In a realm of its own, as jest's has it,
 * each file would load and compile all packages anew, and each look at a global would go through a proxy.
 * What a file changes of the process is put back after it.
 */
'use strict';
const { LegacyFakeTimers, ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

const timerConfig = { idToRef: (timer) => timer, refToId: (timer) => timer };

module.exports = class ProcessEnvironment {
  constructor({ projectConfig: config }) {
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    const forTimers = { config, global: globalThis, moduleMocker: this.moduleMocker, timerConfig };
    this.fakeTimers = new LegacyFakeTimers(forTimers);
    this.fakeTimersModern = new ModernFakeTimers(forTimers);
    this.before = {
      console: globalThis.console,
      exit: process.exit,
      exitCode: process.exitCode,
      folder: process.cwd(),
      variables: { ...process.env },
      names: new Set(Reflect.ownKeys(globalThis)),
    };
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    const { console, exit, exitCode, folder, variables, names } = this.before;
    globalThis.console = console;
    process.exit = exit;
    process.exitCode = exitCode;
    process.chdir(folder);
    for (const name of Object.keys(process.env)) {
      if (!(name in variables)) delete process.env[name];
    }
    Object.assign(process.env, variables);
    for (const name of Reflect.ownKeys(globalThis)) {
      // What cannot be deleted are expect's matchers, which are the same for each file.
      if (!names.has(name)) Reflect.deleteProperty(globalThis, name);
    }
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** None: there is no other realm than this one. That it can be asked is what jest counts lines by. */
  getVmContext() {
    return null;
  }
};

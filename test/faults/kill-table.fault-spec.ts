import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commitNames, failpoints } from '../../src/kernel/failpoint.js';
import { isKill, killRows, rowsOf } from './kill-rows.js';
import { playRows } from './kill-table.js';

describe('a process that dies at a failpoint', () => {
  it('has a row for every failpoint, every named commit and every kind of step', () => {
    const rows = new Set(killRows.map(({ at }) => at));
    expect(failpoints.filter((at) => !rows.has(at))).toEqual([]);
    const aboutOf = (wanted: string) =>
      killRows.flatMap((row) => (row.at === wanted && isKill(row) ? [row.about] : []));
    for (const at of ['database.commit:before', 'database.commit:after']) {
      expect(new Set(aboutOf(at))).toEqual(new Set(commitNames));
    }
    const kinds = readdirSync('src/deployments/steps')
      .filter((name) => name.endsWith('.step.ts'))
      .map((name) => name.replace('.step.ts', ''));
    expect(aboutOf('engine.action:after-effect').sort()).toEqual(kinds.sort());
  });

  playRows(rowsOf('places'));
});

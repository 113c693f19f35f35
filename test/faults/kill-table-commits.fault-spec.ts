import { describe } from '@jest/globals';
import { rowsOf } from './kill-rows.js';
import { playRows } from './kill-table.js';

describe('a process that dies at a commit', () => playRows(rowsOf('commits')));

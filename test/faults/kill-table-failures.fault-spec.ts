import { describe } from '@jest/globals';
import { rowsOf } from './kill-rows.js';
import { playRows } from './kill-table.js';

describe('a process in which a failpoint fails', () => playRows(rowsOf('failures')));

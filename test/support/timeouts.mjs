// Real servers on a busy machine: a hang is found, a slow start is not a failure.
import { jest } from '@jest/globals';

jest.setTimeout(90_000);

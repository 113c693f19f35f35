import { pino } from 'pino';
import type { InstanceRecord } from '../journal/journal.js';
import { type ModuleTools, stopInstance } from './module-tools.js';

it('closes its own connection to an instance before that is told to end', async () => {
  const deeds: string[] = [];
  const tools = {
    connections: { close: (instance: string) => deeds.push(`closed to ${instance}`) },
    launcher: {
      stop: async ({ instance }: InstanceRecord) => {
        deeds.push(`told ${instance}`);
        return 0;
      },
    },
    log: pino({ level: 'silent' }),
  } as unknown as ModuleTools;
  await stopInstance(tools, { instance: 'i' } as InstanceRecord, 1000);
  expect(deeds).toEqual(['closed to i', 'told i']);
});

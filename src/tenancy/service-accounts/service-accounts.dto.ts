import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { pageQuery } from '../../platform/http/page.js';
import { machineName } from '../access-keys/access-keys.dto.js';

export const serviceAccountRules = z
  .strictObject({ name: machineName, description: text(500).default('') })
  .meta({ id: 'ServiceAccountRules' });

export const serviceAccountParams = z.strictObject({ id: uuid });
export const serviceAccountsQuery = pageQuery;

export const serviceAccountOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    disabledAt: z.iso.datetime().nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ServiceAccount' });

export type ServiceAccountRules = z.output<typeof serviceAccountRules>;
export type ServiceAccountParams = z.output<typeof serviceAccountParams>;
export type ServiceAccountsQuery = z.output<typeof serviceAccountsQuery>;
export type ServiceAccountView = AnswerOf<typeof serviceAccountOut>;

export const exampleServiceAccount = {
  id: '019a7f3e-5100-7aaa-8bbb-0123456789ab',
  name: 'nightly',
  description: 'Deploys to QA every night',
  disabledAt: null,
  version: 1,
  createdAt: '2026-05-04T09:12:33.000Z',
};

import { Global, Module } from '@nestjs/common';
import { EnrollmentGrants } from '../../drivers/targets/agent/enrollment-grants.js';
import { StoredEnrollmentGrants } from './enrollment-grants.store.js';

/** A port of the agent's target, in every process that has one: so apart from the rest of tenancy. */
@Global()
@Module({
  providers: [{ provide: EnrollmentGrants, useClass: StoredEnrollmentGrants }],
  exports: [EnrollmentGrants],
})
export class EnrollmentGrantsModule {}

import { Module } from '@nestjs/common';
import { TenantDirectory } from './tenant-directory.js';

/** One copy for all of a process. */
@Module({ providers: [TenantDirectory], exports: [TenantDirectory] })
export class TenantDirectoryModule {}

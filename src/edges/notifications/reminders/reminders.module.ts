import { Module } from '@nestjs/common';
import { ReminderRunner } from './reminder-runner.js';

/** Watches the clock for approvals that nobody decides: in the worker. */
@Module({ providers: [ReminderRunner] })
export class RemindersModule {}

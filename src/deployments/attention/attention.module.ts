import { Module } from '@nestjs/common';
import { AttentionController } from './attention.controller.js';
import { Attention } from './attention.service.js';

/** What needs a person. It writes nothing. */
@Module({ controllers: [AttentionController], providers: [Attention] })
export class AttentionModule {}

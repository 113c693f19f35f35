import multipart from '@fastify/multipart';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/** Teaches the HTTP server multipart forms, which only the push of a release takes. */
@Injectable()
export class MultipartForms implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  async onModuleInit(): Promise<void> {
    // A process without an HTTP server (the worker) has the module for its services.
    const server = this.host.httpAdapter?.getInstance<FastifyInstance | undefined>();
    if (!server || server.hasContentTypeParser('multipart/form-data')) return;
    await server.register(multipart, { throwFileSizeLimit: false });
  }
}

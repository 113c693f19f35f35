import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';

/** Where SCIM is, as the operator has said it and never as a request says of itself. */
@Injectable()
export class ScimAddress {
  readonly base: string;

  constructor({ publicUrl, listen }: Config) {
    const origin = publicUrl ?? `http://localhost:${listen.port}`;
    this.base = `${origin.replace(/(?<!\/)\/+$/, '')}/scim/v2`;
  }
}

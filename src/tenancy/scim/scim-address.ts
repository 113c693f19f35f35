import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';

/** Where SCIM is, as the operator has said it and never as a request says of itself. */
@Injectable()
export class ScimAddress {
  readonly base: string;

  constructor({ publicOrigin }: Config) {
    this.base = `${publicOrigin}/scim/v2`;
  }
}

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Events } from './events.js';

/** At the end of the start, when every module has said what it listens to. */
@Injectable()
export class Heard implements OnApplicationBootstrap {
  constructor(private readonly events: Events) {}

  onApplicationBootstrap(): void {
    this.events.refuseUnheard();
  }
}

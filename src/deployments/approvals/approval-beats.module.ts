import {
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Beat } from '../../engine/beat.js';
import { messageOf } from '../../kernel/errors.js';
import { Logger } from '../../platform/logging/logger.js';
import { ApprovalsModule } from './approvals.module.js';
import { BreakGlassWatch } from './break-glass/break-glass-watch.js';
import { GateCallSender } from './external/gate-call-sender.js';

const CALLS_MS = 1_000;
/** A deadline of hours: half a minute more is nothing. */
const REVIEWS_MS = 30_000;

interface Looking {
  look(): Promise<void>;
}

/** Looks for what nobody wakes: gates to ask, and reviews whose time is over. In the worker. */
@Injectable()
class ApprovalBeats implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly beats: readonly Beat[];
  private readonly running = new Set<Promise<void>>();
  private readonly log: Logger;

  constructor(calls: GateCallSender, reviews: BreakGlassWatch, logger: Logger) {
    this.log = logger.child({ part: 'approvals' });
    this.beats = [
      new Beat(() => this.quietly(calls), CALLS_MS),
      new Beat(() => this.quietly(reviews), REVIEWS_MS),
    ];
  }

  onApplicationBootstrap(): void {
    for (const beat of this.beats) beat.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const beat of this.beats) beat.stop();
    await Promise.all(this.running);
  }

  private quietly(looking: Looking): Promise<void> {
    const look = looking.look().catch((error: unknown) => {
      this.log.warn({ error: messageOf(error) }, 'what waits beside approvals could not be read');
    });
    this.running.add(look);
    return look.finally(() => this.running.delete(look));
  }
}

@Module({ imports: [ApprovalsModule], providers: [ApprovalBeats] })
export class ApprovalBeatsModule {}

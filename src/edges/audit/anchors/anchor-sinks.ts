import type { Provider } from '@nestjs/common';
import { FilesystemObjectStore } from '../../../drivers/storage/filesystem/filesystem.object-store.js';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import { Config } from '../../../platform/config/config.js';
import { Logger } from '../../../platform/logging/logger.js';
import { ANCHOR_SINKS, type AnyAnchorSink } from './anchor-sink.js';
import { openWebhookSink } from './open-webhook-sink.js';
import { StoreSink } from './store-sink.js';

/** The object store always, and a folder and a webhook of the operator's choice. */
export const anchorSinks: Provider = {
  provide: ANCHOR_SINKS,
  inject: [Config, OBJECT_STORE, Logger],
  useFactory: async (
    config: Config,
    store: ObjectStore,
    logger: Logger,
  ): Promise<readonly AnyAnchorSink[]> => {
    const sinks: AnyAnchorSink[] = [new StoreSink('object-store', store)];
    const folder = config.auditAnchorFolder;
    if (folder !== null)
      sinks.push(new StoreSink('folder', await FilesystemObjectStore.open(folder)));
    const webhook = await openWebhookSink(config, logger.child({ part: 'audit' }));
    return webhook === null ? sinks : [...sinks, webhook];
  },
};

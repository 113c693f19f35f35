import type { Provider } from '@nestjs/common';
import { FilesystemObjectStore } from '../../../drivers/storage/filesystem/filesystem.object-store.js';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import { Config } from '../../../platform/config/config.js';
import { ANCHOR_SINKS, type AnchorSink } from './anchor-sink.js';
import { StoreSink } from './store-sink.js';

/** The object store always, and a folder of the operator's choice. */
export const anchorSinks: Provider = {
  provide: ANCHOR_SINKS,
  inject: [Config, OBJECT_STORE],
  useFactory: async (config: Config, store: ObjectStore): Promise<readonly AnchorSink[]> => {
    const sinks = [new StoreSink('object-store', store)];
    const folder = config.auditAnchorFolder;
    if (folder !== null)
      sinks.push(new StoreSink('folder', await FilesystemObjectStore.open(folder)));
    return sinks;
  },
};

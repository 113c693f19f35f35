import { registry } from '../../kernel/registry.js';
import { filesystemObjectStore } from './filesystem/filesystem.object-store.js';

/** Every kind of object store. A new one is a folder beside this file and a line here. */
export const objectStores = registry('object store', [filesystemObjectStore]);

import type { ModuleOutput } from './module-output.js';

/** Who writes more than this between two looks could fill a disk in a few more. */
const FLOOD_BYTES = 1024 * 1024;

/** Cuts what the instances of a module print, and sees which of them print so much that it is urgent. */
export class OutputWatch {
  private bytes = new Map<string, number>();

  /** False: one of them is to be looked at again soon. */
  look(output: ModuleOutput, instances: readonly string[]): boolean {
    const before = this.bytes;
    this.bytes = new Map(instances.map((instance) => [instance, output.rotate(instance)]));
    const isFlood = ([instance, bytes]: [string, number]) =>
      bytes - (before.get(instance) ?? 0) > FLOOD_BYTES;
    return ![...this.bytes].some(isFlood);
  }
}

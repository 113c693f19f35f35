/** How much worse than its baseline a measure may be, and by how much of that it is. */
import type { StabilizationParams } from './stabilization-params.js';

export function errorLimit(params: StabilizationParams): number {
  return params.limitErrorBasisPoints / 10_000;
}

/** Milliseconds above an expected p95. */
export function latencyAllowance(expectedMs: number, params: StabilizationParams): number {
  return Math.max((params.limitLatencyPercent / 100) * expectedMs, params.floorLatencyMs);
}

/** Cores above an expected CPU. */
export function cpuAllowance(expected: number, params: StabilizationParams): number {
  return Math.max((params.limitCpuPercent / 100) * expected, params.floorCpuMillicores / 1000);
}

/** MiB above an expected memory. */
export function memoryAllowance(expected: number, params: StabilizationParams): number {
  return Math.max((params.limitMemoryPercent / 100) * expected, params.floorMemoryMiB);
}

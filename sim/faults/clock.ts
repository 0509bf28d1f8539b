/** Faults of a machine's clock: it jumps, and runs fast or slow from now on. */
import type { World } from '../kernel/index.ts'

/** @param driftPpm microseconds gained in a second of true time */
export function skewClock(world: World, machine: string, jumpUs: number, driftPpm: number): void {
  world.machine(machine).setClock({ jumpUs, driftPpm })
}

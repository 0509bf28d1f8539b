/** Faults of a machine's disk. */
import { FileError } from '../../src/host/index.ts'
import type { World } from '../kernel/index.ts'
import { applied, type FaultOutcome, notApplied } from './outcome.ts'

/** Each operation takes so much longer; 0 makes the disk quick again. */
export function slowDisk(world: World, machine: string, perOperationUs: number): void {
  world.machine(machine).disk.slowDown(perOperationUs)
}

/** Leaves only so many bytes free: writes that need more fail with ENOSPC. */
export function fillDisk(world: World, machine: string, freeBytes: number): void {
  world.machine(machine).disk.fillUp(freeBytes)
}

/** Turns one bit of a file over, as a decaying disk does. */
export function corrupt(world: World, machine: string, file: string, position: number, bit: number): FaultOutcome {
  try {
    world.machine(machine).disk.corruptBit(file, position, bit)
    return applied
  } catch (error) {
    if (error instanceof FileError) return notApplied(`${machine} has no such byte: ${error.message}`)
    throw error
  }
}

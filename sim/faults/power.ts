/** Loss of power: process and page cache are gone at once, and peers hear nothing until they time out. */
import type { UnsyncedFate, World } from '../kernel/index.ts'
import { applied, type FaultOutcome, notApplied } from './outcome.ts'

export function powerOff(world: World, machine: string, unsynced?: UnsyncedFate): FaultOutcome {
  const target = world.machine(machine)
  if (target.state === 'off') return notApplied(`${machine} is off`)
  target.powerOff(unsynced)
  return applied
}

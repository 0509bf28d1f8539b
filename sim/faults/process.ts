/**
 * Faults of a process: it is killed, stopped in order, started again, or held up (a long garbage collection).
 * The operating system below it lives on: what was written stays in the page cache, and peers are told that their
 * connections are gone.
 */
import type { World } from '../kernel/index.ts'
import { applied, type FaultOutcome, notApplied } from './outcome.ts'

/** Kills the process (SIGKILL, a segmentation fault). */
export function crash(world: World, machine: string): FaultOutcome {
  const target = world.machine(machine)
  if (target.state === 'off' || target.state === 'stopped') return notApplied(`${machine} is ${target.state}`)
  target.crash('killed')
  return applied
}

/** Asks the process to stop in order (SIGTERM): a broker hands its partitions over first. A paused one hears it later. */
export function shutdown(world: World, machine: string): FaultOutcome {
  const target = world.machine(machine)
  if (target.state === 'off' || target.state === 'stopped') return notApplied(`${machine} is ${target.state}`)
  target.shutdown()
  return applied
}

/** Starts the process again, with the machine if that is off. */
export function restart(world: World, machine: string): FaultOutcome {
  const target = world.machine(machine)
  if (target.state === 'running' || target.state === 'paused') return notApplied(`${machine} is ${target.state}`)
  target.restart()
  return applied
}

/** Nothing runs and timers fire late; sockets stay open, and the operating system goes on acknowledging bytes. */
export function pause(world: World, machine: string): FaultOutcome {
  const target = world.machine(machine)
  if (target.state !== 'running') return notApplied(`${machine} is ${target.state}`)
  target.pause()
  return applied
}

export function resume(world: World, machine: string): FaultOutcome {
  const target = world.machine(machine)
  if (target.state !== 'paused') return notApplied(`${machine} is ${target.state}`)
  target.resume()
  return applied
}

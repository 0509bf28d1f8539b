/**
 * Faults of links between groups of machines. A direction is named by who sends and who receives; a fault between a
 * machine and itself is left out, because there is no such link.
 */
import type { World } from '../kernel/index.ts'

/** Both ends of what is cut or stalled. */
export interface LinkGroups {
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Only bytes that go from `from` to `to`. */
  readonly oneWay: boolean
}

/** No byte passes, and no new connection comes about; connections that stand last until a side gives up. */
export function cut(world: World, groups: LinkGroups): void {
  eachDirection(groups, (from, to) => world.network.cut(from, to))
}

export function heal(world: World, groups: LinkGroups): void {
  eachDirection(groups, (from, to) => world.network.heal(from, to))
}

/** Bytes wait on the way until they are released; nothing is lost and no connection breaks by itself. */
export function stall(world: World, groups: LinkGroups): void {
  eachDirection(groups, (from, to) => world.network.stall(from, to))
}

export function release(world: World, groups: LinkGroups): void {
  eachDirection(groups, (from, to) => world.network.release(from, to))
}

/** All connections between the two groups die, for both sides. */
export function reset(world: World, from: readonly string[], to: readonly string[]): void {
  const done = new Set<string>()
  for (const a of from) {
    for (const b of to) {
      const pair = a < b ? `${a} ${b}` : `${b} ${a}`
      if (a === b || done.has(pair)) continue
      done.add(pair)
      world.network.reset(a, b)
    }
  }
}

export const healAll = (world: World): void => world.network.healAll()
export const releaseAll = (world: World): void => world.network.releaseAll()

function eachDirection(groups: LinkGroups, act: (from: string, to: string) => void): void {
  const done = new Set<string>()
  const once = (from: string, to: string): void => {
    const name = `${from} ${to}`
    if (from === to || done.has(name)) return
    done.add(name)
    act(from, to)
  }
  for (const from of groups.from) {
    for (const to of groups.to) {
      once(from, to)
      if (!groups.oneWay) once(to, from)
    }
  }
}

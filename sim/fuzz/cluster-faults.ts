/** What goes wrong around the control plane: each fault with an end of its own, or the heal at the end of them all. */
import type { RandomStream } from '../../src/host/index.ts'
import { at, MILLISECOND, machines, nowhere, SECOND, type Step, stepAt, type Timed } from './timed.ts'

/** `bounce`: a broker is stopped in order and started again at once, so that it is hardly missed. */
const families = ['crash', 'power', 'pause', 'cut', 'stall', 'session', 'reset', 'shutdown', 'bounce'] as const
type Family = (typeof families)[number]

export interface FaultScene {
  readonly brokers: readonly string[]
  readonly servers: readonly string[]
  readonly endUs: number
}

/** Swarm: each family is off in half of the runs, so that some runs are all cuts and others all restarts. */
export function randomFaults(streams: (name: string) => RandomStream, scene: FaultScene): Timed[] {
  const swarm = streams('fuzz/swarm')
  const chosen = families.filter((family) => swarm.chance(1, 2, `family ${family}`))
  if (chosen.length === 0) return []
  const timed: Timed[] = []
  const count = swarm.intBetween(3, 20, 'faults')
  for (let i = 0; i < count; i++) {
    const random = streams(`fuzz/fault-${i}`)
    const us = random.intBetween(3 * SECOND, scene.endUs - SECOND, 'when')
    timed.push(...fault(random, random.pick(chosen, 'family'), us, scene))
  }
  return timed
}

function fault(random: RandomStream, family: Family, us: number, { brokers, servers }: FaultScene): Timed[] {
  // A broker more often than a ZooKeeper server: any of them may be the controller.
  const victim = random.chance(4, 5, 'broker') ? random.pick(brokers, 'broker') : random.pick(servers, 'server')
  const targets = machines(victim)
  const lasts =
    random.pick([200, 1000, 4000, 9000], 'lasts') * MILLISECOND + random.intBelow(1000, 'more') * MILLISECOND
  const untilUs = us + lasts
  const span = nowhere
  switch (family) {
    case 'crash':
      return [at(us, { do: 'crash', span, targets }), at(untilUs, { do: 'restart', span, targets })]
    case 'power': {
      // Now and then all brokers at once, as in a data centre.
      const all = random.chance(1, 4, 'all') ? machines(...brokers) : targets
      return [at(us, { do: 'powerOff', span, targets: all }), at(untilUs, { do: 'restart', span, targets: all })]
    }
    case 'pause':
      return [at(us, { do: 'pause', span, targets }), at(untilUs, { do: 'resume', span, targets })]
    case 'shutdown':
      return [
        at(us, { do: 'shutdown', span, targets: machines(random.pick(brokers, 'shut down')) }),
        at(untilUs, { do: 'restart', span, targets: machines(...brokers) }),
      ]
    case 'bounce': {
      const broker = machines(random.pick(brokers, 'bounced'))
      const downFor = random.pick([20, 100, 400], 'down for') * MILLISECOND
      // Its successor looks for work while somebody else stands still.
      const bystander = machines(random.pick(brokers, 'bystander'))
      const held = random.pick([500, 3000], 'held') * MILLISECOND
      return [
        at(us, { do: 'pause', span, targets: bystander }),
        at(us, { do: 'shutdown', span, targets: broker }),
        at(us + downFor, { do: 'restart', span, targets: broker }),
        at(us + 2 * downFor, { do: 'restart', span, targets: broker }),
        at(us + held, { do: 'resume', span, targets: bystander }),
        at(us + held + SECOND, { do: 'restart', span, targets: broker }),
      ]
    }
    case 'cut':
    case 'stall': {
      const others = [...brokers, ...servers].filter((name) => name !== victim)
      const to = random.chance(1, 2, 'one peer') ? machines(random.pick(others, 'peer')) : machines(...others)
      const oneWay = random.chance(1, 3, 'one way')
      const links = { from: targets, to, oneWay, span }
      return [at(us, { do: family, ...links }), at(untilUs, { do: family === 'cut' ? 'heal' : 'release', ...links })]
    }
    case 'session':
      return [at(us, { do: 'expireSession', span, targets: machines(random.pick(brokers, 'session of')) })]
    case 'reset':
      return [at(us, { do: 'reset', span, from: targets, to: machines(...brokers, ...servers) })]
  }
}

/** The end of trouble: links heal, and whatever is down or held up runs again. */
export function healed(us: number, names: readonly string[]): Step {
  const targets = machines(...names)
  return stepAt(us, [
    { do: 'heal-all', span: nowhere },
    { do: 'release-all', span: nowhere },
    { do: 'resume', span: nowhere, targets },
    { do: 'restart', span: nowhere, targets },
  ])
}

/** Whoever watches over the machines starts what has given up. */
export const restarted = (us: number, names: readonly string[]): Step =>
  stepAt(us, [{ do: 'restart', span: nowhere, targets: machines(...names) }])

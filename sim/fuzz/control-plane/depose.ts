/**
 * An operator deletes `/controller` by hand, as is done to a real cluster whose controller seems stuck: another broker is
 * elected while the one before has its session still, and may be in the midst of something.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { zkPaths } from '../../../src/protocol/index.ts'
import type { ClientPlan } from '../../scenario/plan.ts'
import { at, MILLISECOND, nowhere, type Timed } from '../timed.ts'

const OPERATOR = 'operator'

export interface Deposition {
  readonly clients: readonly ClientPlan[]
  readonly timed: readonly Timed[]
}

/** Soon after one of `requests`, which keep a controller busy; one run in eight where there are any. */
export function randomDeposition(random: RandomStream, requests: readonly Timed[]): Deposition {
  if (requests.length === 0 || !random.chance(1, 8, 'whether')) return { clients: [], timed: [] }
  const us = random.pick(requests, 'after').us + random.intBetween(1, 80, 'ms later') * MILLISECOND
  return {
    clients: [{ kind: 'zookeeper', name: OPERATOR, servers: [], sessionTimeoutMs: 30_000 }],
    timed: [
      at(us, {
        do: 'zk',
        span: nowhere,
        by: OPERATOR,
        name: 'depose',
        operation: { op: 'delete', path: zkPaths.controller, version: -1 },
      }),
    ],
  }
}

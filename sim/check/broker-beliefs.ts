/** What a broker takes itself and the cluster for, as its records in the trace tell. */
import type { SystemEvent } from '../../src/events.ts'
import { topicPartition } from '../../src/protocol/index.ts'
import type { BrokerControl, RoleBelief } from './control-state.ts'

type Of<K extends SystemEvent['kind']> = Extract<SystemEvent, { readonly kind: K }>

export const newBroker = (id: number): BrokerControl => ({
  id,
  machine: `b${id}`,
  running: false,
  life: 0,
  registered: undefined,
  noticed: false,
  lossMissed: false,
  refused: false,
  awaitsItself: false,
  roles: new Map(),
  metadata: new Map(),
  alive: [],
  obeyed: 0,
  exit: undefined,
})

/** Its process ended: what it knew is gone with its memory. */
export function forgetAll(broker: BrokerControl, exit: string | undefined): void {
  broker.running = false
  broker.awaitsItself = false
  broker.roles.clear()
  broker.metadata.clear()
  broker.alive = []
  broker.obeyed = 0
  broker.exit = exit
}

/** @param toldByDeposed the controller that said so had been replaced already */
export function takeRole(
  broker: BrokerControl,
  event: Of<'BecameLeader' | 'BecameFollower'>,
  toldByDeposed: boolean,
): void {
  const leads = event.kind === 'BecameLeader'
  broker.roles.set(event.tp, {
    role: leads ? 'leader' : 'follower',
    leaderEpoch: event.leaderEpoch,
    leader: leads ? broker.id : event.leader,
    isr: leads ? event.isr : [],
    zkVersion: leads ? event.zkVersion : -1,
    toldByDeposed,
    isrWriteFailed: false,
    refusedIsr: undefined,
    truncationRepeats: false,
  })
}

export function noteInRole(
  role: RoleBelief,
  event: Of<'IsrShrunk' | 'IsrExpanded' | 'IsrUpdateFailed' | 'TruncationRepeats'>,
): void {
  switch (event.kind) {
    case 'IsrShrunk':
    case 'IsrExpanded':
      role.isr = event.isr
      role.zkVersion = event.zkVersion
      role.isrWriteFailed = false
      role.refusedIsr = undefined
      return
    case 'IsrUpdateFailed':
      role.isrWriteFailed = true
      role.refusedIsr = event.isr
      return
    case 'TruncationRepeats':
      role.truncationRepeats = true
  }
}

export function updateMetadata(broker: BrokerControl, event: Of<'MetadataUpdated'>): void {
  broker.alive = event.brokers
  for (const { topic, partition, leaderAndIsr } of event.states) {
    const tp = topicPartition(topic, partition)
    if (leaderAndIsr.leader === -2) broker.metadata.delete(tp)
    else broker.metadata.set(tp, leaderAndIsr.leader)
  }
}

/**
 * Groups that are formed through ZooKeeper, folded into the view: who is registered by ZooKeeper's tree, and what each
 * consumer takes for its own. The two may differ: that is what such a group cannot prevent.
 */
import type { OldConsumerEvent } from '../../src/client/old-consumer/events.ts'
import { unreachable } from '../../src/host/index.ts'
import type { ViewDraft } from './fold.ts'
import { clientOf } from './fold-election.ts'
import { groupOf } from './fold-group.ts'

export function foldOldConsumerEvent(view: ViewDraft, event: OldConsumerEvent): void {
  switch (event.kind) {
    case 'ConsumerRegistered': {
      view.consumerIds[event.consumerId] = event.client
      const group = groupOf(view, event.group)
      if (!group.members.includes(event.client)) group.members = [...group.members, event.client]
      return
    }
    case 'RebalanceBegan':
      if (event.attempt === 1) groupOf(view, event.group).rebalances += 1
      clientOf(view, event.client).rebalances += 1
      return
    case 'RebalanceFailed':
      clientOf(view, event.client).failedRebalances += 1
      return
    case 'PartitionsReleased':
      groupOf(view, event.group).claims[event.client] = []
      return
    case 'ConsumerRebalanced':
      groupOf(view, event.group).claims[event.client] = Object.keys(event.offsets)
      return
    case 'ConsumerCommitted': {
      const { committed } = groupOf(view, event.group)
      for (const tp of Object.keys(event.offsets)) committed[tp] = event.offsets[tp]!
      return
    }
    case 'ConsumerRegistrationWaits':
    case 'PartitionsChosen':
    case 'ClaimRefused':
    case 'ConsumerCommitFailed':
    case 'FetcherBlocked':
    case 'StreamEnded':
      return
    default:
      unreachable(event)
  }
}

const REGISTRATION = /^\/consumers\/([^/]+)\/ids\/([^/]+)$/

/** A node went away: if it was a registration, its group has lost a member. */
export function forgetRegistration(view: ViewDraft, path: string): void {
  const match = REGISTRATION.exec(path)
  if (match === null) return
  const [, name, consumerId] = match
  const client = view.consumerIds[consumerId!]
  const group = view.groups[name!]
  delete view.consumerIds[consumerId!]
  // It may have registered anew under another id already.
  if (group === undefined || Object.values(view.consumerIds).includes(client!)) return
  group.members = group.members.filter((member) => member !== client)
}

/** The process of a consumer ended: it takes nothing for its own any more. */
export function forgetClaims(view: ViewDraft, client: string): void {
  for (const name of Object.keys(view.groups)) delete view.groups[name]!.claims[client]
}

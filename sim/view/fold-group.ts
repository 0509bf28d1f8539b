/** What coordinators tell of consumer groups, folded into the view. */
import { unreachable } from '../../src/host/index.ts'
import { emptyGroup } from './cluster-view.ts'
import type { ViewDraft } from './fold.ts'
import { clientOf } from './fold-election.ts'
import type { GroupEvent } from './group-events.ts'
import { clientOfMember } from './names.ts'

export function foldGroupEvent(view: ViewDraft, machine: string, event: GroupEvent): void {
  switch (event.kind) {
    case 'OffsetsCommitted': {
      const group = groupOf(view, event.group)
      if (event.storage === 'kafka') group.coordinator = machine
      for (const tp of Object.keys(event.offsets)) group.committed[tp] = event.offsets[tp]!
      return
    }
    case 'OffsetsExpired': {
      const { committed } = groupOf(view, event.group)
      for (const tp of Object.keys(event.offsets)) delete committed[tp]
      return
    }
    case 'MemberJoined': {
      const group = groupOf(view, event.group)
      group.coordinator = machine
      const name = clientOfMember(event.member)
      if (!group.members.includes(name)) group.members = [...group.members, name]
      return
    }
    case 'MemberLeft': {
      const group = groupOf(view, event.group)
      const gone = clientOfMember(event.member)
      group.members = group.members.filter((member) => member !== gone)
      delete group.assignments[gone]
      return
    }
    case 'RebalanceStarted': {
      const group = groupOf(view, event.group)
      group.coordinator = machine
      group.state = 'rebalancing'
      group.rebalances += 1
      return
    }
    case 'GenerationStarted': {
      const group = groupOf(view, event.group)
      group.coordinator = machine
      group.state = 'assigning'
      group.generation = event.generation
      group.members = event.members.map(clientOfMember)
      return
    }
    case 'GroupAssigned': {
      const group = groupOf(view, event.group)
      group.state = 'stable'
      group.assignments = {}
      for (const member of Object.keys(event.assignments)) {
        group.assignments[clientOfMember(member)] = event.assignments[member]!
      }
      return
    }
    case 'GroupEmptied': {
      const group = groupOf(view, event.group)
      group.state = 'empty'
      group.generation = event.generation
      group.members = []
      group.assignments = {}
      return
    }
    case 'PartitionsAssigned':
      groupOf(view, event.group).claims[event.client] = event.partitions
      return
    case 'PartitionsRevoked':
      groupOf(view, event.group).claims[event.client] = []
      return
    case 'GroupLeft':
      delete groupOf(view, event.group).claims[event.client]
      return
    case 'MessageProcessed':
      clientOf(view, event.client).processed += 1
      return
    case 'ProcessingBegan':
    case 'CoordinatorFound':
    case 'CoordinatorLost':
    case 'PositionSet':
    case 'CommitAcknowledged':
    case 'CommitFailed':
    case 'HeartbeatFailed':
    case 'OffsetsFetched':
    case 'GroupRequestRefused':
    case 'CoordinatorLoading':
    case 'CoordinatorLoaded':
    case 'CoordinatorUnloaded':
      return
    default:
      unreachable(event)
  }
}

export const groupOf = (view: ViewDraft, name: string): ViewDraft['groups'][string] =>
  (view.groups[name] ??= { ...emptyGroup, assignments: {}, claims: {}, committed: {} })

/** The part of the trace formatter for consumer groups. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import type { GroupEvent } from './group-events.ts'
import { brokerName } from './names.ts'

export function formatGroupEvent(event: GroupEvent): string {
  switch (event.kind) {
    case 'OffsetsCommitted':
      return `OffsetsCommitted ${event.group}${offsets(event.offsets)} in ${event.storage} by ${who(event)}${event.generation < 0 ? '' : ` generation=${event.generation}`}`
    case 'OffsetsFetched':
      return `OffsetsFetched ${event.group}${offsets(event.offsets)} from ${event.storage} by ${event.client}`
    case 'GroupRequestRefused':
      return `GroupRequestRefused ${event.api} ${event.group} ${errorName(event.errorCode)} to ${who(event)}`
    case 'CoordinatorLoading':
      return `CoordinatorLoading ${event.tp} ${event.from}..${event.to}`
    case 'CoordinatorLoaded':
      return `CoordinatorLoaded ${event.tp} to=${event.to} offsets=${event.offsets} groups=${event.groups}`
    case 'CoordinatorUnloaded':
      return `CoordinatorUnloaded ${event.tp} offsets=${event.offsets} groups=${event.groups}`
    case 'OffsetsExpired':
      return `OffsetsExpired ${event.group}${offsets(event.offsets)}`
    case 'MemberJoined':
      return `MemberJoined ${event.group} ${who(event)}`
    case 'MemberLeft':
      return `MemberLeft ${event.group} ${who(event)} (${event.reason})`
    case 'RebalanceStarted':
      return `RebalanceStarted ${event.group} generation=${event.generation} members=${event.members} (${event.reason})`
    case 'GenerationStarted':
      return `GenerationStarted ${event.group} generation=${event.generation} protocol=${event.protocol} leader=${event.leader} members=[${event.members.join(' ')}]`
    case 'GroupAssigned':
      return `GroupAssigned ${event.group} generation=${event.generation}${assignments(event.assignments)}`
    case 'GroupEmptied':
      return `GroupEmptied ${event.group} generation=${event.generation}`
    case 'CoordinatorFound':
      return `CoordinatorFound ${event.group} ${brokerName(event.broker)} by ${event.client}`
    case 'CoordinatorLost':
      return `CoordinatorLost ${event.group} ${brokerName(event.broker)} by ${event.client} (${event.reason})`
    case 'PartitionsRevoked':
      return `PartitionsRevoked ${event.group} generation=${event.generation} of ${event.client}${names(event.partitions)}`
    case 'PartitionsAssigned':
      return `PartitionsAssigned ${event.group} generation=${event.generation} to ${event.member}${names(event.partitions)}`
    case 'PositionSet':
      return `PositionSet ${event.tp} ${event.offset} (${event.from}) for ${event.group} by ${event.client}`
    case 'CommitAcknowledged':
      return `CommitAcknowledged ${event.group}${offsets(event.offsets)} (${event.how}) to ${event.client}`
    case 'CommitFailed':
      return `CommitFailed ${event.group}${offsets(event.offsets)} (${event.how}) of ${event.client}: ${event.error}`
    case 'HeartbeatFailed':
      return `HeartbeatFailed ${event.group} of ${event.client}: ${event.error}`
    case 'GroupLeft':
      return `GroupLeft ${event.group} by ${event.client} (${event.reason})`
    case 'ProcessingBegan':
    case 'MessageProcessed':
      return `${event.kind} ${event.tp} ${event.offset}:${event.message} for ${event.group} by ${event.client}`
    default:
      return unreachable(event)
  }
}

const names = (partitions: readonly string[]): string => ` [${partitions.join(' ')}]`

/** The client, or its id as a member. */
const who = (event: { readonly client: string; readonly member: string }): string =>
  event.member === '' ? event.client : event.member

function offsets(of: Readonly<Record<string, number>>): string {
  let text = ''
  for (const tp of Object.keys(of)) text += ` ${tp}=${of[tp]}`
  return text
}

function assignments(of: Readonly<Record<string, readonly string[]>>): string {
  let text = ''
  for (const member of Object.keys(of)) text += ` ${member}=[${of[member]!.join(' ')}]`
  return text
}

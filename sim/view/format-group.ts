/** The part of the trace formatter for consumer groups. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import type { GroupEvent } from './group-events.ts'

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
    default:
      return unreachable(event)
  }
}

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

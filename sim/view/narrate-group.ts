/** Consumer groups, told: offsets that are kept, coordinators that come and go, members, generations. */
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import type { GroupEvent } from './group-events.ts'
import type { Ledger } from './ledger.ts'
import { brokerName, clientOfMember as clientOf } from './names.ts'
import type { NarrationMemory, Telling } from './narrate.ts'
import { listNames } from './painter.ts'

export function narrateGroup(
  who: string,
  event: GroupEvent,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  switch (event.kind) {
    case 'OffsetsCommitted': {
      if (!memory.changed(`committed ${event.group} ${Object.keys(event.offsets).join()}`, offsets(event.offsets))) {
        return undefined
      }
      const where = event.storage === 'kafka' ? 'in __consumer_offsets' : 'in ZooKeeper'
      const text = `keeps for group ${event.group} ${where}: ${offsets(event.offsets)} (committed by ${event.client})`
      return { who, text, tone: 'quiet', messages: [] }
    }
    case 'OffsetsFetched': {
      const text = `tells ${event.client} where group ${event.group} stands: ${offsets(event.offsets)}`
      return { who, text, tone: 'plain' }
    }
    case 'GroupRequestRefused':
      return refused(who, event, memory)
    case 'CoordinatorLoading':
      return undefined
    case 'CoordinatorLoaded': {
      const found = [count(event.offsets, 'offset'), ...(event.groups === 0 ? [] : [count(event.groups, 'group')])]
      const text = `is a coordinator now: it has read ${event.tp} to offset ${event.to}, and knows ${found.join(' and ')}`
      return { who, text, tone: 'good' }
    }
    case 'CoordinatorUnloaded':
      return { who, text: `coordinates the groups of ${event.tp} no more`, tone: 'plain' }
    case 'OffsetsExpired': {
      const text = `forgets what group ${event.group} committed too long ago: ${offsets(event.offsets)}`
      return { who, text, tone: 'warn' }
    }
    case 'MemberJoined':
      return { who, text: `takes ${event.client} into group ${event.group}`, tone: 'plain' }
    case 'MemberLeft': {
      const text = `strikes ${event.client} off group ${event.group}: ${event.reason}`
      return { who, text, tone: 'warn' }
    }
    case 'RebalanceStarted':
      // The first one of a group is no news.
      if (event.generation === 0) return undefined
      return {
        who,
        text: `rebalances group ${event.group}: the members of generation ${event.generation} must join again`,
        tone: 'plain',
      }
    case 'GenerationStarted': {
      const { members, leader } = event
      const text = `begins generation ${event.generation} of group ${event.group} with ${listNames(members.map(clientOf))}; ${clientOf(leader)} leads it and assigns by ${event.protocol}`
      return { who, text, tone: 'good' }
    }
    case 'GroupAssigned': {
      const shares = Object.keys(event.assignments).map((member) => {
        const partitions = event.assignments[member]!
        return `${clientOf(member)} gets ${partitions.length === 0 ? 'nothing' : listNames(partitions)}`
      })
      const text = `writes down who reads what in generation ${event.generation} of group ${event.group}: ${shares.join(', ')}`
      return { who, text, tone: 'good' }
    }
    case 'GroupEmptied':
      return { who, text: `has nobody in group ${event.group} any more`, tone: 'warn' }
    case 'CoordinatorFound':
      if (!memory.changed(`coordinator ${event.client}`, String(event.broker))) return undefined
      memory.forget(`lost ${event.client}`)
      return { who, text: `finds that ${brokerName(event.broker)} coordinates group ${event.group}`, tone: 'plain' }
    case 'CoordinatorLost':
      // Until the others know that the broker is gone it is found, and lost, again and again.
      if (!memory.changed(`lost ${event.client}`, String(event.broker))) return undefined
      return { who, text: `loses sight of its coordinator ${brokerName(event.broker)}: ${event.reason}`, tone: 'warn' }
    case 'PartitionsRevoked':
      if (event.partitions.length === 0) return undefined
      return { who, text: `gives up ${listNames(event.partitions)}: the group rebalances`, tone: 'plain' }
    case 'PositionSet': {
      const why =
        event.from === 'committed' ? 'where its group had committed' : `the ${event.from} offset: nothing was committed`
      return { who, text: `begins at offset ${event.offset} of ${event.tp}, ${why}`, tone: 'plain' }
    }
    case 'CommitFailed': {
      if (!memory.changed(`commit ${event.client}`, event.error)) return undefined
      return { who, text: `cannot commit ${offsets(event.offsets)}: ${event.error}`, tone: 'warn' }
    }
    case 'CommitAcknowledged':
      memory.forget(`commit ${event.client}`)
      memory.forget(`lost ${event.client}`)
      return undefined
    case 'HeartbeatFailed':
      if (event.error === 'RebalanceInProgress' || event.error === 'disconnected') return undefined
      return { who, text: `is told at its heartbeat: ${event.error}`, tone: 'warn' }
    case 'GroupLeft':
      return { who, text: `leaves group ${event.group}: ${event.reason}`, tone: 'plain' }
    case 'MessageProcessed': {
      const times = ledger.applications.timesProcessed(event.message, event.group)
      const before =
        times > 1 ? `, which group ${event.group} has done ${times === 2 ? 'before' : `${times - 1} times`}` : ''
      const tone = times > 1 ? 'warn' : 'plain'
      return { who, text: `has processed ${event.message}${before}`, tone, messages: [event.message] }
    }
    case 'ProcessingBegan':
    case 'PartitionsAssigned':
      return undefined
    default:
      return unreachable(event)
  }
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const offsets = (of: Readonly<Record<string, number>>): string =>
  Object.keys(of)
    .map((tp) => (of[tp]! < 0 ? `nothing for ${tp}` : `${tp} next offset ${of[tp]}`))
    .join(', ')

/** Asked again and again while a group settles: told when the answer changes. */
function refused(
  who: string,
  event: Extract<GroupEvent, { kind: 'GroupRequestRefused' }>,
  memory: NarrationMemory,
): Telling | undefined {
  const error = errorName(event.errorCode)
  const daily = ['RebalanceInProgress', 'MemberIdRequired'].includes(error) || event.api === 'FindCoordinator'
  if (daily || !memory.changed(`refused ${event.client} ${event.api}`, `${who} ${error}`)) return undefined
  return { who, text: `refuses ${event.api} of ${event.client} for group ${event.group}: ${error}`, tone: 'warn' }
}

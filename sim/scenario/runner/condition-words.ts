/** A condition in words: what a step waits for, what an expectation asks. What is true instead: `explain` of the view. */
import { unreachable } from '../../../src/host/index.ts'
import type { Condition, Match, MessageFate } from '../plan.ts'
import { matchWords } from './match.ts'
import { duration } from './words.ts'

/** `b3/orders-0 has LEO 1`, `b2 leads orders-0`, `m4 is committed`. */
export function conditionWords(condition: Condition): string {
  switch (condition.about) {
    case 'replica': {
      const asked = fields(
        ['LEO', condition.leo],
        ['HW', condition.hw],
        ['role', condition.role],
        ['its last truncation to', condition.truncatedTo],
        ['its start at', condition.starts],
        ['segments', condition.segments],
        ['records', condition.records],
      )
      return `${condition.broker}/${condition.topic}-${condition.partition} has ${asked}`
    }
    case 'key': {
      const value = condition.value === undefined ? '' : `value ${condition.value}`
      const counts = fields(['offset', condition.offset], ['records', condition.records])
      const asked = [value, counts].filter((part) => part !== '').join(', ')
      return `key ${condition.key} in ${condition.broker}/${condition.topic}-${condition.partition} has ${asked}`
    }
    case 'lookup': {
      const asked = fields(
        ['segment', condition.segment],
        ['relative offset', condition.relative],
        ['index entry', condition.entry],
        ['byte', condition.byte],
        ['bytes scanned', condition.scanned],
      )
      const value = condition.value === undefined ? '' : `value ${condition.value}`
      const crc = condition.crc === undefined ? '' : `a ${condition.crc} CRC`
      const all = [asked, value, crc].filter((part) => part !== '').join(', ')
      return `the lookup of offset ${condition.offset} in ${condition.broker}/${condition.topic}-${condition.partition} has ${all}`
    }
    case 'leader': {
      const who = condition.is ?? 'somebody'
      const believer = condition.believes === undefined ? '' : `${condition.believes} believes that `
      return `${believer}${who} leads ${condition.topic}-${condition.partition}${inEpoch(condition.epoch)}`
    }
    case 'isr': {
      const whose = `the ISR of ${condition.topic}-${condition.partition}${condition.believes === undefined ? '' : ` as ${condition.believes} sees it`}`
      const members = condition.is === undefined ? '' : ` is [${condition.is.join(', ')}]`
      const size =
        condition.size === undefined ? '' : `${members === '' ? '' : ' and'} has ${matchWords(condition.size)} members`
      return `${whose}${members}${size === '' && members === '' ? ' exists' : size}`
    }
    case 'controller':
      return `${condition.is ?? 'somebody'} is controller${inEpoch(condition.epoch)}`
    case 'zk-leader':
      return `${condition.is ?? 'a server'} leads ZooKeeper${inEpoch(condition.epoch)}`
    case 'session':
      return `the session of ${condition.owner} is ${[
        ...(condition.is === undefined ? [] : [condition.is]),
        ...(condition.connected === undefined ? [] : [condition.connected ? 'connected' : 'not connected']),
      ].join(' and ')}`
    case 'message':
      return `${condition.message} ${fateWords[condition.is]}`
    case 'znode': {
      if (condition.exists === false) return `${condition.path} does not exist`
      const asked = fields(['version', condition.version], ['data', condition.data])
      return asked === '' ? `${condition.path} exists` : `${condition.path} has ${asked}`
    }
    case 'checkpoint':
      return `${condition.broker} has checkpointed HW ${matchWords(condition.hw)} of ${condition.topic}-${condition.partition}`
    case 'machine':
      return `${condition.machine} is ${condition.is}`
    case 'client': {
      const asked = fields(
        ['messages read', condition.read],
        ['acknowledged', condition.acked],
        ['given up', condition.gaveUp],
        ['queued', condition.queued],
        ['dropped', condition.dropped],
        ['lost in its queue', condition.lostInQueue],
        ['messages processed', condition.processed],
        ['partitions', condition.partitions],
        ['rebalances', condition.rebalances],
        ['failed rebalances', condition.failedRebalances],
        ['writes taken', condition.accepted],
        ['writes refused', condition.refused],
        ['writes taken of a replaced leader', condition.stale],
      )
      return asked === '' ? `${condition.client} exists` : `${condition.client} has ${asked}`
    }
    case 'event': {
      const where = condition.machine === undefined ? '' : ` on ${condition.machine}`
      return `${condition.event} was seen${condition.nth === 1 ? '' : ` ${condition.nth} times`}${where}`
    }
    case 'transaction': {
      const { transactionalId, is, epoch, coordinator } = condition
      const parts = [
        ...(is === undefined ? [] : [`is ${is}`]),
        ...(coordinator === undefined ? [] : [`is coordinated by ${coordinator}`]),
        ...(epoch === undefined ? [] : [`has ${fields(['epoch', epoch])}`]),
      ]
      return `transaction of ${transactionalId} ${parts.join(' and ')}`
    }
    case 'group': {
      const asked = fields(
        ['generation', condition.generation],
        ['members', condition.size],
        ['rebalances', condition.rebalances],
      )
      const members = condition.members === undefined ? '' : `the members [${condition.members.join(', ')}]`
      const has = [asked, members].filter((part) => part !== '').join(', ')
      const parts = [
        ...(condition.is === undefined ? [] : [`is ${condition.is}`]),
        ...(condition.coordinator === undefined ? [] : [`is coordinated by ${condition.coordinator}`]),
        ...(has === '' ? [] : [`has ${has}`]),
      ]
      return `group ${condition.group} ${parts.join(' and ')}`
    }
    case 'owner': {
      const what = `${condition.topic}-${condition.partition} in group ${condition.group}`
      const is = condition.is === undefined ? [] : [`is owned by ${condition.is}`]
      const asked = fields(
        ['consumers that take it for their own', condition.believers],
        ['committed', condition.committed],
      )
      return `${what} ${[...is, ...(asked === '' ? [] : [`has ${asked}`])].join(' and ')}`
    }
    case 'operation': {
      const { operation, is } = condition
      const children = condition.children === undefined ? '' : `children [${condition.children.join(', ')}]`
      const path = condition.path === undefined ? '' : `path ${condition.path}`
      const holds = [fields(['data', condition.data], ['version', condition.version]), children, path]
        .filter((part) => part !== '')
        .join(', ')
      const with_ = holds === '' ? '' : ` with ${holds}`
      if (is === 'pending') return `${operation} is not answered yet`
      return is === undefined || is === 'answered'
        ? `${operation} is answered${with_}`
        : `${operation} is answered ${is}${with_}`
    }
    case 'notified': {
      const of = [condition.event ?? 'a watch event', condition.path ?? ''].filter((part) => part !== '').join(' ')
      return `${condition.client} was told of ${of} ${matchWords(condition.times)} times`
    }
    case 'elected': {
      const asked = fields(
        ['terms', condition.terms],
        ['contenders woken', condition.woken],
        ['contenders that believe to lead', condition.believers],
      )
      const who = condition.is ?? (asked === '' ? 'somebody' : undefined)
      const leads = who === undefined ? '' : `${who === 'none' ? 'nobody' : who} leads ${condition.election}`
      return [leads, asked === '' ? '' : `${condition.election} has ${asked}`].filter((part) => part !== '').join(', ')
    }
    case 'zk-server': {
      const is = condition.is === undefined ? [] : [`is ${condition.is}`]
      const synced = condition.synced === undefined ? [] : [`was synchronised by ${condition.synced}`]
      const behind = condition.behind === undefined ? [] : [`is ${matchWords(condition.behind)} transactions behind`]
      return `${condition.server} ${[...is, ...behind, ...synced].join(' and ')}`
    }
    case 'replicas':
      return `${condition.topic}-${condition.partition} is assigned to [${condition.is.join(', ')}]`
    case 'broker': {
      const asked = fields(['partitions led', condition.leads], ['replicas', condition.replicas])
      return `${condition.broker} has ${asked}${condition.topic === undefined ? '' : ` of ${condition.topic}`}`
    }
    case 'measure': {
      const asked = fields(
        ['writes', condition.writes],
        ['refused writes', condition.refused],
        ['watches fired', condition.watches],
      )
      const lasts =
        condition.lasts === undefined ? '' : `lasts ${matchWords(condition.lasts, (us) => duration(Number(us)))}`
      return `${condition.measure} ${[asked === '' ? '' : `has ${asked}`, lasts].filter((part) => part !== '').join(', ') || 'is measured'}`
    }
    case 'all':
      return condition.conditions.map(conditionWords).join(', and ')
    default:
      return unreachable(condition)
  }
}

const fateWords: Readonly<Record<MessageFate, string>> = {
  sent: 'is handed to its producer',
  appended: 'is appended by a leader',
  replicated: 'is on more than one replica',
  committed: 'is committed',
  acked: 'is acknowledged',
  read: 'is read',
  lost: 'lost a copy',
  'gave-up': 'is given up by its producer',
  dropped: 'is dropped by a full queue',
  'lost-in-queue': 'dies in the queue of its producer',
}

const inEpoch = (epoch: Match | undefined): string => (epoch === undefined ? '' : ` in epoch ${matchWords(epoch)}`)

const fields = (...asked: ReadonlyArray<readonly [name: string, match: Match | undefined]>): string =>
  asked.flatMap(([name, match]) => (match === undefined ? [] : [`${name} ${matchWords(match)}`])).join(', ')

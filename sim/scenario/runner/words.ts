/** Actions, targets and spans of time in the scenario's own words, for the trace, failures and narration. */
import { unreachable } from '../../../src/host/index.ts'
import { operationWords } from '../../cluster/index.ts'
import type { Action, Target, Targets, Trigger } from '../plan.ts'

/** `12s`, `1.5s`, `250ms`, `12.3ms`, `40us`: rounded to what a person can use. */
export function duration(us: number): string {
  if (us < 0) return `-${duration(-us)}`
  if (us >= 1_000_000) return `${rounded(us / 1_000_000, 3)}s`
  return us >= 10_000 || us % 1_000 === 0 ? `${rounded(us / 1_000, 1)}ms` : `${us}us`
}

const rounded = (value: number, digits: number): string => `${Number(value.toFixed(digits))}`

export function targetWords(target: Target): string {
  switch (target.select) {
    case 'machine':
      return target.name
    case 'leader':
      return `leader(${target.topic}-${target.partition})`
    case 'controller':
      return 'controller'
    case 'zk-leader':
      return 'zk-leader'
    case 'any-follower':
      return `any follower(${target.topic}-${target.partition})`
    case 'most-advanced-follower':
      return `most-advanced follower(${target.topic}-${target.partition})`
    case 'all-brokers':
      return 'all brokers'
    case 'all-zookeeper':
      return 'all ZooKeeper servers'
    case 'elected':
      return `elected(${target.election})`
    case 'coordinator':
      return `coordinator(${target.group})`
    case 'transaction-coordinator':
      return `transaction-coordinator(${target.transactionalId})`
    default:
      return unreachable(target)
  }
}

export const targetsWords = (targets: Targets): string => targets.map(targetWords).join(', ')

/**
 * @param names gives the words for targets: their selectors, or the machines that were chosen
 */
export function actionWords(action: Action, names: (targets: Targets) => string = targetsWords): string {
  switch (action.do) {
    case 'send': {
      const partition = action.partition === undefined ? '' : `-${action.partition}`
      const key = action.key === undefined ? '' : ` with key ${action.key}`
      const via = action.broker === undefined ? '' : ` through ${action.broker}`
      return `send ${action.message} by ${action.by} to ${action.topic}${partition}${key}${via}`
    }
    case 'crash':
    case 'pause':
    case 'resume':
    case 'restart':
    case 'shutdown':
    case 'start':
    case 'stop':
    case 'powerOff': {
      const later = action.afterUs === undefined ? '' : ` after ${duration(action.afterUs)}`
      const fate = action.unsynced === undefined ? '' : `, what is not synced is ${action.unsynced}`
      return `${action.do === 'powerOff' ? 'power off' : action.do} ${names(action.targets)}${later}${fate}`
    }
    case 'cut':
    case 'heal':
    case 'stall':
    case 'release':
      return `${action.do} ${names(action.from)}${action.oneWay ? '→' : '↔'}${names(action.to)}`
    case 'heal-all':
      return 'heal all links'
    case 'release-all':
      return 'release all links'
    case 'reset':
      return `reset ${names(action.from)}↔${names(action.to)}`
    case 'slowDisk':
      return `slow disk of ${names(action.targets)} by ${duration(action.perOperationUs)} an operation`
    case 'fillDisk':
      return `fill disk of ${names(action.targets)} up to ${action.freeBytes} B`
    case 'corrupt':
      return `corrupt ${action.file} of ${names(action.targets)} at byte ${action.position}, bit ${action.bit}`
    case 'corruptRecord':
      return `corrupt offset ${action.offset} in ${action.broker}/${action.topic}-${action.partition}`
    case 'expireSession':
      return `expire session of ${names(action.targets)}`
    case 'skewClock':
      return `skew clock of ${names(action.targets)} by ${duration(action.jumpUs)}, ${action.driftPpm} ppm`
    case 'createTopic':
      return `create topic ${action.topic.name}`
    case 'zk':
      return `${action.by}: ${operationWords(action.operation)}`
    case 'delayNext':
      return `delay the next ${action.message} from ${names(action.targets)} by ${duration(action.us)}`
    case 'beginTransaction':
    case 'commitTransaction':
    case 'abortTransaction':
      return `${action.do} by ${action.by}`
    case 'commit':
      return `${names(action.targets)} commit${action.targets.length === 1 ? 's' : ''}`
    case 'enter':
      return `${names(action.targets)} enter${action.targets.length === 1 ? 's' : ''} the election`
    case 'resign':
      return `${names(action.targets)} resign${action.targets.length === 1 ? 's' : ''}`
    case 'addPartitions':
      return `give ${action.topic} ${action.to} partitions`
    case 'deleteTopic':
      return `delete topic ${action.topic}`
    case 'reassign':
      return `reassign ${action.partitions.map(({ topic, partition, replicas }) => `${topic}-${partition} to ${replicas.map((id) => `b${id}`).join(' ')}`).join(', ')}`
    case 'electPreferred':
      return `elect the preferred replica of ${action.partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')}`
    case 'listFiles':
      return `list the files of ${action.replicas.map(({ broker, topic, partition }) => `${broker}/${topic}-${partition}`).join(', ')}`
    case 'lookup':
      return `look up offset ${action.offset} in ${action.broker}/${action.topic}-${action.partition}`
    case 'measure':
      return `measure ${action.name}`
    case 'measured':
      return `${action.name} is measured`
    case 'hold':
    case 'drop':
      return `${action.do} the message`
    case 'delay':
      return `delay the message by ${duration(action.us)}`
    default:
      return unreachable(action)
  }
}

/** What a trigger that looks at messages or time waits for; conditions are the observer's to word. */
export function triggerWords(trigger: Exclude<Trigger, { readonly kind: 'when' }>): string {
  switch (trigger.kind) {
    case 'next':
      return 'the step before'
    case 'at':
      return `${duration(trigger.us)}`
    case 'after':
      return `${duration(trigger.us)} after the step before`
    case 'on': {
      const from = trigger.from === undefined ? '' : ` from ${targetWords(trigger.from)}`
      const to = trigger.to === undefined ? '' : ` to ${targetWords(trigger.to)}`
      return `${trigger.message}${from}${to}${trigger.nth === 1 ? '' : `, number ${trigger.nth}`}`
    }
    default:
      return unreachable(trigger)
  }
}

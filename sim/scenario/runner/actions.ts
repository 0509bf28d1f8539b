/**
 * Carries out the actions of a step on a cluster. Selectors are resolved at this moment, and what they chose goes into
 * the trace. Runs inside a kernel event of its own, so that nothing changes in the middle of a process's handler.
 */
import { unreachable } from '../../../src/host/index.ts'
import { topicPartition } from '../../../src/protocol/index.ts'
import * as faults from '../../faults/index.ts'
import type { World } from '../../kernel/index.ts'
import type { ScenarioEvent } from '../events.ts'
import type { Action, PartitionPlan, ReassignedPartition, Targets, TopicPlan, ZkOperation } from '../plan.ts'
import { listFiles } from './list-files.ts'
import { lastByteOf, lookUp } from './look-up.ts'
import type { Observer } from './observer.ts'
import { actionWords, targetWords } from './words.ts'

type SendAction = Extract<Action, { readonly do: 'send' }>

/** What actions do to a cluster beyond its machines and links. */
export interface ClusterControls {
  readonly world: World
  send(action: SendAction): void
  transact(by: string, action: 'beginTransaction' | 'commitTransaction' | 'abortTransaction'): void
  commit(machine: string): void
  createTopic(topic: TopicPlan): void
  zk(by: string, operation: ZkOperation, name: string): void
  enterElection(machine: string): void
  resignElection(machine: string): void
  addPartitions(topic: string, to: number): void
  deleteTopic(topic: string): void
  reassign(partitions: readonly ReassignedPartition[]): void
  electPreferred(partitions: readonly PartitionPlan[]): void
}

export interface ActionContext {
  readonly cluster: ClusterControls
  readonly observer: Observer
  /** Machines of the ZooKeeper servers. */
  readonly ensemble: readonly string[]
  /** Ids of the living sessions of a machine. */
  sessionsOf(machine: string): readonly string[]
}

/** Does one action of step `index`. Returns a sentence if it cannot be done: the story then fails. */
export function perform(context: ActionContext, action: Action, index: number): string | undefined {
  const chosen: string[] = []
  let nobody: string | undefined
  const machines = (targets: Targets): string[] => {
    const names: string[] = []
    for (const target of targets) {
      const found = context.observer.resolve(target)
      if (target.select !== 'machine') {
        if (found.length === 0) nobody = `${targetWords(target)} finds nobody at this moment`
        else chosen.push(`${targetWords(target)} = ${found.join(', ')}`)
      }
      for (const name of found) if (!names.includes(name)) names.push(name)
    }
    return names
  }
  const resolved = resolveTargets(action, machines)
  if (nobody !== undefined) return `${actionWords(action)}: ${nobody}`
  const remarks = act(context, action, resolved)
  const world = context.cluster.world
  if (world.trace.active) {
    const what = actionWords(action) + (remarks.length > 0 ? ` (nothing to do: ${remarks.join('; ')})` : '')
    const event: ScenarioEvent = { kind: 'StepRun', index, what, chosen: chosen.join('; ') }
    world.trace.emit('', event)
  }
  return undefined
}

interface Resolved {
  readonly machines: readonly string[]
  readonly from: readonly string[]
  readonly to: readonly string[]
}

function resolveTargets(action: Action, machines: (targets: Targets) => string[]): Resolved {
  if ('targets' in action) return { machines: machines(action.targets), from: [], to: [] }
  if ('from' in action) return { machines: [], from: machines(action.from), to: machines(action.to) }
  return { machines: [], from: [], to: [] }
}

/** Returns what there was not to do, for the trace. */
function act(context: ActionContext, action: Action, resolved: Resolved): string[] {
  const { cluster } = context
  const { world } = cluster
  const remarks: string[] = []
  const note = (outcome: faults.FaultOutcome): void => {
    if (!outcome.applied) remarks.push(outcome.because)
  }
  const eachMachine = (fault: (machine: string) => faults.FaultOutcome | undefined, afterUs?: number): void => {
    for (const machine of resolved.machines) {
      if (afterUs === undefined) {
        const outcome = fault(machine)
        if (outcome !== undefined) note(outcome)
      } else {
        world.schedule(afterUs, `${action.do} ${machine}`, () => void fault(machine))
      }
    }
  }
  const noteIfDown = (machine: string): void => {
    const { state } = world.machine(machine)
    if (state === 'off' || state === 'stopped') remarks.push(`${machine} is ${state}`)
  }
  const links = { from: resolved.from, to: resolved.to, oneWay: 'oneWay' in action && action.oneWay }
  switch (action.do) {
    case 'send':
      noteIfDown(action.by)
      cluster.send(action)
      break
    case 'delayNext': {
      const { message, us } = action
      const disarm = world.network.intercept((delivery) => {
        if (delivery.name !== message || !resolved.machines.includes(delivery.from)) return 'pass'
        disarm()
        return { delayUs: us }
      })
      break
    }
    case 'beginTransaction':
    case 'commitTransaction':
    case 'abortTransaction':
      noteIfDown(action.by)
      cluster.transact(action.by, action.do)
      break
    case 'crash':
      eachMachine((machine) => faults.crash(world, machine), action.afterUs)
      break
    case 'powerOff':
      eachMachine((machine) => faults.powerOff(world, machine, action.unsynced), action.afterUs)
      break
    case 'pause':
      eachMachine((machine) => faults.pause(world, machine), action.afterUs)
      break
    case 'resume':
      eachMachine((machine) => faults.resume(world, machine), action.afterUs)
      break
    case 'restart':
    case 'start':
      eachMachine((machine) => faults.restart(world, machine), action.afterUs)
      break
    case 'shutdown':
    case 'stop':
      eachMachine((machine) => faults.shutdown(world, machine), action.afterUs)
      break
    case 'cut':
      faults.cut(world, links)
      break
    case 'heal':
      faults.heal(world, links)
      break
    case 'stall':
      faults.stall(world, links)
      break
    case 'release':
      faults.release(world, links)
      break
    case 'heal-all':
      faults.healAll(world)
      break
    case 'release-all':
      faults.releaseAll(world)
      break
    case 'reset':
      faults.reset(world, resolved.from, resolved.to)
      break
    case 'slowDisk':
      for (const machine of resolved.machines) faults.slowDisk(world, machine, action.perOperationUs)
      break
    case 'fillDisk':
      for (const machine of resolved.machines) faults.fillDisk(world, machine, action.freeBytes)
      break
    case 'corrupt':
      eachMachine((machine) => faults.corrupt(world, machine, action.file, action.position, action.bit))
      break
    case 'corruptRecord': {
      const { broker, topic, partition, offset } = action
      const { disk } = world.machine(broker)
      const place = lastByteOf(disk, topicPartition(topic, partition), offset)
      if (place === undefined) remarks.push(`${broker} has no such record`)
      else note(faults.corrupt(world, broker, place.path, place.position, 0))
      break
    }
    case 'expireSession':
      eachMachine((machine) => faults.expireSession(world, machine, context.sessionsOf(machine), context.ensemble))
      break
    case 'skewClock':
      for (const machine of resolved.machines) faults.skewClock(world, machine, action.jumpUs, action.driftPpm)
      break
    case 'createTopic':
      cluster.createTopic(action.topic)
      break
    case 'zk':
      noteIfDown(action.by)
      cluster.zk(action.by, action.operation, action.name)
      break
    case 'commit':
      for (const machine of resolved.machines) {
        noteIfDown(machine)
        cluster.commit(machine)
      }
      break
    case 'enter':
    case 'resign':
      for (const machine of resolved.machines) {
        noteIfDown(machine)
        if (action.do === 'enter') cluster.enterElection(machine)
        else cluster.resignElection(machine)
      }
      break
    case 'addPartitions':
      cluster.addPartitions(action.topic, action.to)
      break
    case 'deleteTopic':
      cluster.deleteTopic(action.topic)
      break
    case 'reassign':
      cluster.reassign(action.partitions)
      break
    case 'electPreferred':
      cluster.electPreferred(action.partitions)
      break
    case 'listFiles':
      for (const { broker, topic, partition } of action.replicas) {
        const tp = topicPartition(topic, partition)
        const event: ScenarioEvent = {
          kind: 'FilesListed',
          broker,
          tp,
          files: listFiles(world.machine(broker).disk, tp),
        }
        world.trace.emit('', event)
      }
      break
    case 'lookup': {
      const { broker, topic, partition, offset } = action
      const tp = topicPartition(topic, partition)
      const search = lookUp(world.machine(broker).disk, tp, offset)
      const event: ScenarioEvent = { kind: 'OffsetLookedUp', broker, tp, offset, search }
      world.trace.emit('', event)
      break
    }
    case 'measure':
    case 'measured': {
      const kind = action.do === 'measure' ? 'MeasureBegan' : 'MeasureEnded'
      const event: ScenarioEvent = { kind, name: action.name }
      world.trace.emit('', event)
      break
    }
    case 'hold':
    case 'drop':
    case 'delay':
      // Done by the interceptor that the step's trigger set up: it decides about the message at its delivery.
      break
    default:
      return unreachable(action)
  }
  return remarks
}

/**
 * The controller's epoch, `/controller_epoch`: each new controller raises it by one. Up to 2.0 it does so after it won
 * the race for `/controller`; since KAFKA-6082 both happen in one transaction, so that no write of an older controller
 * can pass once there is a new one. `KafkaController.incrementControllerEpoch`, release 0.8.2.2, and
 * `KafkaZkClient.registerControllerAndIncrementControllerEpoch`, release 2.1.0.
 */
import { type Task, until } from '../host/index.ts'
import { decodeController, zkPaths } from '../protocol/index.ts'
import type { MultiPart, MultiResult, ZkResult } from '../zookeeper/index.ts'
import type { ControllerContext } from './controller-context.ts'
import { Refusal } from './refusal.ts'
import { createPersistent, readNode, setData } from './zk-data.ts'

const INITIAL_CONTROLLER_EPOCH = 1

/** Reads `/controller_epoch` and raises it by compare-and-set, or makes it. A lost race is only reported. */
export function* raiseControllerEpoch(context: ControllerContext): Task<void> {
  const { zk } = context.environment
  const stored = yield* readNode(zk, zkPaths.controllerEpoch)
  if (stored !== undefined) {
    context.epoch = Number(stored.data)
    context.epochZkVersion = stored.version
  }
  const next = context.epoch + 1
  const result = yield* setData(zk, zkPaths.controllerEpoch, String(next), context.epochZkVersion)
  if (result.error === 'OK') {
    context.epoch = next
    context.epochZkVersion = result.value!.version
  } else if (result.error === 'NoNode') {
    const created = yield* createPersistent(zk, zkPaths.controllerEpoch, String(INITIAL_CONTROLLER_EPOCH))
    if (created === 'NodeExists') throw new Refusal('controller-moved', 'another controller made its epoch first')
    context.epoch = INITIAL_CONTROLLER_EPOCH
    context.epochZkVersion = 1
  } else {
    const refusal = new Refusal('controller-moved', `raising it to ${next}: ${result.error}`)
    if (context.environment.versions.lostEpochRace === 'gives-up') throw refusal
    // The exception for a lost race is thrown inside a `try` whose `catch` logs it: Kafka goes on with the old epoch.
    context.report('controller epoch', refusal)
  }
}

/**
 * Creates `/controller` and raises the epoch in one transaction. Refuses if another controller came first.
 * @param data content of `/controller`
 */
export function* registerController(context: ControllerContext, data: string): Task<void> {
  const { zk } = context.environment
  if ((yield* readNode(zk, zkPaths.controllerEpoch)) === undefined) {
    yield* createPersistent(zk, zkPaths.controllerEpoch, String(INITIAL_CONTROLLER_EPOCH - 1))
  }
  const stored = yield* readNode(zk, zkPaths.controllerEpoch)
  if (stored === undefined) throw new Refusal('state-change-failed', `${zkPaths.controllerEpoch} is gone`)
  const next = Number(stored.data) + 1
  const parts: MultiPart[] = [
    { op: 'create', path: zkPaths.controller, data, mode: 'ephemeral' },
    { op: 'setData', path: zkPaths.controllerEpoch, data: String(next), version: stored.version },
  ]
  const result = yield* until<ZkResult<readonly MultiResult[]>>((resume) => zk.multi(parts, resume))
  const version = result.error === 'OK' ? result.value![1]!.stat!.version : yield* versionIfOwn(context, next)
  context.epoch = next
  context.epochZkVersion = version
}

/** The transaction was refused; it may be one's own whose answer was lost. */
function* versionIfOwn(context: ControllerContext, epoch: number): Task<number> {
  const { zk, brokerId } = context.environment
  const holder = yield* readNode(zk, zkPaths.controller)
  const stored = yield* readNode(zk, zkPaths.controllerEpoch)
  const own = holder !== undefined && decodeController(holder.data) === brokerId && Number(stored?.data) === epoch
  if (!own) throw new Refusal('controller-moved', `another controller than broker ${brokerId} was elected`)
  return stored!.version
}

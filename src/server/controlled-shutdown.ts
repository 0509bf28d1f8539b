/**
 * A broker that is asked to stop first asks the controller to hand over what it leads
 * (`KafkaServer.controlledShutdown`, 0.8.2.2; replication.md 2.9).
 */
import type { BrokerConfig } from '../config/index.ts'
import { fromMs, type Host, sleep, type Task, until } from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  type ControlledShutdownResponse,
  decodeBroker,
  decodeController,
  ErrorCode,
  type RpcResult,
  zkPaths,
} from '../protocol/index.ts'
import type { ZkClient, ZkResult } from '../zookeeper/index.ts'

/** Asks until nothing is left, `controlled.shutdown.max.retries` times at most; then the broker stops all the same. */
export function* controlledShutdown(
  host: Host,
  zk: ZkClient,
  broker: { readonly brokerId: number; readonly brokerEpoch?: number },
  config: BrokerConfig,
): Task<void> {
  for (let left = config['controlled.shutdown.max.retries']; left > 0; left--) {
    const controller = yield* findController(zk)
    // Nobody to ask: the exception for it ends all attempts.
    if (controller === 'none') return
    if (controller !== 'unknown' && (yield* ask(host, controller, broker, config))) return
    yield* sleep(host, fromMs(config['controlled.shutdown.retry.backoff.ms']), 'controlled shutdown back-off')
  }
}

/** `unknown`: there is a controller, but its broker is not registered. */
function* findController(zk: ZkClient): Task<BrokerEndpoint | 'none' | 'unknown'> {
  const holder = yield* until<ZkResult<{ data: string }>>((resume) => zk.getData(zkPaths.controller, resume))
  if (holder.error !== 'OK') return 'none'
  const id = decodeController(holder.value!.data)
  const node = yield* until<ZkResult<{ data: string }>>((resume) => zk.getData(zkPaths.brokerId(id), resume))
  return node.error === 'OK' ? decodeBroker(id, node.value!.data) : 'unknown'
}

/** Whether the controller says that the broker leads nothing any more. */
function* ask(
  host: Host,
  controller: BrokerEndpoint,
  broker: { readonly brokerId: number; readonly brokerEpoch?: number },
  config: BrokerConfig,
): Task<boolean> {
  const timeoutUs = fromMs(config['controller.socket.timeout.ms'])
  const address = { machine: controller.host, port: controller.port }
  const channel = new BlockingChannel(host, address, timeoutUs, 'controlled shutdown')
  const result = yield* until<RpcResult<ControlledShutdownResponse>>((resume) =>
    channel.call({ api: 'ControlledShutdown', correlationId: 0, ...broker }, resume),
  )
  channel.close()
  if (!result.ok) return false
  const { errorCode, partitionsRemaining } = result.response
  return errorCode === ErrorCode.NoError && partitionsRemaining.length === 0
}

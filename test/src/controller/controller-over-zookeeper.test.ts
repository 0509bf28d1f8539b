/** The controller over real ZooKeeper servers and clients, in a simulated world. */
import { describe, expect, it } from 'vitest'
import { World } from '../../../sim/kernel/index.ts'
import { brokerConfigTable, configValues } from '../../../src/config/index.ts'
import { createTopic, KafkaController } from '../../../src/controller/index.ts'
import { type Digest, type Host, type Process, runTask, SECOND, type Task, until } from '../../../src/host/index.ts'
import {
  commonPaths,
  decodePartitionState,
  ErrorCode,
  encodeBroker,
  type LeaderIsrAndControllerEpoch,
  serve,
  zkPaths,
} from '../../../src/protocol/index.ts'
import { presets } from '../../../src/versions.ts'
import { ZkClient, type ZkResult, ZOOKEEPER_CLIENT_PORT, ZooKeeperServer } from '../../../src/zookeeper/index.ts'

const ZK = [1, 2, 3]
const servers = ZK.map((id) => ({ machine: `zk${id}`, port: ZOOKEEPER_CLIENT_PORT }))

/** A broker that is nothing but its registration, its controller, and an endpoint that acknowledges everything. */
class ControllerOnlyBroker implements Process {
  readonly controller: KafkaController
  readonly stopped: string[] = []
  private readonly host: Host
  private readonly zk: ZkClient
  private readonly endpoint: { id: number; host: string; port: number }

  constructor(host: Host, id: number) {
    this.host = host
    this.endpoint = { id, host: host.machine, port: 9092 }
    this.zk = new ZkClient(host, { servers, sessionTimeoutMs: 6000 })
    this.controller = new KafkaController(host, {
      brokerId: id,
      endpoint: this.endpoint,
      config: configValues(brokerConfigTable, {}),
      versions: presets['0.8.2'],
      zk: this.zk,
    })
  }

  start(): void {
    this.zk.start(() => runTask(this.startup()))
  }

  digest(digest: Digest): void {
    this.zk.digest(digest)
    this.controller.digest(digest)
  }

  private *startup(): Task<void> {
    for (const path of commonPaths) yield* until<unknown>((resume) => this.zk.createRecursive(path, resume))
    serve(this.host, 9092, (request, responder) => {
      const { correlationId } = request
      const errorCode = ErrorCode.NoError
      if (request.api === 'UpdateMetadata') responder.send({ api: 'UpdateMetadata', correlationId, errorCode })
      else if (request.api === 'LeaderAndIsr' || request.api === 'StopReplica') {
        responder.send({ api: request.api, correlationId, errorCode, partitions: [] })
      } else responder.hangUp()
    })
    this.controller.startup()
    const register = () =>
      this.zk.create(zkPaths.brokerId(this.endpoint.id), encodeBroker(this.endpoint, 0), 'ephemeral', () => {})
    this.zk.subscribeState({ newSession: register })
    register()
  }
}

class Admin implements Process {
  readonly zk: ZkClient
  constructor(host: Host) {
    this.zk = new ZkClient(host, { servers, sessionTimeoutMs: 30_000 })
  }
  start(): void {
    this.zk.start(() => {})
  }
  digest(digest: Digest): void {
    this.zk.digest(digest)
  }
}

class Fixture {
  readonly world: World
  readonly events: Array<{ readonly machine: string; readonly kind: string }> = []

  constructor(seed: number) {
    this.world = new World({ seed, network: { latencyUs: { low: 200, high: 2000 } }, freezeMessages: true })
    const ensemble = ZK.map((id) => ({ id, machine: `zk${id}` }))
    for (const { id, machine } of ensemble) {
      this.world
        .addMachine(machine)
        .boot((host) => new ZooKeeperServer(host, { id, ensemble, tickTimeMs: 2000, initLimit: 10, syncLimit: 5 }))
    }
    for (const id of [1, 2, 3]) this.world.addMachine(`b${id}`).boot((host) => new ControllerOnlyBroker(host, id))
    this.world.addMachine('admin').boot((host) => new Admin(host))
    this.world.trace.subscribe(({ machine, event }) => {
      this.events.push({ machine, ...event })
    })
  }

  run(seconds: number): void {
    this.world.run(this.world.now + seconds * SECOND)
  }

  active(): Array<{ readonly machine: string; readonly epoch: number }> {
    const found: Array<{ machine: string; epoch: number }> = []
    for (const machine of ['b1', 'b2', 'b3']) {
      const process = this.world.machine(machine).process as ControllerOnlyBroker | undefined
      if (process?.controller.isActive === true) found.push({ machine, epoch: process.controller.epoch })
    }
    return found
  }

  admin<R>(task: (zk: ZkClient) => Task<R>): R {
    let result: { readonly value: R } | undefined
    this.world.call('admin', 'admin task', (process) => {
      runTask(task((process as Admin).zk), (value) => {
        result = { value }
      })
    })
    this.world.run(this.world.now + 10 * SECOND, () => result !== undefined)
    if (result === undefined) throw new Error('the admin task did not end')
    return result.value
  }

  state(topic: string): LeaderIsrAndControllerEpoch {
    return this.admin(function* (zk) {
      type Data = ZkResult<{ data: string; stat: { version: number } }>
      const { value } = yield* until<Data>((resume) => zk.getData(zkPaths.partitionState(topic, 0), resume))
      return decodePartitionState(value!.data, value!.stat.version)
    })
  }

  createTopic(topic: string, replicas: readonly number[]): void {
    expect(this.admin((zk) => createTopic(zk, topic, new Map([[0, replicas]]), {}))).toBe('OK')
    this.run(1)
  }

  kinds(kind: string): string[] {
    return this.events.filter((event) => event.kind === kind).map(({ machine }) => machine)
  }
}

describe('the controller over ZooKeeper', () => {
  it('is elected once, with epoch 1, and gives a topic its leader', () => {
    const f = new Fixture(1)
    f.run(10)
    expect(f.active()).toEqual([{ machine: expect.any(String), epoch: 1 }])
    expect(f.kinds('ControllerElected')).toHaveLength(1)
    f.createTopic('t', [3, 1, 2])
    expect(f.state('t')).toEqual({
      controllerEpoch: 1,
      leaderAndIsr: { leader: 3, leaderEpoch: 0, isr: [3, 1, 2], zkVersion: 0 },
    })
  })

  it('fails over when the session of a crashed controller expires', () => {
    const f = new Fixture(2)
    f.run(10)
    const [first] = f.active()
    const id = Number(first!.machine.slice(1))
    const others = [1, 2, 3].filter((other) => other !== id)
    f.createTopic('t', [id, ...others])
    f.world.machine(first!.machine).crash()
    f.run(3)
    expect(f.active()).toEqual([])
    f.run(10)
    expect(f.active()).toEqual([{ machine: expect.any(String), epoch: 2 }])
    expect(f.state('t')).toMatchObject({
      controllerEpoch: 2,
      leaderAndIsr: { leader: others[0], leaderEpoch: 1, isr: others },
    })
  })

  it('steps down after a pause longer than its session, and somebody else carries on', () => {
    const f = new Fixture(3)
    f.run(10)
    const [first] = f.active()
    f.world.machine(first!.machine).pause()
    f.run(12)
    expect(
      f
        .active()
        .map(({ epoch }) => epoch)
        .sort(),
    ).toEqual([1, 2])
    f.world.machine(first!.machine).resume()
    f.run(10)
    expect(f.active()).toEqual([{ machine: expect.not.stringMatching(first!.machine), epoch: 2 }])
    expect(f.kinds('ControllerResigned')).toEqual([first!.machine])
    // All three are registered again, and the controller works.
    f.createTopic('t', [1, 2, 3])
    expect(f.state('t')).toMatchObject({ controllerEpoch: 2, leaderAndIsr: { leader: 1, isr: [1, 2, 3] } })
  })

  it('writes on in the name of its old epoch when it wakes up, before it hears of the new session (M23)', () => {
    const f = new Fixture(6)
    f.run(10)
    const controller = f.active()[0]!.machine
    const [leader, follower] = [1, 2, 3].filter((id) => `b${id}` !== controller)
    f.createTopic('t', [leader!, follower!])
    f.world.machine(`b${follower}`).crash()
    f.world.run(f.world.now + 20 * SECOND, () => f.kinds('BrokerFailure').length > 0)
    f.world.machine(controller).pause()
    f.run(12)
    expect(
      f
        .active()
        .map(({ epoch }) => epoch)
        .sort(),
    ).toEqual([1, 2])
    // The successor left the dead follower in the ISR: nobody told it of a failure.
    expect(f.state('t').leaderAndIsr).toMatchObject({ leaderEpoch: 0, isr: [leader, follower] })
    f.world.machine(controller).resume()
    f.run(10)
    expect(f.active()).toEqual([{ machine: `b${leader}`, epoch: 2 }])
    expect(f.state('t')).toMatchObject({ controllerEpoch: 1, leaderAndIsr: { leader, leaderEpoch: 1, isr: [leader] } })
  })

  it('takes a crashed follower out of the ISR, and keeps its brokers while a ZooKeeper server is down', () => {
    const f = new Fixture(4)
    f.run(10)
    const [first] = f.active()
    const others = [1, 2, 3].filter((id) => `b${id}` !== first!.machine)
    f.createTopic('t', others)
    f.world.machine('zk2').crash()
    f.run(10)
    expect(f.active()).toHaveLength(1)
    f.world.machine(`b${others[1]}`).crash()
    f.run(12)
    expect(f.state('t').leaderAndIsr).toMatchObject({ leader: others[0], leaderEpoch: 1, isr: [others[0]] })
  })

  it('runs the same way twice', () => {
    const play = (): string => {
      const f = new Fixture(5)
      f.run(8)
      f.createTopic('t', [1, 2, 3])
      f.world.machine('b1').crash()
      f.run(12)
      return f.world.digest()
    }
    expect(play()).toBe(play())
  })
})

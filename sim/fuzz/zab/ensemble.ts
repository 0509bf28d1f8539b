/** The world of one run: servers and clients on their machines, and who is who at the moment. */
import { type Host, invariant, type Process } from '../../../src/host/index.ts'
import { describeZkMessage, type ElectionFactory, ZooKeeperServer } from '../../../src/zookeeper/index.ts'
import { type Machine, World } from '../../kernel/index.ts'
import { CarelessElection, Rumour } from './careless-election.ts'
import type { Victim } from './faults.ts'
import type { ZabPlan } from './plan.ts'

/** In ten notifications, so many are late; as many are lost with their connection. */
const LATE_IN_TEN = 3
const LOST_IN_TEN = 1
const LATE_US = 3_000_000

export class ZabEnsemble {
  readonly world: World
  readonly servers: readonly string[]
  readonly clients: readonly string[]
  /** The server that the moment is about at which a fault strikes. */
  subject: string | undefined
  private readonly rumour: Rumour | undefined
  private readonly electionsHeal: (() => void) | undefined

  constructor(plan: ZabPlan, options: { readonly freezeMessages: boolean }) {
    this.world = new World({
      seed: plan.seed,
      network: { latencyUs: plan.latencyUs },
      freezeMessages: options.freezeMessages,
    })
    this.world.network.describe = (message) => describeZkMessage(message) ?? 'other'
    this.servers = plan.servers
    this.clients = [...plan.workers.map(({ name }) => name), plan.subscriber.name]
    for (const name of this.everybody) {
      const clock = plan.clocks[name]
      this.world.addMachine(name, clock === undefined ? {} : { clock })
    }
    if (plan.elections === 'late') this.electionsHeal = this.disturbElections()
    if (plan.elections === 'careless') this.rumour = new Rumour(this.world.random('zab/rumour'), plan.servers.length)
  }

  get everybody(): readonly string[] {
    return [...this.servers, ...this.clients]
  }

  bootServers(settings: ZabPlan['settings']): void {
    const ensemble = this.servers.map((machine, i) => ({ id: i + 1, machine }))
    const { rumour } = this
    const election: { election?: ElectionFactory } =
      rumour === undefined ? {} : { election: (host, options) => new CarelessElection(host, options, rumour) }
    for (const { id, machine } of ensemble) {
      this.boot(machine, (host) => new ZooKeeperServer(host, { ...settings, ...election, id, ensemble }))
    }
  }

  boot(machine: string, factory: (host: Host) => Process): void {
    this.world.machine(machine).boot(factory)
  }

  /** Servers with a process, even one that stands still. */
  get running(): ZooKeeperServer[] {
    return this.servers.flatMap((name) => {
      const { process } = this.world.machine(name)
      return process === undefined ? [] : [process as ZooKeeperServer]
    })
  }

  /** The server that leads and serves; of several, which only one can be right about, the last. */
  get leader(): ZooKeeperServer | undefined {
    return this.running.findLast((server) => server.state === 'LEADING' && server.isServing)
  }

  victim({ name, role }: Victim): Machine {
    if (role === 'subject') return this.world.machine(this.subject ?? name)
    const leader = this.leader?.host.machine
    if (role === 'any' || leader === undefined) return this.world.machine(name)
    if (role === 'leader') return this.world.machine(leader)
    if (name !== leader) return this.world.machine(name)
    const other = this.servers.find((server) => server !== leader)
    invariant(other !== undefined, 'an ensemble of one')
    return this.world.machine(other)
  }

  /** Power and process are back, if they were away. */
  startAgain(machine: Machine): void {
    if (machine.state === 'off' || machine.state === 'stopped') machine.restart()
  }

  /** The end of all trouble, except that clocks stay as they are and files as damaged. */
  healEverything(): void {
    const { network } = this.world
    network.healAll()
    network.releaseAll()
    this.rumour?.die()
    this.electionsHeal?.()
    for (const name of this.everybody) {
      const machine = this.world.machine(name)
      machine.disk.slowDown(0)
      machine.disk.fillUp(undefined)
      machine.disk.failReads(undefined)
      if (machine.state === 'paused') machine.resume()
      this.startAgain(machine)
    }
  }

  /** Safety must not hang on elections: discovery and synchronisation have to make up for wrong ones. */
  private disturbElections(): () => void {
    const { world } = this
    const random = world.random('zab/notifications')
    return world.network.intercept(({ name }) => {
      if (name !== 'ZkNotification') return 'pass'
      const luck = random.intBelow(10, 'fate of a notification')
      if (luck < LATE_IN_TEN) return { delayUs: random.intBelow(LATE_US, 'late by') }
      return luck < LATE_IN_TEN + LOST_IN_TEN ? 'drop' : 'pass'
    })
  }
}

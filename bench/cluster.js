#!/usr/bin/env node
// How fast whole clusters run: the standard run (a small cluster with a group of consumers and faults, 30 virtual seconds)
// as a ratio of virtual to real time, and the dense run (the same cluster under load, no faults) in kernel events a second.
// Without view and ledger; each once bare and once with the trace hash on. The group forms through ZooKeeper, as it does in
// the default preset; both runs also with one that a broker coordinates, of a later preset.
//
//   npm run build && node bench/cluster.js [--json] [--runs N]
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'

if (!existsSync(new URL('../dist/sim/cluster/index.js', import.meta.url))) {
  console.error('bench: the program is not built yet. Run `npm run build` first.')
  process.exit(2)
}
const { Cluster } = await import('../dist/sim/cluster/index.js')
const { TraceHash } = await import('../dist/sim/kernel/index.js')
const { formatRecord } = await import('../dist/sim/view/index.js')
const faults = await import('../dist/sim/faults/index.js')

const SECOND = 1_000_000
const RUN_US = 30 * SECOND
const TARGET_RATIO = 3000
const TARGET_EVENTS = 500_000
const GROUP = 'readers'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, runs: { type: 'string' } } })
const standardRuns = Number(values.runs ?? 200)

/** 3 ZooKeeper servers, 3 brokers, 1 topic of 2 partitions RF 3, 2 producers with acks -1, a group of 2 consumers. */
function plan(messagesPerSecond, protocol) {
  const producer = (name) => ({
    kind: 'producer',
    name,
    bootstrap: [],
    config: { 'request.required.acks': -1 },
    workload: {
      topic: 'orders',
      everyUs: SECOND / messagesPerSecond,
      startUs: 2 * SECOND,
      keys: { low: 1, high: 20 },
      sizeBytes: 100,
    },
  })
  const processing = { eachUs: 0, commits: 'auto', withoutWaiting: false, handsOver: false }
  const member = (name) => ({ name, group: GROUP, processing, autostart: true })
  const consumer =
    protocol === '0.8.2'
      ? (name) => ({
          ...member(name),
          kind: 'old-consumer',
          config: { 'auto.offset.reset': 'smallest' },
          servers: [],
          subscription: { topics: [{ topic: 'orders', streams: 1 }] },
        })
      : (name) => ({
          ...member(name),
          kind: 'group-consumer',
          config: { 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000 },
          subscribes: { topics: ['orders'] },
          bootstrap: [],
          pollUs: SECOND / 10,
        })
  return {
    protocol,
    zookeeper: 3,
    zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 },
    brokers: 3,
    brokerConfig: {},
    brokerConfigOf: {},
    network: { latencyUs: { low: 500, high: 1500 } },
    topics: [{ name: 'orders', partitions: 2, replicationFactor: 3, config: {} }],
    clients: [producer('p1'), producer('p2'), consumer('c1'), consumer('c2')],
  }
}

/** A crash, a pause and a cut, each of a broker and each over after a few seconds, at times drawn from the seed. */
function schedule(world) {
  const random = world.random('bench/faults')
  const brokers = ['b1', 'b2', 'b3']
  const at = (us, tag, act) => world.schedule(us, tag, act)
  const when = () => random.intBetween(5 * SECOND, 20 * SECOND, 'when')
  const lasts = () => random.intBetween(1 * SECOND, 8 * SECOND, 'lasts')
  const crashed = random.pick(brokers, 'crash')
  const crashAt = when()
  at(crashAt, 'crash', () => faults.crash(world, crashed))
  at(crashAt + lasts(), 'restart', () => faults.restart(world, crashed))
  const paused = random.pick(brokers, 'pause')
  const pauseAt = when()
  at(pauseAt, 'pause', () => faults.pause(world, paused))
  at(pauseAt + lasts(), 'resume', () => faults.resume(world, paused))
  const lonely = random.pick(brokers, 'cut')
  const links = { from: [lonely], to: brokers.filter((name) => name !== lonely), oneWay: false }
  const cutAt = when()
  at(cutAt, 'cut', () => faults.cut(world, links))
  at(cutAt + lasts(), 'heal', () => faults.heal(world, links))
}

/** Processor time, so that a busy machine does not blur the result; garbage collection on other cores counts too. */
function cpuSeconds(since) {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000_000
}

function run(clusterPlan, seed, { withFaults, withHash }) {
  const started = process.cpuUsage()
  const cluster = new Cluster(clusterPlan, { seed })
  if (withHash) cluster.world.trace.subscribe(new TraceHash(formatRecord).subscriber)
  if (withFaults) schedule(cluster.world)
  cluster.world.run(RUN_US)
  return { events: cluster.world.steps, seconds: cpuSeconds(started) }
}

function series(count, clusterPlan, options) {
  let events = 0
  let seconds = 0
  for (let seed = 1; seed <= count; seed++) {
    const result = run(clusterPlan, seed, options)
    events += result.events
    seconds += result.seconds
  }
  return {
    runs: count,
    eventsPerRun: Math.round(events / count),
    eventsPerSecond: Math.round(events / seconds),
    virtualPerReal: Math.round((count * RUN_US) / SECOND / seconds),
  }
}

const standard = plan(5, '0.8.2')
const dense = plan(500, '0.8.2')
const coordinated = '2.1'
series(5, standard, { withFaults: true, withHash: true })
series(1, dense, { withFaults: false, withHash: false })
const results = {
  standard: series(standardRuns, standard, { withFaults: true, withHash: false }),
  standardWithHash: series(standardRuns, standard, { withFaults: true, withHash: true }),
  standardCoordinated: series(standardRuns, plan(5, coordinated), { withFaults: true, withHash: false }),
  dense: series(3, dense, { withFaults: false, withHash: false }),
  denseWithHash: series(3, dense, { withFaults: false, withHash: true }),
  denseCoordinated: series(3, plan(500, coordinated), { withFaults: false, withHash: false }),
}
if (values.json) {
  console.log(JSON.stringify(results))
} else {
  for (const [name, result] of Object.entries(results)) {
    console.log(
      `${name.padEnd(20)} ${String(result.eventsPerRun).padStart(8)} events a run  ` +
        `${result.eventsPerSecond.toLocaleString('en').padStart(10)} events/s  ${String(result.virtualPerReal).padStart(6)}x real time`,
    )
  }
  const slower = (bare, hashed) => (bare.eventsPerSecond / hashed.eventsPerSecond).toFixed(2)
  console.log(
    `trace hash: standard run ${slower(results.standard, results.standardWithHash)}x slower, dense run ${slower(results.dense, results.denseWithHash)}x slower`,
  )
  console.log(
    `targets: standard run ${results.standard.virtualPerReal}x of ${TARGET_RATIO}x, ` +
      `dense run ${Math.round(results.dense.eventsPerSecond / 1000)}k of ${TARGET_EVENTS / 1000}k events/s`,
  )
}

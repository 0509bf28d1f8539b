/**
 * The bare kernel against a bare binary heap in the same process: 256 pending events, no-op handlers, each of which
 * schedules its successor. Prints ratios; exits 1 if the kernel is below its target. Run `npm run build` first.
 */
import { existsSync } from 'node:fs'
import { millions, operationsPerSecond, report } from './lib/measure.js'

if (!existsSync(new URL('../dist/sim/kernel/index.js', import.meta.url))) {
  console.error('bench: the program is not built yet. Run `npm run build` first.')
  process.exit(2)
}
const { World } = await import('../dist/sim/kernel/index.js')

const PENDING = 256
const EVENTS = 1_000_000
const TARGET = 1 / 6

/** The textbook heap of { time, sequence } objects. */
class BareHeap {
  items = []

  push(item) {
    const { items } = this
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(item, items[parent])) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = item
  }

  pop() {
    const { items } = this
    const first = items[0]
    const item = items.pop()
    const count = items.length
    if (count === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && before(items[child + 1], items[child])) child++
      if (!before(items[child], item)) break
      items[at] = items[child]
      at = child
    }
    items[at] = item
    return first
  }
}

const before = (a, b) => a.time < b.time || (a.time === b.time && a.sequence < b.sequence)

/** The same delays for all: 1 to 1000. */
const delays = new Uint16Array(4096)
for (let i = 0, x = 1; i < delays.length; i++) {
  x = (Math.imul(x, 1103515245) + 12345) >>> 0
  delays[i] = 1 + ((x >>> 8) % 1000)
}

const bareHeap = operationsPerSecond(EVENTS, () => {
  const heap = new BareHeap()
  let sequence = 0
  for (let i = 0; i < PENDING; i++) heap.push({ time: delays[i], sequence: sequence++ })
  for (let i = 0; i < EVENTS; i++) {
    const { time } = heap.pop()
    heap.push({ time: time + delays[i & 4095], sequence: sequence++ })
  }
})

const network = { latencyUs: { low: 100, high: 1000 } }

function worldEvents(options) {
  return operationsPerSecond(EVENTS, () => {
    const world = new World({ seed: 1, network, ...options })
    let i = 0
    const fire = () => world.schedule(delays[i++ & 4095], 'tick', fire)
    for (let n = 0; n < PENDING; n++) fire()
    for (let n = 0; n < EVENTS; n++) world.step()
  })
}

function processTimers(options) {
  return operationsPerSecond(EVENTS, () => {
    const world = new World({ seed: 1, network, ...options })
    let i = 0
    const start = (host) => {
      const fire = () => host.setTimer(delays[i++ & 4095], 'tick', fire)
      for (let n = 0; n < PENDING / 8; n++) fire()
    }
    for (let n = 0; n < 8; n++) {
      world.addMachine(`m${n}`).boot((host) => ({ start: () => start(host), digest: () => {} }))
    }
    for (let n = 0; n < EVENTS; n++) world.step()
  })
}

/** Pairs of machines that throw messages to and fro, several at a time. */
function messages(watch) {
  const pairs = 8
  const message = { kind: 'ball' }
  return operationsPerSecond(EVENTS, () => {
    const world = new World({ seed: 1, network: { ...network, bytesPerSecond: 100_000_000 } })
    if (watch) world.trace.subscribe(() => {}, { messages: true })
    const handler = { received: (ball, connection) => connection.send(ball, 100), closed: () => {} }
    for (let n = 0; n < pairs; n++) {
      world.addMachine(`server${n}`).boot((host) => ({ start: () => host.listen(1, () => handler), digest: () => {} }))
      world.addMachine(`client${n}`).boot((host) => ({
        start: () => {
          const connection = host.connect({ machine: `server${n}`, port: 1 }, handler, 1_000_000)
          for (let k = 0; k < PENDING / pairs; k++) connection.send(message, 100)
        },
        digest: () => {},
      }))
    }
    for (let n = 0; n < EVENTS; n++) world.step()
  })
}

console.log(`${PENDING} pending events, ${EVENTS / 1e6} M events, best of 5`)
console.log(`${'bare binary heap'.padEnd(56)} ${millions(bareHeap).padStart(11)}   ratio 1`)
let holds = report('kernel: events of the world', worldEvents({}), bareHeap, TARGET)
holds = report('kernel: timers of processes on 8 machines', processTimers({}), bareHeap, TARGET) && holds
report('kernel: the same, exploring the schedule', processTimers({ exploreSchedule: true }), bareHeap)
report('kernel: messages, latency drawn', messages(false), bareHeap)
report('kernel: messages, with a trace subscriber', messages(true), bareHeap)
process.exitCode = holds ? 0 : 1

/** Requests that carry one message against such that carry a batch: over a real TCP connection to this machine itself. */
import { connect, createServer, type Socket } from 'node:net'
import { dataCentreLink, requestsInTurn } from '../../../sim/lab/cost-model.ts'
import { produceRequestSize, produceResponseSize } from '../../../src/protocol/index.ts'
import { buildMessageSet } from '../../../src/storage/index.ts'
import { type Experiment, now, type Sizes } from './experiment.ts'
import { BATCH, batchesOf, orders } from './messages.ts'

export async function batching({ messages }: Sizes): Promise<Experiment> {
  const all = orders(messages)
  const single = all.map((message) => requestOf(buildMessageSet([message])))
  const batched = batchesOf(all, BATCH).map((batch) => requestOf(buildMessageSet(batch)))
  const one = await sendInTurn(single)
  const many = await sendInTurn(batched)
  const over = (sent: Sent): number => requestsInTurn(sent.requests, sent.bytes, dataCentreLink).ms
  return {
    id: 'batching',
    title: `Batching: up to ${BATCH} messages a request`,
    shows: ['9.1', '9.2'],
    without: 'one by one',
    with: 'in batches',
    figures: [
      {
        what: `requests for ${messages} messages`,
        unit: 'count',
        without: one.requests,
        with: many.requests,
        how: 'measured',
      },
      {
        what: 'bytes on the wire, answers included',
        unit: 'bytes',
        without: one.bytes,
        with: many.bytes,
        how: 'measured',
      },
      {
        what: 'time over a TCP connection to this machine itself',
        unit: 'ms',
        without: one.ms,
        with: many.ms,
        how: 'measured',
      },
      {
        what: `time over a network (${dataCentreLink.roundTripMs} ms a round trip)`,
        unit: 'ms',
        without: over(one),
        with: over(many),
        how: 'modelled',
      },
    ],
    note: 'Real message sets in requests of the size of Produce v0, each sent when the one before was answered.',
  }
}

const ANSWER_BYTES = produceResponseSize({
  api: 'Produce',
  correlationId: 0,
  partitions: [{ topic: 'orders', partition: 0, errorCode: 0, baseOffset: 0 }],
})
const SIZE_BYTES = 4

/** The bytes of a Produce request: its size, a header as long as Kafka's (of zeros, for nobody reads it), the set. */
function requestOf(records: Uint8Array): Uint8Array {
  const request = { api: 'Produce', correlationId: 0, clientId: 'lab', requiredAcks: 1, ackTimeoutMs: 10_000 } as const
  const size = produceRequestSize({ ...request, partitions: [{ topic: 'orders', partition: 0, records }] })
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, size - SIZE_BYTES)
  bytes.set(records, size - records.length)
  return bytes
}

interface Sent {
  readonly requests: number
  readonly bytes: number
  readonly ms: number
}

/** Each request when the answer to the one before has come. */
async function sendInTurn(requests: readonly Uint8Array[]): Promise<Sent> {
  const server = createServer({ noDelay: true }, answerEach)
  await new Promise<void>((listening, fail) => {
    server.on('error', fail)
    server.listen(0, '127.0.0.1', listening)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  try {
    await new Promise<void>((connected, fail) => {
      socket.once('connect', connected)
      socket.once('error', fail)
    })
    const before = now()
    await new Promise<void>((done, fail) => {
      let answered = 0
      let next = 0
      socket.on('error', fail)
      socket.on('data', (chunk: Uint8Array) => {
        answered += chunk.length
        if (answered < next * ANSWER_BYTES) return
        if (next === requests.length) done()
        else socket.write(requests[next++]!)
      })
      socket.write(requests[next++]!)
    })
    const ms = now() - before
    return { requests: requests.length, bytes: socket.bytesWritten + socket.bytesRead, ms }
  } finally {
    socket.destroy()
    server.close()
  }
}

function answerEach(socket: Socket): void {
  const answer = new Uint8Array(ANSWER_BYTES)
  let waiting = Buffer.alloc(0)
  // The other side has gone: so it is with the last answer.
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    while (waiting.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + waiting.readUInt32BE(0)
      if (waiting.length < end) break
      waiting = waiting.subarray(end)
      socket.write(answer)
    }
  })
}

/** Compression: of single messages against whole batches, and with a broker that compresses anew against one that only checks. */
import { compressionSteps } from '../../../sim/lab/cost-model.ts'
import { buildRecords, type NewRecord, readRecords } from '../../../src/storage/index.ts'
import { bestOf, type Experiment, type Sizes } from './experiment.ts'
import { BATCH, batchesOf, bytesOf, orders } from './messages.ts'

const MAGIC = 2
const ROUNDS = 3

export function compression({ messages }: Sizes): Experiment {
  const all = orders(messages)
  const inBatches = batchesOf(all, BATCH)
  const build = (records: readonly NewRecord[], compressed: boolean): Uint8Array =>
    buildRecords(records, { magic: MAGIC, ...(compressed ? { compression: 'gzip' } : {}) })
  const plain = bytesOf(inBatches.map((batch) => build(batch, false)))
  const single = bytesOf(all.map((message) => build([message], true)))
  const compressed = inBatches.map((batch) => build(batch, true))
  const [opening, passing] = bestOf(
    ROUNDS,
    () => {
      for (const batch of compressed) build(readRecords(batch), true)
    },
    () => {
      for (const batch of compressed) readRecords(batch)
    },
  )
  const whole = bytesOf(compressed)
  return {
    id: 'compression',
    title: `Compression: whole batches of ${BATCH} by gzip, kept as they came`,
    shows: ['9.3', '9.4'],
    without: 'otherwise',
    with: 'batch, end to end',
    figures: [
      {
        what: `bytes of ${messages} messages: not compressed, and as batches`,
        unit: 'bytes',
        without: plain,
        with: whole,
        how: 'measured',
      },
      {
        what: '… each message compressed by itself, and as batches',
        unit: 'bytes',
        without: single,
        with: whole,
        how: 'measured',
      },
      {
        what: "the broker's time: opens, checks and compresses anew, or only checks",
        unit: 'ms',
        without: opening!,
        with: passing!,
        how: 'measured',
      },
      {
        what: 'times that a batch is compressed or opened on its way',
        unit: 'count',
        without: compressionSteps('compresses anew'),
        with: compressionSteps('checks'),
        how: 'modelled',
      },
    ],
    note: 'The broker opens a batch to check what is inside, and keeps the bytes as the producer made them: on disk, in followers, and up to the consumer. So it has been since format 1 (0.10), whose inner offsets are relative; in format 0 they were not, and the broker wrote them and compressed the batch anew.',
  }
}

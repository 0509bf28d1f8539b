/**
 * Keys of the Java producer (`org/apache/kafka/clients/producer/ProducerConfig.java`), with the defaults of 0.8.2.2; where
 * a later release has another one, see `src/client/new-producer/release-defaults.ts`.
 */
import { type ConfigValues, flag, int, text } from './config-def.ts'

/** Java's `Integer.MAX_VALUE`: without end, as far as anybody counts. */
export const INT_MAX = 0x7fff_ffff

export const javaProducerConfigTable = {
  acks: text('1', '0: no answer, 1: the leader has written, all or -1: the whole ISR has (all by default from 3.0)', [
    'all',
    '-1',
    '0',
    '1',
  ]),
  retries: int(0, 'attempts after the first (without end by default from 2.1)', 0, INT_MAX),
  'retry.backoff.ms': int(100, 'pause before a batch is sent again, and between two requests for metadata', 0),
  'retry.backoff.max.ms': int(1000, 'from 3.7: the pause doubles with each attempt, up to this', 0),
  'batch.size': int(16_384, 'bytes of one batch for one partition', 0, INT_MAX),
  'linger.ms': int(0, 'how long a batch that is not full waits for more (5 by default from 4.0)', 0),
  'buffer.memory': int(33_554_432, 'bytes that batches may take up; when they are used up, send waits', 0),
  'block.on.buffer.full': flag(true, 'up to 0.8.2: whether send waits for memory, or throws at once'),
  'metadata.fetch.timeout.ms': int(60_000, 'up to 0.8.2: longest wait of send for metadata of a topic', 0),
  'max.block.ms': int(60_000, 'from 0.9: longest stay in send, for metadata and memory together', 0),
  'max.in.flight.requests.per.connection': int(5, 'requests to one broker that may wait for answers', 1, INT_MAX),
  'max.request.size': int(1_048_576, 'bytes of one request, and of one message', 0, INT_MAX),
  'timeout.ms': int(30_000, 'up to 0.8.2: how long the leader may wait for acknowledgements', 0, INT_MAX),
  'request.timeout.ms': int(
    30_000,
    'from 0.9: a request unanswered for so long is given up; also how long the leader may wait for acknowledgements',
    0,
    INT_MAX,
  ),
  'delivery.timeout.ms': int(
    120_000,
    'from 2.1: longest time from send to the outcome, all attempts included',
    0,
    INT_MAX,
  ),
  'enable.idempotence': flag(
    false,
    'from 0.11: records are numbered, so that no retry repeats or overtakes any; from 3.0 on by default, unless acks, retries or max.in.flight.requests.per.connection forbid it',
  ),
  'transactional.id': text('', 'from 0.11: the producer writes in transactions, and takes over from those of this id'),
  'transaction.timeout.ms': int(
    60_000,
    'from 0.11: a transaction that is open for so long is aborted by its coordinator',
    1,
    INT_MAX,
  ),
  'metadata.max.age.ms': int(300_000, 'age at which metadata is refreshed', 0),
  'reconnect.backoff.ms': int(10, 'pause before a broker is connected to again (50 by default from 0.9)', 0),
  'socket.connection.setup.timeout.ms': int(10_000, 'from 2.7: how long a connection may take to stand', 1),
  'compression.type': text('none', 'how batches are compressed; zstd from 2.1', [
    'none',
    'gzip',
    'snappy',
    'lz4',
    'zstd',
  ]),
  'partitioner.class': text('', 'which partition a message goes to; the built-in rule of the release if not set'),
} as const

export type JavaProducerConfig = ConfigValues<typeof javaProducerConfigTable>

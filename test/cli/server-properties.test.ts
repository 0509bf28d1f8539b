// A real server.properties configures the brokers of a scenario, and its mistakes are told as a broker would find them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Outcome, scenarioFile, temporaryDirectory, trial } from './trial.ts'

/** As Kafka 0.8.2.2 ships it, without its comments. */
const shipped = `broker.id=0
port=9092
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kafka-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
log.cleaner.enable=false
zookeeper.connect=localhost:2181
zookeeper.connection.timeout.ms=6000
`

const story = (cluster = ''): string =>
  scenarioFile(`scenario: 1
ends: 3s
cluster: { zookeeper: 1, brokers: 1${cluster} }
topics: { orders: { partitions: 1 } }
clients: { p1: { producer: sync, config: { request.required.acks: 1 } } }
steps:
  - send: { by: p1, to: orders-0, message: m1 }
  - send: { by: p1, to: orders-0, message: m2 }
  - send: { by: p1, to: orders-0, message: m3 }
expect:
  messages: { m3: { acked: true } }
`)

const properties = (text: string): string => scenarioFile(text, 'server.properties')

/** Base offsets of the segments on the disk of b1 after the run. */
function segments(file: string, ...args: string[]): { outcome: Outcome; bases: number[] } {
  const trace = join(temporaryDirectory(), 'trace.txt')
  const outcome = trial('run', file, '--trace', trace, '--quiet', ...args)
  const rolled = readFileSync(trace, 'utf8').matchAll(/SegmentRolled orders-0 base=(\d+)/g)
  return { outcome, bases: [0, ...[...rolled].map(([, base]) => Number(base))] }
}

describe('trial run --server-properties', () => {
  it('reads the file that Kafka ships, and names what it does not model, with the line', () => {
    const file = properties(shipped)
    const { code, err } = trial('run', story(), '--server-properties', file, '--quiet')
    expect(code).toBe(0)
    expect(err).toContain(`${file}:1:1: warning KS602 "broker.id" is not modelled, it changes nothing`)
    expect(err).toContain(`${file}:15:1: warning KS602 "zookeeper.connect" is not modelled`)
    expect(err).toContain('  15 | zookeeper.connect=localhost:2181\n     | ^^^^^^^^^^^^^^^^^')
    for (const key of ['port', 'num.partitions', 'log.segment.bytes', 'log.cleaner.enable']) {
      expect(err).not.toContain(`"${key}"`)
    }
  })

  it('takes effect on every broker: over the scenario file, below --set @shows 2.24', () => {
    const own = story(', config: { log.segment.bytes: 1000 }, configOf: { b1: { log.segment.bytes: 2000 } }')
    expect(segments(own).bases).toEqual([0])
    const file = properties('log.segment.bytes = 60\n')
    expect(segments(own, '--server-properties', file).bases).toEqual([0, 2])
    expect(segments(own, '--server-properties', file, '--set', 'log.segment.bytes=30').bases).toEqual([0, 1, 2])
  })

  it('reads separators, continuations, comments and escapes as Java does', () => {
    const file = properties('# a comment\n! another\nlog.\\\n   segment.bytes : \\u0036\\\n  0\n')
    const { outcome, bases } = segments(story(), '--server-properties', file)
    expect(outcome.err).toBe('')
    expect(bases).toEqual([0, 2])
  })

  it.each([
    [
      'log.segment.bytes=1GB',
      /:1:19: KS202 "log\.segment\.bytes" cannot be "1GB"\n.*\n.*\^{3}\n {2}expected a whole number from 14 to 2147483647/,
    ],
    ['log.segment.bytes=60 ', /:1:19: KS202 .*\n.*\n.*\n {2}expected .*, without the blank behind it/],
    ['log.segment.bytes=', /:1:19: KS202 "log\.segment\.bytes" cannot be nothing/],
    ['log.segment.bytes=3000000000', /KS202 .* cannot be "3000000000"/],
    ['log.retention.bytes=9223372036854775808', /KS202 .* cannot be "9223372036854775808"/],
    [
      'delete.topic.enable=TRUE',
      /:1:21: KS202 "delete\.topic\.enable" cannot be "TRUE"\n.*\n.*\n {2}expected true or false/,
    ],
    ['log.cleaner.io.buffer.load.factor=1.5', /KS202 .*\n.*\n.*\n {2}expected a number from 0 to 1/],
    [
      'log.cleanup.policy=compress',
      /KS202 "log\.cleanup\.policy" cannot be "compress"\n.*\n.*\n {2}expected one of delete, compact/,
    ],
    ['num.io.threads=many', /:1:16: KS202 "num\.io\.threads" cannot be "many"/],
    ['offsets.topic.compression.codec=9', /KS202 .*\n.*\n.*\n {2}expected one of 0, 1, 2, 3, none, gzip, snappy, lz4/],
    ['log.dirs=\\u12', /:1:10: KS601 an escape that Java cannot read/],
    [
      'replica.fetch.wait.max.ms=40000',
      /:1:27: KS603 replica\.fetch\.wait\.max\.ms is 40000, replica\.socket\.timeout\.ms 30000/,
    ],
    ['message.max.bytes=2000000', /:1:19: KS603 replica\.fetch\.max\.bytes is 1048576, message\.max\.bytes 2000000/],
    [
      'log.cleaner.dedupe.buffer.size=1048576',
      /KS603 .*\n.*\n.*\n {2}expected more than 1048576 bytes for each thread/,
    ],
    ['offsets.commit.required.acks=4', /KS603 offsets\.commit\.required\.acks is 4, the offsets topic has 3 replicas/],
  ])('%j is refused, with its place and what would be right, exit code 2', (line, message) => {
    const { code, out, err } = trial('run', story(), '--server-properties', properties(`${line}\n`))
    expect(err).toMatch(message)
    expect(out).toBe('')
    expect(err).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })

  it.each([
    [
      'log.retention.hour=1',
      /:1:1: warning KS201 Kafka knows no key "log\.retention\.hour", and passes over it\n.*\n.*\n {2}did you mean "log\.retention\.hours"\?/,
    ],
    [
      'segment.bytes=60',
      /:1:1: warning KS203 "segment\.bytes" is a key of topics.*\n.*\n.*\n {2}did you mean "log\.segment\.bytes"\?/,
    ],
    [
      'min.insync.replicas=2',
      /:1:1: warning KS205 0\.8\.2 honours min\.insync\.replicas per topic only \(KAFKA-2114\): "min\.insync\.replicas" changes nothing/,
    ],
    ['log.cleaner.min.compaction.lag.ms=9', /warning KS205 0\.8\.2 knows no log\.cleaner\.min\.compaction\.lag\.ms/],
    ['num.io.threads=4', /warning KS602 "num\.io\.threads" is not modelled/],
    ['port=9093\nport=9094', /:1:1: warning KS005 "port" stands twice: the last one counts/],
  ])('%j is a warning, and the story is played', (line, message) => {
    const { code, err } = trial('run', story(), '--server-properties', properties(`${line}\n`), '--quiet')
    expect(err).toMatch(message)
    expect(err.match(/KS\d{3}/g)).toHaveLength(1)
    expect(code).toBe(0)
  })

  it('ignores keys by release: what 0.9 dropped, and what 0.8.0 did not have', () => {
    const lag = properties('replica.lag.max.messages=10\n')
    expect(trial('run', story(), '--server-properties', lag, '--quiet').err).toBe('')
    expect(trial('run', story(), '--server-properties', lag, '--quiet', '--protocol', '0.9').err).toMatch(
      /KS205 0\.9 measures lag by time alone/,
    )
    const cleaner = properties('log.cleaner.enable=true\n')
    expect(trial('run', story(), '--server-properties', cleaner, '--quiet').err).toBe('')
    expect(trial('run', story(), '--server-properties', cleaner, '--quiet', '--protocol', '0.8.0').err).toMatch(
      /KS205 0\.8\.0 knows no compaction/,
    )
  })

  it('reads numbers as the release does: blanks behind them are no mistake from 0.9 on', () => {
    const file = properties('log.segment.bytes=60 \nlog.cleaner.enable=True\n')
    expect(trial('run', story(), '--server-properties', file, '--quiet', '--protocol', '0.9').code).toBe(0)
    expect(trial('run', story(), '--server-properties', file, '--quiet').code).toBe(2)
  })

  it('takes the largest long for no limit', () => {
    const file = properties('log.flush.interval.messages=9223372036854775807\n')
    expect(trial('run', story(), '--server-properties', file, '--quiet')).toMatchObject({ code: 0, err: '' })
  })

  it('tells a file that is not there, and tells of one file once however many scenarios there are', () => {
    const missing = trial('run', story(), '--server-properties', 'nowhere.properties')
    expect(missing.err).toBe('nowhere.properties:1:1: KS001 cannot read the file: there is no such file\n')
    expect(missing.code).toBe(2)
    const { err } = trial('run', story(), story(), '--server-properties', properties('num.io.threads=4\n'), '--quiet')
    expect(err.match(/KS602/g)).toHaveLength(1)
  })

  it('says in --help what counts for what', () => {
    expect(trial('run', '--help').out).toMatch(/--set, else --server-properties, else the scenario file/)
  })
})

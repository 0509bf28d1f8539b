/** One JVM with the jars of a release, which answers commands about Kafka's log layer and dump tool (`java/Harness.java`). */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { classPath, type KafkaRelease } from './kafka-jars.ts'

export interface Answer {
  /** What went to standard output and to standard error. */
  readonly out: string
  readonly err: string
}

/** An exception that a command ended with. */
export class KafkaException extends Error {
  /** Such as `kafka.common.KafkaException`. */
  readonly className: string

  constructor(stackTrace: string) {
    super(stackTrace)
    this.name = 'KafkaException'
    this.className = /[\w.$]+/.exec(stackTrace)?.[0] ?? ''
  }
}

export interface LogState {
  readonly partition: string
  readonly startOffset: number
  readonly endOffset: number
  readonly recoveryPoint: number
  readonly segments: readonly number[]
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

export class KafkaJvm {
  readonly release: KafkaRelease
  private readonly process: ChildProcessWithoutNullStreams
  private readonly waiting: Waiting[] = []
  private received: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  private complaints = ''

  constructor(release: KafkaRelease) {
    this.release = release
    const options = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
    this.process = spawn('java', [...options, '-cp', classPath(release), 'Harness'])
    this.process.stdout.on('data', (bytes: Buffer) => this.take(bytes))
    this.process.stderr.on('data', (bytes: Buffer) => {
      this.complaints = (this.complaints + bytes.toString('utf8')).slice(-4000)
    })
    this.process.on('close', (code) => this.failAll(`the JVM of Kafka ${release} ended (${code}): ${this.complaints}`))
    this.process.stdin.on('error', (error) => this.failAll(String(error)))
  }

  /** @throws KafkaException the command failed; what it printed before is lost */
  command(...fields: ReadonlyArray<string | number | boolean>): Promise<Answer> {
    const line = fields.join('\t')
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.process.stdin.write(`${line}\n`)
    })
  }

  /** Runs `DumpLogSegments`. */
  dump(files: readonly string[], ...options: string[]): Promise<Answer> {
    return this.command('dump', '--files', files.join(','), ...options)
  }

  /** Loads a data directory as a broker does that starts. */
  async open(directory: string, nowMs: number, topicConfig: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const settings = Object.entries(topicConfig).map(([key, value]) => `${key}=${value}`)
    await this.command('open', directory, nowMs, ...settings)
  }

  async logs(): Promise<LogState[]> {
    const { out } = await this.command('logs')
    const lines = out.split('\n').filter((line) => line !== '')
    return lines.map((line) => {
      const [partition, startOffset, endOffset, recoveryPoint, segments] = line.split('\t')
      return {
        partition: partition!,
        startOffset: Number(startOffset),
        endOffset: Number(endOffset),
        recoveryPoint: Number(recoveryPoint),
        segments: segments!.split(',').map(Number),
      }
    })
  }

  stop(): Promise<void> {
    if (this.process.exitCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      this.process.once('close', () => resolve())
      this.process.stdin.end()
    })
  }

  private take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes])
    for (;;) {
      const lineEnd = this.received.indexOf('\n')
      if (lineEnd < 0) return
      const [outcome, out, err] = this.received.toString('latin1', 0, lineEnd).split(' ')
      const errAt = lineEnd + 1 + Number(out)
      const end = errAt + Number(err)
      if (this.received.length < end) return
      const answer = {
        out: this.received.toString('utf8', lineEnd + 1, errAt),
        err: this.received.toString('utf8', errAt, end),
      }
      this.received = this.received.subarray(end)
      const waiting = this.waiting.shift()
      if (outcome === 'ok') waiting?.resolve(answer)
      else waiting?.reject(new KafkaException(answer.err))
    }
  }

  private failAll(reason: string): void {
    for (const { reject } of this.waiting.splice(0)) reject(new Error(reason))
  }
}

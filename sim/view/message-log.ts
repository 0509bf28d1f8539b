/**
 * The messages of one replica's log as the view holds them: an immutable value that shares its storage.
 *
 * Every record may append, every earlier view must stay as it was (the player steps back), and a log may be long. So
 * a log is a length over an append-only array (in the manner of Go's slices): appending to the newest value pushes
 * in place, appending to an older one (after a truncation, or after stepping back) copies the prefix once. Values of
 * this class are leaves to immer, which neither drafts nor freezes them: cost per append is constant.
 */

export interface LoggedMessage {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  /** Leader epoch of the replica when it appended. Message format 0 does not store it: for people and oracles. */
  readonly epoch: number
}

export class MessageLog {
  static readonly empty: MessageLog = new MessageLog([], 0)

  readonly length: number
  readonly #shared: LoggedMessage[]

  private constructor(shared: LoggedMessage[], length: number) {
    this.#shared = shared
    this.length = length
  }

  /** Appends in offset order; amortized constant time a message on the newest value of a log. */
  append(messages: Iterable<LoggedMessage>): MessageLog {
    const shared = this.#shared.length === this.length && this !== MessageLog.empty ? this.#shared : this.#copy()
    for (const message of messages) shared.push(message)
    return new MessageLog(shared, shared.length)
  }

  /** Without the messages at `offset` and after. */
  truncateTo(offset: number): MessageLog {
    const length = this.indexOf(offset)
    return length === this.length ? this : new MessageLog(this.#shared, length)
  }

  /** Without the messages before `offset` (retention). Copies. */
  startAt(offset: number): MessageLog {
    const first = this.indexOf(offset)
    return first === 0 ? this : MessageLog.empty.append(this.#shared.slice(first, this.length))
  }

  /** Without the messages at these offsets (compaction). Copies. */
  without(offsets: readonly number[]): MessageLog {
    if (offsets.length === 0) return this
    const gone = new Set(offsets)
    return MessageLog.empty.append(this.#copy().filter(({ offset }) => !gone.has(offset)))
  }

  at(index: number): LoggedMessage | undefined {
    return index < this.length ? this.#shared[index] : undefined
  }

  /** The message at an offset, or undefined if the log holds none there. */
  get(offset: number): LoggedMessage | undefined {
    const message = this.at(this.indexOf(offset))
    return message?.offset === offset ? message : undefined
  }

  /** Messages with from <= offset < to. */
  between(from: number, to: number): LoggedMessage[] {
    return this.#shared.slice(this.indexOf(from), this.indexOf(to))
  }

  /** Index of the first message at or after `offset`; `length` if there is none. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#shared[middle]!.offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  toArray(): LoggedMessage[] {
    return this.#copy()
  }

  toJSON(): LoggedMessage[] {
    return this.#copy()
  }

  #copy(): LoggedMessage[] {
    return this.#shared.slice(0, this.length)
  }
}

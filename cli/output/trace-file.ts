/** Writes a trace as text, one formatted line a record, in pieces of a megabyte. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../exit-code.ts'

const FLUSH_CHARACTERS = 1 << 20

export class TraceFile {
  readonly path: string
  private readonly descriptor: number
  private pending: string[] = []
  private pendingCharacters = 0

  constructor(path: string) {
    this.path = path
    try {
      mkdirSync(dirname(path), { recursive: true })
      this.descriptor = openSync(path, 'w')
    } catch (error) {
      throw new UserError(`--trace: cannot write '${path}': ${(error as Error).message}`)
    }
  }

  line(text: string): void {
    this.pending.push(text)
    this.pendingCharacters += text.length
    if (this.pendingCharacters >= FLUSH_CHARACTERS) this.flush()
  }

  close(): void {
    this.flush()
    closeSync(this.descriptor)
  }

  private flush(): void {
    if (this.pending.length > 0) writeFileSync(this.descriptor, `${this.pending.join('\n')}\n`)
    this.pending = []
    this.pendingCharacters = 0
  }
}

/**
 * Just enough of an assembler for WebAssembly to write a module of a few functions on integers and 128-bit vectors: each
 * function here gives the bytes of one instruction (WebAssembly core specification, chapter 5, and the SIMD part of 2.0).
 */

export type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    const more = rest > 0x7f
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0))
    if (!more) return bytes
  }
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    const done = (rest >> 6 === 0 && (rest & 0x40) === 0) || (rest >> 6 === -1 && (rest & 0x40) !== 0)
    bytes.push((rest & 0x7f) | (done ? 0 : 0x80))
    if (done) return bytes
  }
}

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number): Code => [0x21, ...unsigned(local)]
export const constant = (value: number): Code => [0x41, ...signed(value)]
export const add: Code = [0x6a]
export const subtract: Code = [0x6b]
export const and: Code = [0x71]
export const xor: Code = [0x73]
/** Unsigned. */
export const remainder: Code = [0x70]
export const notEqual: Code = [0x47]
export const shiftLeft: Code = [0x74]
export const shiftRight: Code = [0x76]
export const lessThan: Code = [0x49]
export const load = (offset: number): Code => [0x28, 0, ...unsigned(offset)]
export const loadByte = (offset: number): Code => [0x2d, 0, ...unsigned(offset)]
export const vectorLoad = (offset: number): Code => [0xfd, 0x00, 0, ...unsigned(offset)]
export const vectorStore = (offset: number): Code => [0xfd, 0x0b, 0, ...unsigned(offset)]
export const vectorZero: Code = [0xfd, 0x0c, ...new Array<number>(16).fill(0)]
export const vectorReplaceFirst: Code = [0xfd, 0x1c, 0]
/** Of two vectors behind one another, the sixteen bytes from `at` on. */
export const shuffle = (at: number): Code => [0xfd, 0x0d, ...Array.from({ length: 16 }, (_, i) => at + i)]
export const vectorXor: Code = [0xfd, 0x51]
export const call = (target: number): Code => [0x10, ...unsigned(target)]

/** Repeats `body` while `condition` holds, which is asked first. */
export const whileLoop = (condition: Code, body: Code): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...condition,
  // i32.eqz, then out of the block.
  ...[0x45, 0x0d, 1],
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b],
]

export interface WasmFunction {
  readonly name: string
  /** Parameters; all are i32, as is the one result. */
  readonly parameters: number
  /** Further locals, all i32. */
  readonly locals: number
  /** And behind them so many of 128 bits; none if left out. */
  readonly vectors?: number
  readonly body: Code
}

/** A module with these functions and `pages` of 64 KiB of memory, all of it exported; it imports nothing. */
export function wasmModule(pages: number, functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map(({ parameters }) => [0x60, ...list(new Array(parameters).fill([I32])), 1, I32])
  const exported = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)])
  const bodies = functions.map(({ locals, vectors = 0, body }) => {
    const code = [2, ...unsigned(locals), I32, ...unsigned(vectors), V128, ...body, 0x0b]
    return [...unsigned(code.length), ...code]
  })
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    // Of fixed size: growing would take the memory away under the views of it.
    ...section(5, list([[0x01, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(7, list([...exported, [...text('memory'), 0x02, 0]])),
    ...section(10, list(bodies)),
  ])
}

const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content]
const list = (items: ReadonlyArray<readonly number[]>): number[] => [...unsigned(items.length), ...items.flat()]
const text = (name: string): number[] => [...unsigned(name.length), ...[...name].map((letter) => letter.charCodeAt(0))]

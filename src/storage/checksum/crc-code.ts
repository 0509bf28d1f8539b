/**
 * CRCs of 32 bits at the speed of a few XORs a word, without tables and without a processor instruction of their own.
 *
 * A CRC is the remainder of the message, taken as a polynomial over GF(2), by the generator. It does not change if a
 * multiple of the generator is added. There are multiples of few terms whose exponents are all multiples of 128,
 *   x^(128 D) = sum of x^(128 (D - d)) over a handful of distances d, the largest of which is D,
 * so a vector of 16 bytes may be taken out of the message if it is XORed into those `d` vectors further on. What has
 * gathered in a vector when its turn comes is r[i] = m[i] ^ r[i - d1] ^ r[i - d2] …; the last D vectors are left, a
 * message in turn, and in the end a table takes the remainder. (The idea is that of "Chorba", Russell and Walker 2024. The distances here were found by
 * looking for sums of powers of x^128 that cancel: a meet in the middle of all triples.)
 */
import {
  add,
  and,
  type Code,
  call,
  constant,
  get,
  lessThan,
  load,
  loadByte,
  set,
  shiftLeft,
  shiftRight,
  subtract,
  vectorLoad,
  vectorReplaceFirst,
  vectorStore,
  vectorXor,
  vectorZero,
  type WasmFunction,
  whileLoop,
  xor,
} from './wasm-code.ts'

export interface CrcKind {
  readonly name: string
  /** Generator polynomial, bits reflected. */
  readonly polynomial: number
  /** Distances of a multiple of few terms, in vectors for long messages, in bytes for short ones. */
  readonly fold: Fold
  /** Where its tables lie in memory. */
  readonly tables: number
}

/** Distances, rising. */
export type Fold = readonly number[]

export const TABLES_BYTES = 16 * 1024
const VECTOR_BYTES = 16
/** Vectors that a turn of the loop takes. */
const UNROLLED = 4

/** Vectors, the last D of a message, that are left. */
const reach = (fold: Fold): number => fold.at(-1)!

/** The least that it can take. */
export const bytesMin = (fold: Fold): number => (reach(fold) + 8) * VECTOR_BYTES

/** Bytes of scratch memory for messages of up to `bytesMax`: zeros before, what has gathered, zeros behind. */
export const scratchBytes = (fold: Fold, bytesMax: number): number => bytesMax + 3 * reach(fold) * VECTOR_BYTES

export const tableName = (kind: string): string => `${kind}Table`

/** The state `crc` after the bytes from `from` on, by table: parameters (from, length, crc). */
export function tableFunction({ name, tables }: CrcKind): WasmFunction {
  const [from, length, crc, end, word] = [0, 1, 2, 3, 4]
  const lookUp = (table: number, byte: Code): Code => [
    ...byte,
    ...constant(2),
    ...shiftLeft,
    ...load(tables + 1024 * table),
  ]
  const bytesOf = (local: number, highest: number): Code =>
    [0, 1, 2, 3].flatMap((i) => [
      ...lookUp(highest - i, [...get(local), ...constant(8 * i), ...shiftRight, ...constant(255), ...and]),
      ...(i === 0 ? [] : xor),
    ])
  return {
    name: tableName(name),
    parameters: 3,
    locals: 2,
    body: [
      ...[...get(from), ...get(length), ...constant(-16), ...and, ...add, ...set(end)],
      ...whileLoop(
        [...get(from), ...get(end), ...lessThan],
        [
          ...[...get(from), ...load(0), ...get(crc), ...xor, ...set(crc), ...bytesOf(crc, 15)],
          ...[4, 8, 12].flatMap((offset) => [
            ...[...get(from), ...load(offset), ...set(word)],
            ...[...bytesOf(word, 15 - offset), ...xor],
          ]),
          ...[...set(crc), ...get(from), ...constant(16), ...add, ...set(from)],
        ],
      ),
      ...[...get(end), ...get(length), ...constant(12), ...and, ...add, ...set(end)],
      ...whileLoop(
        [...get(from), ...get(end), ...lessThan],
        [
          ...[...get(from), ...load(0), ...get(crc), ...xor, ...set(crc), ...bytesOf(crc, 3), ...set(crc)],
          ...[...get(from), ...constant(4), ...add, ...set(from)],
        ],
      ),
      ...[...get(end), ...get(length), ...constant(3), ...and, ...add, ...set(end)],
      ...whileLoop(
        [...get(from), ...get(end), ...lessThan],
        [
          ...lookUp(0, [...get(from), ...loadByte(0), ...get(crc), ...xor, ...constant(255), ...and]),
          ...[...get(crc), ...constant(8), ...shiftRight, ...xor, ...set(crc)],
          ...[...get(from), ...constant(1), ...add, ...set(from)],
        ],
      ),
      ...get(crc),
    ],
  }
}

/**
 * The state `crc` after `length` bytes from `from` on, of which there are `bytesMin` at least: parameters (from, length,
 * crc).
 * @param scratch where `scratchBytes` of memory are, whose first D vectors stay zero
 * @param rest index of the function that takes on what is left
 * @param table index of the table function
 */
export function foldFunction(name: string, fold: Fold, scratch: number, rest: number, table: number): WasmFunction {
  const [from, length, crc, place, end, left] = [0, 1, 2, 3, 4, 5]
  const reachBytes = reach(fold) * VECTOR_BYTES
  // `place` is D vectors before the one whose turn it is, so that all offsets are known and none is negative.
  const gathered = (at: number): Code => [
    ...[...get(from), ...vectorLoad(at)],
    ...fold.flatMap((d) => [...get(place), ...vectorLoad(at + reachBytes - d * VECTOR_BYTES), ...vectorXor]),
  ]
  const advance = (vectors: number): Code => [
    ...[...get(from), ...constant(vectors * VECTOR_BYTES), ...add, ...set(from)],
    ...[...get(place), ...constant(vectors * VECTOR_BYTES), ...add, ...set(place)],
  ]
  /** Gathers all vectors up to `end` and stores each so many bytes behind `place`. */
  const gatherAll = (storedAt: number): Code =>
    [UNROLLED, 1].flatMap((vectors) =>
      whileLoop(
        [...get(place), ...get(end), ...constant((vectors - 1) * VECTOR_BYTES), ...subtract, ...lessThan],
        [
          ...Array.from({ length: vectors }, (_, i) => i * VECTOR_BYTES).flatMap((at) => [
            ...[...get(place), ...gathered(at), ...vectorStore(storedAt + at)],
          ]),
          ...advance(vectors),
        ],
      ),
    )
  return {
    name,
    parameters: 3,
    locals: 3,
    body: [
      // The first vector takes the state in.
      ...[...constant(scratch), ...get(from), ...vectorLoad(0)],
      ...[...vectorZero, ...get(crc), ...vectorReplaceFirst, ...vectorXor, ...vectorStore(reachBytes)],
      ...[...get(from), ...constant(VECTOR_BYTES), ...add, ...set(from)],
      ...[...constant(scratch + VECTOR_BYTES), ...set(place)],
      ...[...constant(scratch - reachBytes), ...get(length), ...constant(-16), ...and, ...add, ...set(end)],
      ...gatherAll(reachBytes),
      // The last vectors are not taken out, so they pass nothing on.
      ...[...get(place), ...constant(reachBytes), ...add, ...set(left)],
      ...[...get(end), ...constant(2 * reachBytes), ...add, ...set(end)],
      ...whileLoop(
        [...get(left), ...get(end), ...lessThan],
        [...get(left), ...vectorZero, ...vectorStore(0), ...get(left), ...constant(VECTOR_BYTES), ...add, ...set(left)],
      ),
      ...[...get(end), ...constant(reachBytes), ...subtract, ...set(end)],
      // Stored further on, where nothing that they are made of lies.
      ...gatherAll(2 * reachBytes),
      ...[...get(left), ...constant(reachBytes), ...constant(0), ...call(rest), ...set(crc)],
      ...[...get(from), ...get(length), ...constant(15), ...and, ...get(crc), ...call(table)],
    ],
  }
}

/**
 * The fold of `crc-code.ts` for messages of some hundred bytes. A multiple of the generator stays one when it is squared,
 * so distances that hold in bytes hold in vectors of 16 bytes as well. Taken in bytes, a message shrinks to its last
 * hundreds of them, not thousands. What is XORed into a vector then lies askew over two of those that have gathered before
 * it; these are few enough to stay in registers, and one shuffle puts a pair together.
 */
import {
  add,
  and,
  type Code,
  call,
  constant,
  get,
  notEqual,
  remainder,
  set,
  shuffle,
  subtract,
  vectorLoad,
  vectorReplaceFirst,
  vectorStore,
  vectorXor,
  vectorZero,
  type WasmFunction,
  whileLoop,
} from './wasm-code.ts'

const VECTOR_BYTES = 16

/** Vectors that the furthest distance reaches back over: as many are left in the end, and are kept at hand. */
const kept = (distances: readonly number[]): number => Math.ceil(distances.at(-1)! / VECTOR_BYTES)

/** The least that it can take. */
export const shortFoldBytesMin = (distances: readonly number[]): number => (kept(distances) + 1) * VECTOR_BYTES

/** Bytes of scratch memory: zeros, a copy of what comes first, what is left. */
export const shortFoldScratchBytes = (distances: readonly number[]): number => 3 * kept(distances) * VECTOR_BYTES

/**
 * The state `crc` after `length` bytes from `from` on, of which there are `shortFoldBytesMin` at least: parameters (from,
 * length, crc).
 * @param distances in bytes, rising, 16 at least
 * @param scratch where `shortFoldScratchBytes` of memory are, of which the first third stays zero
 * @param table index of the table function
 */
export function shortFoldFunction(
  name: string,
  distances: readonly number[],
  scratch: number,
  table: number,
): WasmFunction {
  const [from, length, crc, place, next, end] = [0, 1, 2, 3, 4, 5]
  const count = kept(distances)
  const turnBytes = count * VECTOR_BYTES
  const copy = scratch + turnBytes
  const left = copy + turnBytes
  const slots = Array.from({ length: count }, (_, slot) => get(6 + slot))

  /** XORs what earlier vectors pass on to one; `earlier` gives that of so many places before, if it passes on anything. */
  const gathered = (earlier: (back: number) => Code | undefined): Code =>
    // The nearest comes last: it is what the processor has to wait for.
    distances.toReversed().flatMap((distance) => {
      const back = Math.floor(distance / VECTOR_BYTES)
      const askew = distance % VECTOR_BYTES
      const newer = earlier(back)
      if (askew === 0) return newer === undefined ? [] : [...newer, ...vectorXor]
      const older = earlier(back + 1)
      if (older === undefined) return []
      return [...older, ...(newer ?? vectorZero), ...shuffle(VECTOR_BYTES - askew), ...vectorXor]
    })
  /** In a turn the slots go round: each still holds the vector of the turn before until its own is there. */
  const turn = slots.flatMap((_, slot) => [
    ...[...get(place), ...vectorLoad(slot * VECTOR_BYTES)],
    ...gathered((back) => slots[(slot - back + 2 * count) % count]),
    ...set(6 + slot),
  ])
  /** The last vectors are not taken out, so they pass nothing on. */
  const rest = slots.flatMap((_, slot) => [
    ...[...constant(left), ...get(end), ...vectorLoad(slot * VECTOR_BYTES)],
    ...gathered((back) => (back > slot ? slots[slot - back + count] : undefined)),
    ...vectorStore(slot * VECTOR_BYTES),
  ])
  return {
    name,
    parameters: 3,
    locals: 3,
    vectors: count,
    body: [
      // Where those begin that are left in the end.
      ...[...get(from), ...get(length), ...constant(-VECTOR_BYTES), ...and, ...add],
      ...[...constant(turnBytes), ...subtract, ...set(end)],
      // The first turn takes what is too much for whole turns, behind zeros, which change nothing.
      ...[...get(end), ...get(from), ...subtract, ...constant(VECTOR_BYTES), ...subtract],
      ...[...constant(turnBytes), ...remainder, ...constant(VECTOR_BYTES), ...add, ...set(place)],
      ...[...get(from), ...get(place), ...add, ...set(next)],
      ...slots.flatMap((_, slot) => [
        ...[...constant(copy), ...get(from), ...vectorLoad(slot * VECTOR_BYTES)],
        // The first vector takes the state in.
        ...(slot === 0 ? [...vectorZero, ...get(crc), ...vectorReplaceFirst, ...vectorXor] : []),
        ...vectorStore(slot * VECTOR_BYTES),
      ]),
      ...[...get(place), ...constant(scratch), ...add, ...set(place)],
      ...whileLoop(
        [...get(place), ...get(end), ...notEqual],
        [...turn, ...get(next), ...set(place), ...get(next), ...constant(turnBytes), ...add, ...set(next)],
      ),
      ...rest,
      ...[...get(from), ...get(length), ...constant(-VECTOR_BYTES), ...and, ...add],
      ...[...get(length), ...constant(VECTOR_BYTES - 1), ...and],
      ...[...constant(left), ...constant(turnBytes), ...constant(0), ...call(table)],
      ...call(table),
    ],
  }
}

/**
 * CRC-32 and CRC-32C by WebAssembly, where the engine has its vectors (Node since 16, browsers since 2021 to 2023): twice as
 * fast as by table in JavaScript for small inputs, five times for large ones; see `crc-code.ts`.
 */
import {
  bytesMin,
  type CrcKind,
  foldFunction,
  scratchBytes,
  TABLES_BYTES,
  tableFunction,
  tableName,
} from './crc-code.ts'
import { shortFoldBytesMin, shortFoldFunction, shortFoldScratchBytes } from './crc-short-fold.ts'
import { wasmModule } from './wasm-code.ts'

/** What Node and browsers share of WebAssembly (declared here because `src` compiles without either's types). */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

type CrcExports = Readonly<Record<string, CrcFunction>> & { readonly memory: { readonly buffer: ArrayBuffer } }

/** Parameters: place in memory, length, state. */
type CrcFunction = (from: number, length: number, crc: number) => number

/** Folding pays from so many times the least that it can take: in bytes, rather than by table; in vectors, rather than so. */
const SHORT_FOLD_FACTOR = 1.6
const FOLD_FACTOR = 3
const PAGE_BYTES = 65_536
/** Bytes that are summed in one go. Longer inputs take several. */
const INPUT_BYTES = 65_536

const CASTAGNOLI: CrcKind = {
  name: 'crc32c',
  polynomial: 0x82f6_3b78,
  fold: [65, 155, 170, 195, 209],
  tables: 0,
}

const IEEE: CrcKind = {
  name: 'crc32',
  polynomial: 0xedb8_8320,
  fold: [53, 57, 67, 108, 129, 137],
  tables: TABLES_BYTES,
}

const KINDS = [CASTAGNOLI, IEEE]

/** Sum of `bytes[from, to)`, unsigned; `before` is that of the bytes in front of them. */
export type Checksum = (bytes: Uint8Array, before: number, from: number, to: number) => number

export interface WasmChecksums {
  readonly crc32: Checksum
  readonly crc32c: Checksum
  /** Memory of the module that it does not need itself: what lies there is summed without being copied. */
  readonly memory: Uint8Array
}

/** @param bytes of memory to spare. Returns undefined where the engine lacks what it takes. */
export function wasmChecksums(spareBytes: number): WasmChecksums | undefined {
  // The tables' functions come first, by which the others are numbered.
  const functions = KINDS.map(tableFunction)
  let used = KINDS.length * TABLES_BYTES
  for (const [table, { name, fold }] of KINDS.entries()) {
    const short = functions.length
    functions.push(shortFoldFunction(shortFoldName(name), fold, used, table))
    used += shortFoldScratchBytes(fold)
    functions.push(foldFunction(foldName(name), fold, used, short, table))
    used += scratchBytes(fold, INPUT_BYTES)
  }
  const code = wasmModule(Math.ceil((used + INPUT_BYTES + spareBytes) / PAGE_BYTES), functions)
  if (!WebAssembly.validate(code)) return undefined
  const exported = new WebAssembly.Instance(new WebAssembly.Module(code)).exports as CrcExports
  const { buffer } = exported.memory
  for (const { tables, polynomial } of KINDS) {
    new Uint32Array(buffer, tables, TABLES_BYTES / 4).set(tablesOf(polynomial))
  }
  const place = new Uint8Array(buffer, used, INPUT_BYTES)
  return {
    crc32: checksum(place, exported, IEEE),
    crc32c: checksum(place, exported, CASTAGNOLI),
    memory: new Uint8Array(buffer, used + INPUT_BYTES, spareBytes),
  }
}

const shortFoldName = (kind: string): string => `${kind}ShortFold`
const foldName = (kind: string): string => `${kind}Fold`

/** Takes small inputs by table, larger ones by the fold that is quickest; copies them in if they lie elsewhere. */
function checksum(place: Uint8Array, functions: CrcExports, { name, fold }: CrcKind): Checksum {
  const table = functions[tableName(name)]!
  const short = functions[shortFoldName(name)]!
  const long = functions[foldName(name)]!
  const shortFrom = SHORT_FOLD_FACTOR * shortFoldBytesMin(fold)
  const longFrom = FOLD_FACTOR * bytesMin(fold)
  const sum = (at: number, length: number, state: number): number => {
    const best = length < shortFrom ? table : length < longFrom ? short : long
    return best(at, length, state)
  }
  const { buffer } = place
  return (bytes, before, from, to) => {
    const isInside = bytes.buffer === buffer
    if (isInside && to - from <= INPUT_BYTES) return ~sum(bytes.byteOffset + from, to - from, ~before) >>> 0
    let state = ~before
    for (let at = from; at < to; at += INPUT_BYTES) {
      const length = Math.min(INPUT_BYTES, to - at)
      if (!isInside) place.set(length === bytes.length ? bytes : bytes.subarray(at, at + length))
      state = sum(isInside ? bytes.byteOffset + at : place.byteOffset, length, state)
    }
    return ~state >>> 0
  }
}

/** Sixteen tables behind one another: what a byte does to the sum 0 to 15 bytes later. */
function tablesOf(polynomial: number): Uint32Array {
  const tables = new Uint32Array(16 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ polynomial
    tables[byte] = value
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256]!
    tables[i] = (shorter >>> 8) ^ tables[shorter & 0xff]!
  }
  return tables
}

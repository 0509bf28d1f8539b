/**
 * zstd at its default level, one frame (formats.md 4.5), by the reference library compiled to WebAssembly. The module is
 * text inside a package, imports nothing (so it can read no clock and no chance), and is compiled at the first use.
 * The package's own wrapper is passed by: it keeps one instance for ever, also one that a broken input has upset.
 */
import moduleBytes from '@dweb-browser/zstd-wasm/zstd_wasm_bg_wasm'
import { type Codec, CompressionError, CompressionId, DecompressedTooLargeError } from './codec.ts'
import { zstdOutputBound } from './zstd-frame.ts'

/** What Node and browsers share of WebAssembly (declared here because `src` compiles without either's types). */
declare const WebAssembly: {
  readonly Module: new (bytes: ArrayBuffer) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

/** The module's functions; results are a pair (address, length) on its stack. */
interface ZstdExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  __wbindgen_add_to_stack_pointer(bytes: number): number
  __wbindgen_malloc(bytes: number, align: number): number
  __wbindgen_free(address: number, bytes: number, align: number): void
  compress(result: number, address: number, length: number, level: number): void
  decompress(result: number, address: number, length: number): void
}

const LEVEL = 3
const PAIR_BYTES = 16
/** Output that the block bound may count too much. */
const BOUND_SLACK = 131_072
/** WebAssembly memory never shrinks: an instance that has grown larger is given up after the call. */
const INSTANCE_BYTES_MAX = 33_554_432

let compiled: object | undefined
let instance: ZstdExports | undefined

export const zstd: Codec = {
  id: CompressionId.zstd,
  name: 'zstd',

  compress: (bytes) => call(bytes, (module, result, address) => module.compress(result, address, bytes.length, LEVEL)),

  decompress(bytes, _magic, maxBytes) {
    const bound = zstdOutputBound(bytes)
    if (bound > maxBytes + BOUND_SLACK) throw new DecompressedTooLargeError('zstd', maxBytes)
    const output = call(bytes, (module, result, address) => module.decompress(result, address, bytes.length))
    if (output.length > maxBytes) throw new DecompressedTooLargeError('zstd', maxBytes)
    return output
  },
}

/** Copies the input in, runs the function and copies its output out. */
function call(input: Uint8Array, run: (module: ZstdExports, result: number, address: number) => void): Uint8Array {
  compiled ??= new WebAssembly.Module(moduleBytes())
  const module = instance ?? (new WebAssembly.Instance(compiled, {}).exports as ZstdExports)
  // Whatever goes wrong inside leaves the instance's stack where it was: then there is none to go on with.
  instance = undefined
  const result = module.__wbindgen_add_to_stack_pointer(-PAIR_BYTES)
  const source = module.__wbindgen_malloc(input.length, 1) >>> 0
  new Uint8Array(module.memory.buffer).set(input, source)
  try {
    run(module, result, source)
  } catch {
    throw new CompressionError('zstd', 'broken stream')
  }
  const memory = new Uint8Array(module.memory.buffer)
  const pair = new Uint32Array(module.memory.buffer, result, 2)
  const address = pair[0]!
  const length = pair[1]!
  const output = memory.slice(address, address + length)
  module.__wbindgen_free(address, length, 1)
  module.__wbindgen_add_to_stack_pointer(PAIR_BYTES)
  if (memory.length <= INSTANCE_BYTES_MAX) instance = module
  return output
}

/**
 * Types of `@dweb-browser/zstd-wasm/zstd_wasm_bg_wasm`, found through `paths` of tsconfig.base.json: the package offers
 * its TypeScript source as types, which does not compile under this project's settings.
 */
/** The WebAssembly module, decoded from the text that it is kept as. */
export default function moduleBytes(): ArrayBuffer

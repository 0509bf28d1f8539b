/** Types of packages that bring none. */
declare module 'crc-32/crc32c.js' {
  const implementation: { buf(bytes: Uint8Array, seed?: number): number }
  export default implementation
}

declare module 'snappyjs' {
  /** A raw block. */
  export function compress(bytes: Uint8Array): Uint8Array
}

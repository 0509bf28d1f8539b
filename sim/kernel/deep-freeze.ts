/** Freezes a plain value with all it holds, for tests that nobody changes what was sent. Bytes cannot be frozen. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return
  Object.freeze(value)
  if (value instanceof Map) {
    for (const [key, item] of value) {
      deepFreeze(key)
      deepFreeze(item)
    }
  } else if (value instanceof Set) {
    for (const item of value) deepFreeze(item)
  } else {
    for (const item of Object.values(value)) deepFreeze(item)
  }
}

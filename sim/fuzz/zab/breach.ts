/** Something that ZooKeeper promises did not hold. */
export class Breach extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Breach'
  }
}

/** @throws Breach unless it holds; the message is built only then */
export function promise(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Breach(message())
}

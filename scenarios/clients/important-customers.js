// An application's own partitioner for the old producer, as `partitioner.class` names it: the counterpart of a Java class
// that implements kafka.producer.Partitioner. The producer builds it once, with its configuration, and asks it for every
// message that has a key, and again for every retry.
export default class ImportantCustomers {
  /** Keys that begin with "vip-" go to partition 0; all others are spread over the rest by their length. */
  partition(key, numPartitions) {
    if (numPartitions === 1 || key.startsWith('vip-')) return 0
    return 1 + (key.length % (numPartitions - 1))
  }
}

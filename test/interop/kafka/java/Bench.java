import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Speed of Kafka's own log layer: a set appended again and again, as by a leader, then look-ups of random offsets. Prints
 * {@code name value} lines, in operations a second of processor time, each the best of several rounds.
 *
 * <p>Arguments: data directory, file with the set, records in it, appends a round, rounds, look-ups a round, topic settings.
 */
public final class Bench {
  private static final String PARTITION = "bench-0";

  public static void main(String[] args) throws Exception {
    File directory = new File(args[0]).getCanonicalFile();
    byte[] set = Files.readAllBytes(Path.of(args[1]));
    int appends = Integer.parseInt(args[3]);
    int rounds = Integer.parseInt(args[4]);
    int lookups = Integer.parseInt(args[5]);
    Map<String, String> config = Harness.configOf(java.util.Arrays.copyOfRange(args, 6, args.length));
    LogLayer logs = (LogLayer) Class.forName("KafkaLogs").getDeclaredConstructor().newInstance();
    logs.setTime(System.currentTimeMillis());
    logs.open(directory, config);
    logs.create(PARTITION);
    LogLayer.OpenLog log = logs.openLog(PARTITION);
    long end = 0;
    double best = 0;
    byte[] copy = new byte[set.length];
    for (int round = 0; round < rounds; round++) {
      long before = cpuNanos();
      for (int i = 0; i < appends; i++) {
        // A leader numbers the records in the bytes that it received.
        System.arraycopy(set, 0, copy, 0, set.length);
        end = log.append(ByteBuffer.wrap(copy)) + 1;
      }
      best = Math.max(best, appends * 1e9 / (cpuNanos() - before));
      logs.setTime(System.currentTimeMillis());
    }
    System.out.println("append " + best);
    System.out.println("index " + lookUp(lookups, rounds, end, log::indexedPosition));
    System.out.println("position " + lookUp(lookups, rounds, end, log::position));
    System.out.println("end " + end);
    logs.close();
    System.exit(0);
  }

  /** Processor time of this thread: others on the machine do not count. */
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private interface LookUp {
    long of(long offset) throws Exception;
  }

  private static double lookUp(int lookups, int rounds, long end, LookUp body) throws Exception {
    double best = 0;
    long sum = 0;
    for (int round = 0; round < rounds; round++) {
      SplittableRandom random = new SplittableRandom(round);
      long[] offsets = new long[lookups];
      for (int i = 0; i < lookups; i++) offsets[i] = random.nextLong(end);
      long before = cpuNanos();
      for (long offset : offsets) sum += body.of(offset);
      best = Math.max(best, lookups * 1e9 / (cpuNanos() - before));
    }
    if (sum == -1) throw new IllegalStateException();
    return best;
  }
}

import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.TimeUnit;
import kafka.common.TopicAndPartition;
import kafka.log.Cleaner;
import kafka.log.CleanerConfig;
import kafka.log.Log;
import kafka.log.LogConfig;
import kafka.log.LogManager;
import kafka.log.LogSegment;
import kafka.log.LogToClean;
import kafka.log.SkimpyOffsetMap;
import kafka.message.ByteBufferMessageSet;
import kafka.message.CompressionCodec;
import kafka.message.CompressionCodec$;
import kafka.message.Message;
import kafka.server.BrokerState;
import kafka.utils.Scheduler;
import kafka.utils.Throttler;
import kafka.utils.Time;
import scala.Function0;
import scala.collection.JavaConversions;
import scala.collection.immutable.Map$;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/** The log layer of 0.8.2.2. */
public final class KafkaLogs implements LogLayer {
  private static final int IO_BUFFER_BYTES = 1 << 20;

  private final DueTasks tasks = new DueTasks();
  private LogManager manager;
  private LogConfig config;

  @Override
  public void open(File directory, Map<String, String> topicConfig) {
    Properties properties = new Properties();
    properties.putAll(topicConfig);
    config = kafka.log.LogConfig$.MODULE$.fromProps(properties);
    // Cleaning is asked for, never left to threads.
    CleanerConfig noCleaner = new CleanerConfig(1, 1 << 22, 0.9, IO_BUFFER_BYTES, 1 << 25, Double.MAX_VALUE, 15_000, false, "MD5");
    File[] directories = {directory};
    manager = new LogManager(
        directories, Map$.MODULE$.<String, LogConfig>empty(), config, noCleaner, 1, Long.MAX_VALUE, 60_000, 300_000,
        scheduler(), new BrokerState(), time());
  }

  @Override
  public void setTime(long ms) {
    tasks.advanceTo(ms);
  }

  @Override
  public void create(String partition) {
    manager.createLog(named(partition), config);
  }

  @Override
  public List<String> logs() {
    List<String> lines = new ArrayList<>();
    for (Log log : JavaConversions.asJavaIterable(manager.allLogs())) {
      StringBuilder bases = new StringBuilder();
      for (LogSegment segment : JavaConversions.asJavaIterable(log.logSegments())) {
        bases.append(bases.length() == 0 ? "" : ",").append(segment.baseOffset());
      }
      lines.add(log.name() + "\t" + log.logStartOffset() + "\t" + log.logEndOffset() + "\t" + log.recoveryPoint() + "\t" + bases);
    }
    return lines;
  }

  @Override
  public String append(String partition, byte[] records, boolean asLeader, boolean fromClient, int leaderEpoch) {
    Log.LogAppendInfo info = log(partition).append(new ByteBufferMessageSet(ByteBuffer.wrap(records)), asLeader);
    return info.firstOffset() + "\t" + info.lastOffset();
  }

  @Override
  public byte[] build(RecordsToBuild records) {
    List<Message> messages = new ArrayList<>();
    for (RecordsToBuild.Entry entry : records.entries) messages.add(new Message(entry.value, entry.key));
    CompressionCodec codec = CompressionCodec$.MODULE$.getCompressionCodec(records.codec);
    ByteBuffer buffer = new ByteBufferMessageSet(codec, JavaConversions.asScalaBuffer(messages)).buffer().duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Override
  public void truncate(String partition, long offset) {
    manager.truncateTo(Map$.MODULE$.<TopicAndPartition, Object>empty().updated(named(partition), offset));
  }

  @Override
  public void truncateFully(String partition, long offset) {
    manager.truncateFullyAndStartAt(named(partition), offset);
  }

  @Override
  public void highWatermark(String partition, long offset) {}

  @Override
  public void roll(String partition) {
    log(partition).roll();
  }

  @Override
  public void flush(String partition, long offset) {
    log(partition).flush(offset);
  }

  @Override
  public void checkpoint() {
    manager.checkpointRecoveryPointOffsets();
  }

  @Override
  public void retention() {
    manager.cleanupLogs();
  }

  @Override
  public long clean(String partition, long firstDirtyOffset) {
    AbstractFunction1<TopicAndPartition, BoxedUnit> goOn = new AbstractFunction1<>() {
      @Override
      public BoxedUnit apply(TopicAndPartition ignored) {
        return BoxedUnit.UNIT;
      }
    };
    Throttler unlimited = new Throttler(Double.MAX_VALUE, Long.MAX_VALUE, true, "cleaner-io", "bytes", time());
    Cleaner cleaner = new Cleaner(
        0, new SkimpyOffsetMap(1 << 22, "MD5"), IO_BUFFER_BYTES, 1 << 25, 0.9, unlimited, time(), goOn);
    return cleaner.clean(new LogToClean(named(partition), log(partition), firstDirtyOffset));
  }

  @Override
  public OpenLog openLog(String partition) {
    Log log = log(partition);
    ConcurrentNavigableMap<Long, LogSegment> segments = log.kafka$log$Log$$segments();
    return new OpenLog() {
      @Override
      public long append(ByteBuffer records) {
        return log.append(new ByteBufferMessageSet(records), true).lastOffset();
      }

      @Override
      public long indexedPosition(long offset) {
        return segments.floorEntry(offset).getValue().index().lookup(offset).position();
      }

      @Override
      public long position(long offset) {
        return segments.floorEntry(offset).getValue().translateOffset(offset, 0).position();
      }
    };
  }

  @Override
  public void close() {
    manager.shutdown();
    tasks.clear();
  }

  @Override
  public void abandon() {
    tasks.clear();
    unlock();
  }

  /** 0.8.2 lets go of its lock in an orderly shutdown only. */
  private void unlock() {
    for (Object lock : JavaConversions.asJavaIterable(locks())) ((kafka.utils.FileLock) lock).destroy();
  }

  @SuppressWarnings("unchecked")
  private scala.collection.Iterable<Object> locks() {
    try {
      var field = LogManager.class.getDeclaredField("dirLocks");
      field.setAccessible(true);
      return (scala.collection.Iterable<Object>) field.get(manager);
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
  }

  private Log log(String partition) {
    return manager.getLog(named(partition)).get();
  }

  private static TopicAndPartition named(String partition) {
    int dash = partition.lastIndexOf('-');
    return new TopicAndPartition(partition.substring(0, dash), Integer.parseInt(partition.substring(dash + 1)));
  }

  private Time time() {
    return new Time() {
      @Override
      public long milliseconds() {
        return tasks.now();
      }

      @Override
      public long nanoseconds() {
        return System.nanoTime();
      }

      @Override
      public void sleep(long ms) {}
    };
  }

  private Scheduler scheduler() {
    return new Scheduler() {
      @Override
      public void startup() {}

      @Override
      public void shutdown() {}

      @Override
      public void schedule(String name, Function0<BoxedUnit> body, long delay, long period, TimeUnit unit) {
        tasks.add(body::apply, unit.toMillis(delay), period < 0 ? -1 : unit.toMillis(period));
      }

      @Override
      public long schedule$default$3() {
        return 0;
      }

      @Override
      public long schedule$default$4() {
        return -1;
      }

      @Override
      public TimeUnit schedule$default$5() {
        return TimeUnit.MILLISECONDS;
      }
    };
  }
}

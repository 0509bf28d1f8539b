import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.function.Supplier;
import kafka.log.Cleaner;
import kafka.log.CleanerConfig;
import kafka.log.Log;
import kafka.log.LogConfig;
import kafka.log.LogManager;
import kafka.log.LogSegment;
import kafka.log.LogToClean;
import kafka.log.SkimpyOffsetMap;
import kafka.server.BrokerState;
import kafka.server.BrokerTopicStats;
import kafka.server.LogDirFailureChannel;
import kafka.utils.Scheduler;
import kafka.utils.Throttler;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Time;
import scala.collection.JavaConverters;
import scala.runtime.BoxedUnit;

/** What the log layers of 1.1 and 2.4 have in common. */
abstract class ScalaLogs implements LogLayer {
  private static final int IO_BUFFER_BYTES = 1 << 20;
  private static final int COORDINATOR_EPOCH = 0;

  private final DueTasks tasks = new DueTasks();
  protected LogManager manager;
  protected LogConfig config;
  private LogDirFailureChannel failures;

  abstract String appendAsLeader(Log log, MemoryRecords records, boolean fromClient, int leaderEpoch);

  abstract String appendAsFollower(Log log, MemoryRecords records);

  abstract LogToClean toClean(TopicPartition partition, Log log, long firstDirtyOffset);

  abstract void rollLog(Log log);

  abstract void setHighWatermark(Log log, long offset);

  /** Appends as a leader does what a client sent. */
  abstract long lastOffsetOf(Log log, MemoryRecords records);

  abstract Scheduler scheduler(DueTasks tasks);

  @Override
  public void open(File directory, Map<String, String> topicConfig) throws Exception {
    Properties properties = new Properties();
    properties.putAll(topicConfig);
    config = new LogConfig(properties, scala.collection.immutable.Set$.MODULE$.empty());
    // Cleaning is asked for, never left to threads.
    CleanerConfig noCleaner =
        new CleanerConfig(1, 1 << 22, 0.9, IO_BUFFER_BYTES, 1 << 25, Double.MAX_VALUE, 15_000, false, "MD5");
    failures = new LogDirFailureChannel(1);
    manager = new LogManager(
        seq(List.of(directory)), seq(List.of()), scala.collection.immutable.Map$.MODULE$.empty(), config, noCleaner, 1,
        Long.MAX_VALUE, 60_000, 60_000, 300_000, 604_800_000, scheduler(tasks), new BrokerState(), new BrokerTopicStats(), failures,
        new HandMovedTime(tasks));
    if (manager.liveLogDirs().isEmpty()) throw new java.io.IOException("the log directory failed: " + directory);
  }

  @Override
  public void setTime(long ms) {
    tasks.advanceTo(ms);
  }

  @Override
  public void create(String partition) {
    manager.getOrCreateLog(named(partition), config, true, false);
  }

  @Override
  public List<String> logs() {
    List<String> lines = new ArrayList<>();
    for (Log log : JavaConverters.asJavaIterable(manager.allLogs())) {
      StringBuilder bases = new StringBuilder();
      for (LogSegment segment : JavaConverters.asJavaIterable(log.logSegments())) {
        bases.append(bases.length() == 0 ? "" : ",").append(segment.baseOffset());
      }
      lines.add(String.join(
          "\t", log.name(), "" + log.logStartOffset(), "" + log.logEndOffset(), "" + log.recoveryPoint(), bases));
    }
    return lines;
  }

  @Override
  public String append(String partition, byte[] records, boolean asLeader, boolean fromClient, int leaderEpoch) {
    MemoryRecords entries = MemoryRecords.readableRecords(ByteBuffer.wrap(records));
    Log log = log(partition);
    return asLeader ? appendAsLeader(log, entries, fromClient, leaderEpoch) : appendAsFollower(log, entries);
  }

  @Override
  public byte[] build(RecordsToBuild wanted) {
    long now = wanted.entries.isEmpty() ? tasks.now() : wanted.entries.get(0).timestamp;
    if (!wanted.marker.isEmpty()) {
      ControlRecordType type = wanted.marker.equals("commit") ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
      return bytesOf(MemoryRecords.withEndTransactionMarker(
          now, wanted.producerId, wanted.producerEpoch, new EndTransactionMarker(type, COORDINATOR_EPOCH)));
    }
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    MemoryRecordsBuilder builder = MemoryRecords.builder(
        buffer, (byte) wanted.magic, CompressionType.forName(wanted.codec),
        wanted.magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME, 0, RecordBatch.NO_TIMESTAMP,
        wanted.producerId, wanted.producerEpoch, wanted.baseSequence, wanted.isTransactional,
        RecordBatch.NO_PARTITION_LEADER_EPOCH);
    for (RecordsToBuild.Entry entry : wanted.entries) {
      if (entry.headers.isEmpty()) {
        builder.append(entry.timestamp, entry.key, entry.value);
      } else {
        Header[] headers = {new RecordHeader(entry.headers, entry.value), new RecordHeader("null", (byte[]) null)};
        builder.append(entry.timestamp, wrap(entry.key), wrap(entry.value), headers);
      }
    }
    return bytesOf(builder.build());
  }

  @Override
  public void truncate(String partition, long offset) {
    scala.collection.immutable.Map<TopicPartition, Object> offsets = scala.collection.immutable.Map$.MODULE$.empty();
    manager.truncateTo(offsets.updated(named(partition), offset), false);
  }

  @Override
  public void truncateFully(String partition, long offset) {
    manager.truncateFullyAndStartAt(named(partition), offset, false);
  }

  @Override
  public void highWatermark(String partition, long offset) {
    setHighWatermark(log(partition), offset);
  }

  @Override
  public void roll(String partition) {
    rollLog(log(partition));
  }

  @Override
  public void flush(String partition, long offset) {
    log(partition).flush(offset);
  }

  @Override
  public void checkpoint() {
    manager.checkpointLogRecoveryOffsets();
    manager.checkpointLogStartOffsets();
  }

  @Override
  public void retention() {
    manager.cleanupLogs();
  }

  @Override
  public long clean(String partition, long firstDirtyOffset) {
    Time time = new HandMovedTime(tasks);
    Throttler unlimited = new Throttler(Double.MAX_VALUE, Long.MAX_VALUE, true, "cleaner-io", "bytes", time);
    Cleaner cleaner = new Cleaner(
        0, new SkimpyOffsetMap(1 << 22, "MD5"), IO_BUFFER_BYTES, 1 << 25, 0.9, unlimited, time, ignored -> BoxedUnit.UNIT);
    return (long) cleaner.clean(toClean(named(partition), log(partition), firstDirtyOffset))._1();
  }

  @Override
  public OpenLog openLog(String partition) {
    Log log = log(partition);
    ConcurrentNavigableMap<Long, LogSegment> segments = segmentsOf(log);
    return new OpenLog() {
      @Override
      public long append(ByteBuffer records) {
        return lastOffsetOf(log, MemoryRecords.readableRecords(records));
      }

      @Override
      public long indexedPosition(long offset) {
        return segments.floorEntry(offset).getValue().offsetIndex().lookup(offset).position();
      }

      @Override
      public long position(long offset) {
        return segments.floorEntry(offset).getValue().translateOffset(offset, 0).position;
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static ConcurrentNavigableMap<Long, LogSegment> segmentsOf(Log log) {
    try {
      var field = Log.class.getDeclaredField("segments");
      field.setAccessible(true);
      return (ConcurrentNavigableMap<Long, LogSegment>) field.get(log);
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
  }

  @Override
  public void close() {
    manager.shutdown();
    tasks.clear();
  }

  @Override
  public void abandon() {
    tasks.clear();
    for (Log log : JavaConverters.asJavaIterable(manager.allLogs())) log.closeHandlers();
    try {
      var field = LogManager.class.getDeclaredField("dirLocks");
      field.setAccessible(true);
      for (Object lock : JavaConverters.asJavaIterable((scala.collection.Iterable<?>) field.get(manager))) {
        ((kafka.utils.FileLock) lock).destroy();
      }
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
  }

  private Log log(String partition) {
    return manager.getLog(named(partition), false).get();
  }

  private static TopicPartition named(String partition) {
    int dash = partition.lastIndexOf('-');
    return new TopicPartition(partition.substring(0, dash), Integer.parseInt(partition.substring(dash + 1)));
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  private static byte[] bytesOf(MemoryRecords records) {
    ByteBuffer buffer = records.buffer().duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static <T> scala.collection.Seq<T> seq(List<T> list) {
    return JavaConverters.asScalaBuffer(list).toList();
  }

  /** A time that only {@code setTime} moves. */
  static final class HandMovedTime implements Time {
    private final DueTasks tasks;

    HandMovedTime(DueTasks tasks) {
      this.tasks = tasks;
    }

    @Override
    public long milliseconds() {
      return tasks.now();
    }

    @Override
    public long nanoseconds() {
      return System.nanoTime();
    }

    @Override
    public long hiResClockMs() {
      return tasks.now();
    }

    @Override
    public void sleep(long ms) {}

    /** Asked for since 2.4. */
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) {
      throw new UnsupportedOperationException();
    }
  }
}

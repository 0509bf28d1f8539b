import java.io.File;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** What the harness asks of the log layer of one release; a partition is named as its directory, such as {@code t-0}. */
interface LogLayer {
  /**
   * Loads every log of a data directory, as a starting broker does.
   *
   * @param topicConfig keys and values of a topic's configuration, for all topics
   */
  void open(File directory, Map<String, String> topicConfig) throws Exception;

  /** Moves the clock, and runs what is due by then. */
  void setTime(long ms);

  /** Makes a log unless there is one. */
  void create(String partition);

  /** A line for each log: name, start offset, end offset, recovery point, base offsets of segments; tabs between. */
  List<String> logs();

  /** Appends entries as they are (a follower), or numbers them first (a leader); returns first and last offset. */
  String append(String partition, byte[] records, boolean asLeader, boolean fromClient, int leaderEpoch) throws Exception;

  /** Entries with a codec and layout that this release's own client library wrote. */
  byte[] build(RecordsToBuild records) throws Exception;

  void truncate(String partition, long offset);

  void truncateFully(String partition, long offset);

  void highWatermark(String partition, long offset);

  void roll(String partition);

  void flush(String partition, long offset);

  /** Writes the checkpoints of the data directory. */
  void checkpoint();

  /** Deletes old segments by time and size. */
  void retention();

  /** Compacts from {@code firstDirtyOffset} on to the active segment; returns the first offset not cleaned. */
  long clean(String partition, long firstDirtyOffset) throws Exception;

  /** One log for the bench, with nothing of ours between it and the caller. */
  OpenLog openLog(String partition);

  /** Shuts down in order, with the mark of a clean shutdown. */
  void close();

  /** Lets the directory be as a killed broker leaves it. */
  void abandon();

  interface OpenLog {
    /** Appends as a leader; returns the last offset. */
    long append(ByteBuffer records) throws Exception;

    /** Position that the sparse index of the right segment gives for an offset. */
    long indexedPosition(long offset);

    /** Position of the batch that holds an offset. */
    long position(long offset) throws Exception;
  }
}

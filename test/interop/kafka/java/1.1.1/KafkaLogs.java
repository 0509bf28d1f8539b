import java.util.concurrent.TimeUnit;
import kafka.log.Log;
import kafka.log.LogAppendInfo;
import kafka.log.LogToClean;
import kafka.utils.Scheduler;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.MemoryRecords;
import scala.Function0;
import scala.runtime.BoxedUnit;

/** The log layer of 1.1.1. */
public final class KafkaLogs extends ScalaLogs {
  @Override
  String appendAsLeader(Log log, MemoryRecords records, boolean fromClient, int leaderEpoch) {
    return offsets(log.appendAsLeader(records, leaderEpoch, fromClient));
  }

  @Override
  String appendAsFollower(Log log, MemoryRecords records) {
    return offsets(log.appendAsFollower(records));
  }

  @Override
  LogToClean toClean(TopicPartition partition, Log log, long firstDirtyOffset) {
    return new LogToClean(partition, log, firstDirtyOffset, log.activeSegment().baseOffset());
  }

  @Override
  void rollLog(Log log) {
    log.roll(-1);
  }

  @Override
  void setHighWatermark(Log log, long offset) {
    log.onHighWatermarkIncremented(offset);
  }

  @Override
  long lastOffsetOf(Log log, MemoryRecords records) {
    return log.appendAsLeader(records, 0, true).lastOffset();
  }

  @Override
  Scheduler scheduler(DueTasks tasks) {
    return new Scheduler() {
      @Override
      public void startup() {}

      @Override
      public void shutdown() {}

      @Override
      public boolean isStarted() {
        return true;
      }

      @Override
      public void schedule(String name, Function0<BoxedUnit> body, long delay, long period, TimeUnit unit) {
        tasks.add(body::apply, unit.toMillis(delay), period < 0 ? -1 : unit.toMillis(period));
      }
    };
  }

  private static String offsets(LogAppendInfo info) {
    return info.firstOffset() + "\t" + info.lastOffset();
  }
}

import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import kafka.log.Log;
import kafka.log.LogAppendInfo;
import kafka.log.LogToClean;
import kafka.utils.Scheduler;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.MemoryRecords;
import scala.Function0;
import scala.Option;
import scala.runtime.BoxedUnit;

/** The log layer of 2.4.1. */
public final class KafkaLogs extends ScalaLogs {
  @Override
  String appendAsLeader(Log log, MemoryRecords records, boolean fromClient, int leaderEpoch) {
    kafka.log.AppendOrigin origin =
        fromClient ? kafka.log.AppendOrigin.Client$.MODULE$ : kafka.log.AppendOrigin.Coordinator$.MODULE$;
    return offsets(log.appendAsLeader(records, leaderEpoch, origin, log.appendAsLeader$default$4()));
  }

  @Override
  String appendAsFollower(Log log, MemoryRecords records) {
    return offsets(log.appendAsFollower(records));
  }

  @Override
  LogToClean toClean(TopicPartition partition, Log log, long firstDirtyOffset) {
    return new LogToClean(partition, log, firstDirtyOffset, log.activeSegment().baseOffset(), false);
  }

  @Override
  void rollLog(Log log) {
    log.roll(Option.empty());
  }

  @Override
  void setHighWatermark(Log log, long offset) {
    log.updateHighWatermark(offset);
  }

  @Override
  long lastOffsetOf(Log log, MemoryRecords records) {
    return log.appendAsLeader(records, 0, log.appendAsLeader$default$3(), log.appendAsLeader$default$4()).lastOffset();
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
      public ScheduledFuture<?> schedule(String name, Function0<BoxedUnit> body, long delay, long period, TimeUnit unit) {
        tasks.add(body::apply, unit.toMillis(delay), period < 0 ? -1 : unit.toMillis(period));
        return NEVER_CANCELLED;
      }
    };
  }

  /** What a log is given that wants to cancel its tasks when it closes: they end with the harness's list. */
  private static final ScheduledFuture<?> NEVER_CANCELLED = new ScheduledFuture<Object>() {
    @Override
    public boolean cancel(boolean mayInterrupt) {
      return false;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public boolean isDone() {
      return false;
    }

    @Override
    public Object get() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Object get(long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return 0;
    }

    @Override
    public int compareTo(Delayed other) {
      return 0;
    }
  };

  private static String offsets(LogAppendInfo info) {
    return (info.firstOffset().isDefined() ? info.firstOffset().get() : -1) + "\t" + info.lastOffset();
  }
}

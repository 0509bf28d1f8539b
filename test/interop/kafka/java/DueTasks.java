import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A clock moved by hand, and the tasks that wait for it. */
final class DueTasks {
  private static final class Task {
    final long order;
    final Runnable run;
    final long periodMs;
    long dueMs;

    Task(long order, Runnable run, long dueMs, long periodMs) {
      this.order = order;
      this.run = run;
      this.dueMs = dueMs;
      this.periodMs = periodMs;
    }
  }

  private final List<Task> tasks = new ArrayList<>();
  private long nowMs;
  private long added;

  synchronized long now() {
    return nowMs;
  }

  synchronized void add(Runnable run, long delayMs, long periodMs) {
    tasks.add(new Task(added++, run, nowMs + Math.max(0, delayMs), periodMs));
  }

  /** Runs what is due by then, in the order in which it became due. */
  void advanceTo(long ms) {
    for (Task task = next(ms); task != null; task = next(ms)) task.run.run();
    synchronized (this) {
      nowMs = Math.max(nowMs, ms);
    }
  }

  synchronized void clear() {
    tasks.clear();
  }

  private synchronized Task next(long untilMs) {
    Task task = tasks.stream()
        .filter(other -> other.dueMs <= untilMs)
        .min(Comparator.<Task>comparingLong(other -> other.dueMs).thenComparingLong(other -> other.order))
        .orElse(null);
    if (task == null) return null;
    nowMs = Math.max(nowMs, task.dueMs);
    if (task.periodMs > 0) task.dueMs += task.periodMs;
    else tasks.remove(task);
    return task;
  }
}

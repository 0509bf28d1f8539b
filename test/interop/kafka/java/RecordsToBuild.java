import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Records to be written in some format: fields of a {@code build} command. */
final class RecordsToBuild {
  static final class Entry {
    final byte[] key;
    final byte[] value;
    final long timestamp;
    final String headers;

    Entry(byte[] key, byte[] value, long timestamp, String headers) {
      this.key = key;
      this.value = value;
      this.timestamp = timestamp;
      this.headers = headers;
    }
  }

  final int magic;
  final String codec;
  final long producerId;
  final short producerEpoch;
  final int baseSequence;
  final boolean isTransactional;
  /** {@code commit}, {@code abort}, or empty for records. */
  final String marker;
  final List<Entry> entries = new ArrayList<>();

  /** magic, codec, producer id, epoch, sequence, transactional, marker, then for each record key:value:timestamp:headers. */
  RecordsToBuild(String[] fields) {
    magic = Integer.parseInt(fields[0]);
    codec = fields[1];
    producerId = Long.parseLong(fields[2]);
    producerEpoch = Short.parseShort(fields[3]);
    baseSequence = Integer.parseInt(fields[4]);
    isTransactional = fields[5].equals("true");
    marker = fields[6];
    for (int i = 7; i < fields.length; i++) {
      String[] parts = fields[i].split(":", -1);
      entries.add(new Entry(bytes(parts[0]), bytes(parts[1]), Long.parseLong(parts[2]), parts[3]));
    }
  }

  /**
   * Made-up records, by settings: {@code magic}, {@code codec}, {@code from} and {@code count} (numbers that their texts
   * are made of), {@code bytes} of value, {@code keys} (how many there are; none: null), {@code tombstones} (each so many),
   * {@code time}, {@code step} (ms from one to the next), {@code headers}, {@code pid}, {@code producer-epoch},
   * {@code sequence}, {@code transactional}, {@code marker}.
   */
  RecordsToBuild(Map<String, String> settings) {
    magic = number(settings, "magic", 2);
    codec = settings.getOrDefault("codec", "none");
    producerId = number(settings, "pid", -1);
    producerEpoch = (short) number(settings, "producer-epoch", producerId < 0 ? -1 : 0);
    baseSequence = number(settings, "sequence", -1);
    isTransactional = settings.containsKey("transactional");
    marker = settings.getOrDefault("marker", "");
    int from = number(settings, "from", 0);
    int keys = number(settings, "keys", 0);
    int tombstones = number(settings, "tombstones", 0);
    long time = Long.parseLong(settings.getOrDefault("time", "-1"));
    for (int i = from; i < from + number(settings, "count", 1); i++) {
      byte[] key = keys == 0 ? null : text("key-" + i % keys, 0);
      byte[] value = tombstones > 0 && i % tombstones == 0 ? null : text("value-" + i, number(settings, "bytes", 0));
      long timestamp = magic == 0 ? -1 : time + (long) (i - from) * number(settings, "step", 0);
      entries.add(new Entry(key, value, timestamp, settings.getOrDefault("headers", "")));
    }
  }

  private static int number(Map<String, String> settings, String name, int otherwise) {
    return settings.containsKey(name) ? Integer.parseInt(settings.get(name)) : otherwise;
  }

  /** The text, and so many bytes in all that neither repeat at once nor are random. */
  private static byte[] text(String start, int bytes) {
    StringBuilder text = new StringBuilder(start);
    for (int i = 0; text.length() < bytes; i++) text.append(' ').append(Integer.toString((i * 7919 + start.hashCode()) % 1000, 36));
    return text.substring(0, Math.max(bytes, start.length())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String hex) {
    return hex.equals("null") ? null : HexFormat.of().parseHex(hex);
  }
}

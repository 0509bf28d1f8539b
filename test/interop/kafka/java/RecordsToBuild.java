import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

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

  private static byte[] bytes(String hex) {
    return hex.equals("null") ? null : HexFormat.of().parseHex(hex);
  }
}

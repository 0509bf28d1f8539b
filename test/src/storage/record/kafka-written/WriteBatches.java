// Made batches.json beside it: batches as Kafka's own client library writes them, in every format and codec, and what that
// library reads from them. With kafka-clients 3.9.0 and what it depends on in lib/:
//   javac -cp 'lib/*' WriteBatches.java && java -cp 'lib/*:.' WriteBatches > batches.json
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.StringJoiner;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;

public class WriteBatches {
    static final long APPEND_TIME = 1700000009999L;

    public static void main(String[] arguments) {
        StringJoiner all = new StringJoiner(",\n", "[\n", "\n]\n");
        for (int magic = 0; magic <= 2; magic++)
            for (CompressionType codec : CompressionType.values())
                for (TimestampType type : new TimestampType[] {TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME}) {
                    if (codec == CompressionType.ZSTD && magic < 2) continue;
                    if (magic == 0 && type == TimestampType.LOG_APPEND_TIME) continue;
                    all.add(written((byte) magic, codec, type));
                }
        System.out.print(all);
    }

    static String written(byte magic, CompressionType codec, TimestampType type) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(4096), magic, Compression.of(codec).build(),
            magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : type, 1000L, APPEND_TIME);
        for (int i = 0; i < 4; i++) {
            byte[] key = i % 3 == 0 ? null : bytes("key-" + i);
            byte[] value = i == 2 ? null : bytes("order " + i + " order " + i + " order " + i);
            long timestamp = 1700000000000L + (i % 2 == 0 ? 10 * i : -3 * i);
            if (magic == 2 && i == 1)
                builder.append(timestamp, key, value, new Header[] {new RecordHeader("h1", bytes("x")), new RecordHeader("h2", null)});
            else
                builder.append(timestamp, key, value);
        }
        ByteBuffer buffer = builder.build().buffer();
        StringJoiner records = new StringJoiner(",", "[", "]");
        for (RecordBatch batch : MemoryRecords.readableRecords(buffer.duplicate()).batches()) {
            batch.ensureValid();
            for (Record record : batch) {
                StringJoiner headers = new StringJoiner(",", "[", "]");
                for (Header header : record.headers())
                    headers.add("{\"key\":\"" + header.key() + "\",\"value\":" + hex(header.value()) + "}");
                records.add("{\"offset\":" + record.offset() + ",\"timestamp\":" + record.timestamp() + ",\"key\":"
                    + hex(bytes(record.key())) + ",\"value\":" + hex(bytes(record.value())) + ",\"headers\":" + headers + "}");
            }
        }
        return "{\"magic\":" + magic + ",\"codec\":\"" + codec.name + "\",\"timestampType\":\"" + type.name + "\",\"hex\":"
            + hex(bytes(buffer)) + ",\"records\":" + records + "}";
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static String hex(byte[] bytes) {
        return bytes == null ? "null" : "\"" + HexFormat.of().formatHex(bytes) + "\"";
    }
}

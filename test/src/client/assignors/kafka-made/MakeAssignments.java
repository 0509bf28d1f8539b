import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.consumer.internals.*;
import org.apache.kafka.clients.consumer.internals.PartitionAssignor.*;
import org.apache.kafka.common.TopicPartition;

/** Prints what the assignors of kafka-clients 1.1.1 make of drawn groups, as JSON: one case a line. */
public class MakeAssignments {
    static String json(Map<String, List<TopicPartition>> of) {
        StringBuilder out = new StringBuilder("{");
        for (String member : new TreeSet<>(of.keySet())) {
            if (out.length() > 1) out.append(",");
            out.append("\"").append(member).append("\":[");
            boolean first = true;
            for (TopicPartition tp : of.get(member)) {
                if (!first) out.append(",");
                first = false;
                out.append("\"").append(tp).append("\"");
            }
            out.append("]");
        }
        return out.append("}").toString();
    }

    public static void main(String[] args) throws Exception {
        Random random = new Random(7);
        List<String> lines = new ArrayList<>();
        for (int n = 0; n < 120; n++) {
            int topics = 1 + random.nextInt(4), members = 1 + random.nextInt(6);
            boolean same = random.nextInt(3) > 0;
            Map<String, Integer> partitions = new HashMap<>();
            StringBuilder parts = new StringBuilder("{");
            for (int t = 0; t < topics; t++) {
                int count = 1 + random.nextInt(9);
                partitions.put("t" + t, count);
                parts.append(t > 0 ? "," : "").append("\"t" + t + "\":" + count);
            }
            parts.append("}");
            // A first round, and a second one in which somebody has left, or come, and all bring what they had.
            Map<String, Subscription> subs = new HashMap<>();
            List<String> order = new ArrayList<>();
            for (int m = 0; m < members; m++) add(random, topics, same, subs, order, "c" + (m * 7 % 10) + "-" + Integer.toHexString(random.nextInt()));
            StickyAssignor sticky = new StickyAssignor();
            Map<String, List<TopicPartition>> before = null;
            for (int round = 0; round < 3; round++) {
                StringBuilder told = new StringBuilder("{");
                for (String member : order) {
                    if (told.length() > 1) told.append(",");
                    told.append("\"" + member + "\":[");
                    List<String> ts = subs.get(member).topics();
                    for (int i = 0; i < ts.size(); i++) told.append(i > 0 ? "," : "").append("\"" + ts.get(i) + "\"");
                    told.append("]");
                }
                told.append("}");
                Map<String, Subscription> withData = new HashMap<>();
                StringBuilder had = new StringBuilder("{");
                for (String member : order) {
                    ByteBuffer data = null;
                    if (before != null && before.containsKey(member)) {
                        Method write = StickyAssignor.class.getDeclaredMethod("serializeTopicPartitionAssignment", List.class);
                        write.setAccessible(true);
                        data = (ByteBuffer) write.invoke(null, before.get(member));
                    }
                    withData.put(member, new Subscription(subs.get(member).topics(), data));
                }
                if (before != null) {
                    Map<String, List<TopicPartition>> known = new TreeMap<>();
                    for (String member : order) if (before.containsKey(member)) known.put(member, before.get(member));
                    had = new StringBuilder(json(known));
                } else had.append("}");
                Map<String, List<TopicPartition>> range = new RangeAssignor().assign(partitions, subs);
                Map<String, List<TopicPartition>> rr = new RoundRobinAssignor().assign(partitions, subs);
                Map<String, List<TopicPartition>> st = sticky.assign(partitions, withData);
                lines.add("{\"partitions\":" + parts + ",\"members\":" + told + ",\"had\":" + had + ",\"range\":" + json(range)
                    + ",\"roundrobin\":" + json(rr) + ",\"sticky\":" + json(st) + "}");
                before = st;
                if (random.nextBoolean() && order.size() > 1) {
                    String gone = order.remove(random.nextInt(order.size()));
                    subs.remove(gone);
                } else add(random, topics, same, subs, order, "d" + round + "-" + Integer.toHexString(random.nextInt()));
            }
        }
        System.out.println("[" + String.join(",\n", lines) + "]");
    }

    static void add(Random random, int topics, boolean same, Map<String, Subscription> subs, List<String> order, String name) {
        List<String> wanted = new ArrayList<>();
        for (int t = 0; t < topics; t++) if (same || random.nextInt(3) > 0) wanted.add("t" + t);
        if (wanted.isEmpty()) wanted.add("t0");
        subs.put(name, new Subscription(wanted));
        order.add(name);
    }
}

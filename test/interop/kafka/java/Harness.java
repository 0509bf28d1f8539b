import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One JVM that answers commands about Kafka's log layer and dump tool, so that many directories cost one start.
 * A command is a line with tabs between its fields. An answer is a line {@code ok|error BYTES BYTES} and then so many
 * bytes of what went to standard output, and of what went to standard error.
 */
public final class Harness {
  private static final ByteArrayOutputStream OUT = new ByteArrayOutputStream();
  private static final ByteArrayOutputStream ERR = new ByteArrayOutputStream();
  private static LogLayer logs;

  public static void main(String[] args) throws Exception {
    OutputStream answers = new FileOutputStream(FileDescriptor.out);
    // Scala's Console takes the stream over once, when it is first used.
    System.setOut(new PrintStream(OUT, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(ERR, true, StandardCharsets.UTF_8));
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      OUT.reset();
      ERR.reset();
      String outcome = "ok";
      try {
        run(line.split("\t", -1));
      } catch (Throwable thrown) {
        outcome = "error";
        Throwable cause = thrown instanceof InvocationTargetException ? thrown.getCause() : thrown;
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text));
        System.err.print(text);
      }
      System.out.flush();
      System.err.flush();
      answers.write((outcome + " " + OUT.size() + " " + ERR.size() + "\n").getBytes(StandardCharsets.US_ASCII));
      OUT.writeTo(answers);
      ERR.writeTo(answers);
      answers.flush();
    }
    System.exit(0);
  }

  private static void run(String[] fields) throws Exception {
    String[] rest = Arrays.copyOfRange(fields, 1, fields.length);
    switch (fields[0]) {
      case "dump" -> dump(rest);
      case "open" -> {
        logs = (LogLayer) Class.forName("KafkaLogs").getDeclaredConstructor().newInstance();
        logs.setTime(Long.parseLong(fields[2]));
        logs.open(new File(fields[1]).getCanonicalFile(), configOf(Arrays.copyOfRange(fields, 3, fields.length)));
      }
      case "time" -> logs.setTime(Long.parseLong(fields[1]));
      case "create" -> logs.create(fields[1]);
      case "logs" -> logs.logs().forEach(System.out::println);
      case "append" -> {
        byte[] records = HexFormat.of().parseHex(fields[5]);
        boolean asLeader = fields[2].equals("leader");
        System.out.print(logs.append(fields[1], records, asLeader, fields[3].equals("client"), Integer.parseInt(fields[4])));
      }
      case "build" -> System.out.print(HexFormat.of().formatHex(builder().build(new RecordsToBuild(rest))));
      case "produce" -> {
        Map<String, String> settings = configOf(Arrays.copyOfRange(fields, 2, fields.length));
        byte[] records = logs.build(new RecordsToBuild(settings));
        boolean fromClient = !settings.containsKey("marker");
        int leaderEpoch = Integer.parseInt(settings.getOrDefault("epoch", "0"));
        System.out.print(logs.append(fields[1], records, true, fromClient, leaderEpoch));
      }
      case "truncate" -> logs.truncate(fields[1], Long.parseLong(fields[2]));
      case "truncate-fully" -> logs.truncateFully(fields[1], Long.parseLong(fields[2]));
      case "high-watermark" -> logs.highWatermark(fields[1], Long.parseLong(fields[2]));
      case "roll" -> logs.roll(fields[1]);
      case "flush" -> logs.flush(fields[1], Long.parseLong(fields[2]));
      case "checkpoint" -> logs.checkpoint();
      case "retention" -> logs.retention();
      case "clean" -> System.out.print(logs.clean(fields[1], Long.parseLong(fields[2])));
      case "cut" -> {
        try (RandomAccessFile file = new RandomAccessFile(fields[1], "rw")) {
          file.setLength(file.length() - Long.parseLong(fields[2]));
        }
      }
      case "close" -> {
        logs.close();
        logs = null;
      }
      case "abandon" -> {
        logs.abandon();
        logs = null;
      }
      default -> throw new IllegalArgumentException("no command " + fields[0]);
    }
  }

  private static LogLayer builder() throws Exception {
    return logs != null ? logs : (LogLayer) Class.forName("KafkaLogs").getDeclaredConstructor().newInstance();
  }

  private static void dump(String[] arguments) throws Exception {
    Class.forName("kafka.tools.DumpLogSegments").getMethod("main", String[].class).invoke(null, (Object) arguments);
  }

  private static Map<String, String> configOf(String[] settings) {
    Map<String, String> config = new LinkedHashMap<>();
    for (String setting : settings) {
      int at = setting.indexOf('=');
      config.put(setting.substring(0, at), setting.substring(at + 1));
    }
    return config;
  }
}

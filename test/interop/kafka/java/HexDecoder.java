import kafka.serializer.Decoder;
import kafka.utils.VerifiableProperties;

/** Lets the dump tool print keys and values as {@code x} and hexadecimal digits, so that any bytes can be compared. */
public final class HexDecoder implements Decoder<String> {
  public HexDecoder(VerifiableProperties properties) {}

  @Override
  public String fromBytes(byte[] bytes) {
    return "x" + java.util.HexFormat.of().formatHex(bytes);
  }
}

import com.amazonaws.encryptionsdk.jce.JceMasterKey;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.zip.GZIPInputStream;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads stream records and prints their activity events, one a line.
 *
 * <p>What the two generations of libraries do differently is given by the caller.
 */
final class Events {
  /** Opens a message of the Encryption SDK. */
  interface Opener {
    InputStream open(JceMasterKey key, InputStream message);
  }

  private final Map<String, String> context;
  private final BiFunction<byte[], Map<String, String>, byte[]> decryptKey;
  private final Opener opener;
  private final boolean heartbeats;

  /** Leaves heartbeats out. */
  Events(
      String stream, BiFunction<byte[], Map<String, String>, byte[]> decryptKey, Opener opener) {
    this(stream, decryptKey, opener, false);
  }

  /** decryptKey is KMS Decrypt: ciphertext and encryption context in, data key out. */
  Events(
      String stream,
      BiFunction<byte[], Map<String, String>, byte[]> decryptKey,
      Opener opener,
      boolean heartbeats) {
    this.context = Map.of("aws:rds:dbc-id", stream.substring("aws-rds-das-".length()));
    this.decryptKey = decryptKey;
    this.opener = opener;
    this.heartbeats = heartbeats;
  }

  void print(byte[] record) throws Exception {
    JsonObject outer = parse(record).getAsJsonObject();
    byte[] message = Base64.getDecoder().decode(outer.get("databaseActivityEvents").getAsString());
    byte[] key = Base64.getDecoder().decode(outer.get("key").getAsString());
    SecretKeySpec dataKey = new SecretKeySpec(decryptKey.apply(key, context), "AES");
    JceMasterKey master = JceMasterKey.getInstance(dataKey, "BC", "DataKey", "AES/GCM/NoPadding");
    JsonObject inner;
    try (InputStream plain =
        new GZIPInputStream(opener.open(master, new ByteArrayInputStream(message)))) {
      inner = parse(plain.readAllBytes()).getAsJsonObject();
    }
    PrintStream out = System.out;
    synchronized (out) { // a whole event a line, whichever shards' threads print
      for (JsonElement event : inner.getAsJsonArray("databaseActivityEventList")) {
        if (heartbeats
            || !event.getAsJsonObject().get("type").getAsString().equals("heartbeat")) {
          out.println(event);
        }
      }
      out.flush();
    }
  }

  private static JsonElement parse(byte[] json) {
    return JsonParser.parseString(new String(json, StandardCharsets.UTF_8));
  }
}

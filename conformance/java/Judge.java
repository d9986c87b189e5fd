import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CryptoAlgorithm;
import com.amazonaws.encryptionsdk.CryptoInputStream;
import com.amazonaws.encryptionsdk.jce.JceMasterKey;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

/**
 * Answers requests for one version of the AWS Encryption SDK for Java.
 *
 * <pre>java -cp '.java/v3/*' java/Judge.java</pre>
 *
 * The line protocol is the one that judge_test.go describes. The wrapping key is the JceMasterKey
 * that the Aurora user guide (2019) makes, and messages are read as a stream, as its example does.
 */
public class Judge {
  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      String reply;
      try {
        reply = "ok\t" + Base64.getEncoder().encodeToString(answer(line.split("\t", -1)));
      } catch (Exception e) {
        reply = "error\t" + e.toString().replaceAll("\\s+", " ");
      }
      System.out.println(reply);
    }
  }

  /** Fields: operation, policy, suite, frame length, key, context, data. */
  private static byte[] answer(String[] f) throws Exception {
    AwsCrypto crypto = crypto(f[1]);
    byte[] key = Base64.getDecoder().decode(f[4]);
    byte[] data = Base64.getDecoder().decode(f[6]);
    JceMasterKey masterKey =
        JceMasterKey.getInstance(
            new SecretKeySpec(key, "AES"), "BC", "DataKey", "AES/GCM/NoPadding");
    if (f[0].equals("decrypt")) {
      try (CryptoInputStream<JceMasterKey> stream =
          crypto.createDecryptingStream(masterKey, new ByteArrayInputStream(data))) {
        return stream.readAllBytes();
      }
    }
    Map<String, String> context = new HashMap<>();
    for (String pair : f[5].isEmpty() ? new String[0] : f[5].split(",")) {
      String[] keyValue = pair.split("=", 2);
      context.put(keyValue[0], keyValue[1]);
    }
    crypto.setEncryptionAlgorithm(
        f[2].equals("0x0378")
            ? CryptoAlgorithm.ALG_AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384
            : CryptoAlgorithm.ALG_AES_256_GCM_IV12_TAG16_HKDF_SHA256);
    crypto.setEncryptionFrameSize(Integer.parseInt(f[3]));
    return crypto.encryptData(masterKey, data, context).getResult();
  }

  /** Version 1 has a constructor and no commitment policy; later ones have a builder. */
  private static AwsCrypto crypto(String policy) throws Exception {
    Class<?> policies;
    try {
      policies = Class.forName("com.amazonaws.encryptionsdk.CommitmentPolicy");
    } catch (ClassNotFoundException e) {
      return AwsCrypto.class.getConstructor().newInstance();
    }
    Object builder = AwsCrypto.class.getMethod("builder").invoke(null);
    for (Object value : policies.getEnumConstants()) {
      String name = ((Enum<?>) value).name().replaceAll("([a-z])([A-Z])", "$1_$2");
      if (name.equalsIgnoreCase(policy)) {
        Method with = builder.getClass().getMethod("withCommitmentPolicy", policies);
        with.setAccessible(true);
        builder = with.invoke(builder, value);
        Method build = builder.getClass().getMethod("build");
        build.setAccessible(true);
        return (AwsCrypto) build.invoke(builder);
      }
    }
    throw new IllegalArgumentException("no commitment policy " + policy);
  }
}

import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;

/**
 * A consumer on the Kinesis Client Library 1 and the Encryption SDK 1, the versions of the Aurora
 * user guide (2019).
 *
 * <pre>Consumer ENDPOINT DYNAMODB-ENDPOINT REGION STREAM</pre>
 */
public final class Consumer {
  public static void main(String[] args) {
    AwsCrypto crypto = new AwsCrypto();
    new Kcl1("kcl1", InitialPositionInStream.TRIM_HORIZON, 0)
        .run(args, crypto::createDecryptingStream, false);
  }
}

import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CommitmentPolicy;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;

/**
 * A consumer after the example in today's Aurora user guide, "Processing a database activity stream
 * using the AWS SDK": the Kinesis Client Library 1 from LATEST on, with a checkpoint once a minute.
 *
 * <p>Different from the guide: the Encryption SDK is 3, whose AwsCrypto is built with a commitment
 * policy; events are printed as they are (the guide's class for them makes strings of numbers);
 * an error ends the program (it is printed there); the endpoint and what else is a constant there
 * are arguments; the library polls more often than by default.
 *
 * <pre>Consumer ENDPOINT DYNAMODB-ENDPOINT REGION STREAM</pre>
 */
public final class Consumer {
  public static void main(String[] args) {
    AwsCrypto crypto =
        AwsCrypto.builder()
            .withCommitmentPolicy(CommitmentPolicy.RequireEncryptAllowDecrypt)
            .build();
    new Kcl1("guide", InitialPositionInStream.LATEST, 60_000)
        .run(args, crypto::createDecryptingStream, true);
  }
}

import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CommitmentPolicy;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.IRecordProcessor;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.IRecordProcessorCheckpointer;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.KinesisClientLibConfiguration;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.ShutdownReason;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.Worker;
import com.amazonaws.services.kinesis.metrics.impl.NullMetricsFactory;
import com.amazonaws.services.kinesis.model.Record;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.amazonaws.services.kms.model.DecryptRequest;
import java.nio.ByteBuffer;
import java.security.Security;
import java.util.List;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

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
    Security.insertProviderAt(new BouncyCastleProvider(), 1);
    String endpoint = args[0];
    String region = args[2];
    String stream = args[3];
    AWSStaticCredentialsProvider credentials =
        new AWSStaticCredentialsProvider(new BasicAWSCredentials("test", "test"));
    AWSKMS kms =
        AWSKMSClientBuilder.standard()
            .withCredentials(credentials)
            .withEndpointConfiguration(new EndpointConfiguration(endpoint, region))
            .build();
    AwsCrypto crypto =
        AwsCrypto.builder()
            .withCommitmentPolicy(CommitmentPolicy.RequireEncryptAllowDecrypt)
            .build();
    Events events =
        new Events(
            stream,
            (key, context) ->
                bytes(
                    kms.decrypt(
                            new DecryptRequest()
                                .withCiphertextBlob(ByteBuffer.wrap(key))
                                .withEncryptionContext(context))
                        .getPlaintext()),
            crypto::createDecryptingStream,
            true);
    KinesisClientLibConfiguration config =
        new KinesisClientLibConfiguration("guide", stream, credentials, "worker")
            .withInitialPositionInStream(InitialPositionInStream.LATEST)
            .withRegionName(region)
            .withKinesisEndpoint(endpoint)
            .withDynamoDBEndpoint(args[1])
            .withIdleTimeBetweenReadsInMillis(250)
            .withShardSyncIntervalMillis(1000)
            .withParentShardPollIntervalMillis(500)
            .withFailoverTimeMillis(3000);
    new Worker.Builder()
        .recordProcessorFactory(() -> new Processor(events))
        .config(config)
        .metricsFactory(new NullMetricsFactory())
        .build()
        .run();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] b = new byte[buffer.remaining()];
    buffer.get(b);
    return b;
  }

  /** Prints the records of one shard. */
  private static final class Processor implements IRecordProcessor {
    private static final long CHECKPOINT_MILLIS = 60_000;

    private final Events events;
    private long nextCheckpoint;

    Processor(Events events) {
      this.events = events;
    }

    @Override
    public void initialize(String shard) {}

    @Override
    public void processRecords(List<Record> records, IRecordProcessorCheckpointer checkpointer) {
      try {
        for (Record r : records) {
          events.print(bytes(r.getData()));
        }
        if (System.currentTimeMillis() > nextCheckpoint) {
          checkpointer.checkpoint();
          nextCheckpoint = System.currentTimeMillis() + CHECKPOINT_MILLIS;
        }
      } catch (Exception e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }

    @Override
    public void shutdown(IRecordProcessorCheckpointer checkpointer, ShutdownReason reason) {
      if (reason != ShutdownReason.TERMINATE) {
        return;
      }
      try {
        checkpointer.checkpoint(); // the shard's end: its children are next
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

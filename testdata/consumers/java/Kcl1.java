import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
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
 * A worker of the Kinesis Client Library 1 that prints a stream's events. Bouncy Castle comes first
 * among the providers, as in the Aurora user guides.
 */
final class Kcl1 {
  private final String application;
  private final InitialPositionInStream from;
  private final long checkpointMillis;

  /** application names the lease table; checkpoints are that far apart, or 0 for all records. */
  Kcl1(String application, InitialPositionInStream from, long checkpointMillis) {
    this.application = application;
    this.from = from;
    this.checkpointMillis = checkpointMillis;
  }

  /** Reads until the process ends. args are ENDPOINT DYNAMODB-ENDPOINT REGION STREAM. */
  void run(String[] args, Events.Opener opener, boolean heartbeats) {
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
            opener,
            heartbeats);
    KinesisClientLibConfiguration config =
        new KinesisClientLibConfiguration(application, stream, credentials, "worker")
            .withInitialPositionInStream(from)
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
  private final class Processor implements IRecordProcessor {
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
        if (System.currentTimeMillis() >= nextCheckpoint) {
          checkpointer.checkpoint();
          nextCheckpoint = System.currentTimeMillis() + checkpointMillis;
        }
      } catch (Exception e) { // the library would go on behind these records
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

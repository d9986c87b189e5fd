import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CommitmentPolicy;
import java.net.URI;
import java.security.Security;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kms.KmsAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * A consumer on the Kinesis Client Library 3, which registers a consumer and subscribes to each
 * shard (enhanced fan-out) over HTTP/2 in the clear, in CBOR.
 *
 * <pre>Consumer ENDPOINT DYNAMODB-ENDPOINT REGION STREAM</pre>
 */
public final class Consumer {
  public static void main(String[] args) {
    Security.addProvider(new BouncyCastleProvider());
    URI endpoint = URI.create(args[0]);
    URI leases = URI.create(args[1]);
    Region region = Region.of(args[2]);
    String stream = args[3];
    StaticCredentialsProvider credentials =
        StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
    KmsAsyncClient kms =
        KmsAsyncClient.builder()
            .endpointOverride(endpoint)
            .region(region)
            .credentialsProvider(credentials)
            .build();
    AwsCrypto crypto =
        AwsCrypto.builder()
            .withCommitmentPolicy(CommitmentPolicy.RequireEncryptAllowDecrypt)
            .build();
    Events events =
        new Events(
            stream,
            (key, context) ->
                kms.decrypt(
                        r ->
                            r.ciphertextBlob(SdkBytes.fromByteArray(key))
                                .encryptionContext(context))
                    .join()
                    .plaintext()
                    .asByteArray(),
            crypto::createDecryptingStream);
    KinesisAsyncClient kinesis =
        KinesisClientUtil.createKinesisAsyncClient(
            KinesisAsyncClient.builder()
                .endpointOverride(endpoint)
                .region(region)
                .credentialsProvider(credentials));
    DynamoDbAsyncClient dynamo =
        DynamoDbAsyncClient.builder()
            .endpointOverride(leases)
            .region(region)
            .credentialsProvider(credentials)
            .build();
    CloudWatchAsyncClient unused = // no metrics are sent
        CloudWatchAsyncClient.builder()
            .endpointOverride(endpoint)
            .region(region)
            .credentialsProvider(credentials)
            .build();
    ConfigsBuilder configs =
        new ConfigsBuilder(
            new SingleStreamTracker(
                stream,
                InitialPositionInStreamExtended.newInitialPosition(
                    InitialPositionInStream.TRIM_HORIZON)),
            "kcl3",
            kinesis,
            dynamo,
            unused,
            "worker",
            () -> new Processor(events));
    new Scheduler(
            configs.checkpointConfig(),
            configs
                .coordinatorConfig()
                .parentShardPollIntervalMillis(500)
                .shardConsumerDispatchPollIntervalMillis(200),
            configs
                .leaseManagementConfig()
                .failoverTimeMillis(10_000)
                .shardSyncIntervalMillis(1000)
                .leasesRecoveryAuditorExecutionFrequencyMillis(1000),
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(),
            configs.retrievalConfig())
        .run();
  }

  /** Prints the records of one shard. */
  private static final class Processor implements ShardRecordProcessor {
    private final Events events;

    Processor(Events events) {
      this.events = events;
    }

    @Override
    public void initialize(InitializationInput input) {}

    @Override
    public void processRecords(ProcessRecordsInput input) {
      try {
        for (KinesisClientRecord r : input.records()) {
          byte[] data = new byte[r.data().remaining()];
          r.data().get(data);
          events.print(data);
        }
        input.checkpointer().checkpoint();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void leaseLost(LeaseLostInput input) {}

    @Override
    public void shardEnded(ShardEndedInput input) {
      try {
        input.checkpointer().checkpoint(); // the shard's end: its children are next
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {}
  }
}

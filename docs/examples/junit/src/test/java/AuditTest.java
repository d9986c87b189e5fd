import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.sql.DriverManager;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.rds.RdsClient;

class AuditTest {
  @RegisterExtension static final DasLocal das = new DasLocal();

  @Test
  void readsAreAudited() throws Exception {
    try (var connection = DriverManager.getConnection(das.jdbcUrl());
        var statement = connection.createStatement()) {
      statement.execute("create table accounts (id int primary key)");
      statement.executeQuery("select id from accounts -- mine").close();
    }
    List<JsonObject> mine =
        das.events().stream()
            .filter(e -> !e.get("commandText").isJsonNull() && e.get("commandText").getAsString().contains("mine"))
            .toList();
    assertEquals(1, mine.size());
    assertEquals("READ", mine.get(0).get("class").getAsString());
    assertEquals("public.accounts", mine.get(0).get("objectName").getAsString());
  }

  @Test
  void recordsAreForTheCluster() {
    try (RdsClient rds = aws(RdsClient.builder()).build();
        KinesisClient kinesis = aws(KinesisClient.builder()).build()) {
      String stream = rds.describeDBClusters().dbClusters().get(0).activityStreamKinesisStreamName();
      String shard = kinesis.listShards(r -> r.streamName(stream)).shards().get(0).shardId();
      String iterator =
          kinesis
              .getShardIterator(
                  r -> r.streamName(stream).shardId(shard).shardIteratorType(ShardIteratorType.TRIM_HORIZON))
              .shardIterator();
      var records = kinesis.getRecords(r -> r.shardIterator(iterator)).records();
      assertTrue(records.size() > 0);
      var record = JsonParser.parseString(records.get(0).data().asUtf8String()).getAsJsonObject();
      assertEquals("DatabaseActivityMonitoringRecords", record.get("type").getAsString());
    }
  }

  private static <B extends AwsClientBuilder<B, ?>> B aws(B builder) {
    return builder
        .endpointOverride(das.endpoint())
        .region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
  }
}

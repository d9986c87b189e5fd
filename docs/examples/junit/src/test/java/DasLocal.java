import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * One das-local for all test classes that register it, its stream running in sync mode: the image
 * das-local:postgres in a container, or, where the environment has DAS_LOCAL, that program.
 */
final class DasLocal implements BeforeAllCallback {
  /** What runs. JUnit closes it after the last test class. */
  private interface Running extends CloseableResource {
    URI endpoint();

    String postgres(); // host:port

    String tail() throws Exception; // all events so far, as lines of JSON
  }

  private Running running;

  @Override
  public void beforeAll(ExtensionContext context) {
    running =
        context
            .getRoot()
            .getStore(ExtensionContext.Namespace.create(DasLocal.class))
            .getOrComputeIfAbsent("running", k -> start(), Running.class);
  }

  private static Running start() {
    String program = System.getenv("DAS_LOCAL");
    return program == null ? new Container() : new Program(program);
  }

  /** Where AWS clients go. */
  URI endpoint() {
    return running.endpoint();
  }

  /** Where JDBC goes. */
  String jdbcUrl() {
    return "jdbc:postgresql://" + running.postgres() + "/postgres?user=postgres";
  }

  /** All activity events so far, oldest first. */
  List<JsonObject> events() throws Exception {
    List<JsonObject> events = new ArrayList<>();
    for (String line : running.tail().split("\n")) {
      if (!line.isBlank()) {
        events.add(JsonParser.parseString(line).getAsJsonObject());
      }
    }
    return events;
  }

  private static final class Container implements Running {
    private final GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse("das-local:postgres"))
            .withExposedPorts(15432, 4566)
            .withEnv("DAS_LOCAL_START_STREAM", "sync")
            .waitingFor(Wait.forHttp("/_das/health").forPort(4566));

    Container() {
      container.start();
    }

    @Override
    public URI endpoint() {
      return URI.create("http://" + container.getHost() + ":" + container.getMappedPort(4566));
    }

    @Override
    public String postgres() {
      return container.getHost() + ":" + container.getMappedPort(15432);
    }

    @Override
    public String tail() throws Exception {
      var result = container.execInContainer("das-local", "tail", "--no-follow");
      if (result.getExitCode() != 0) {
        throw new IOException("das-local tail: " + result.getStderr());
      }
      return result.getStdout();
    }

    @Override
    public void close() {
      container.stop();
    }
  }

  private static final class Program implements Running {
    private final String program;
    private final Path output;
    private final Process process;
    private final URI endpoint;
    private final String postgres;

    Program(String program) {
      this.program = program;
      try {
        output = Files.createTempFile("das-local", ".out");
        process =
            new ProcessBuilder(program, "up", "--listen=127.0.0.1:0", "--aws-listen=127.0.0.1:0", "--start-stream=sync")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        String lines = awaitLines();
        endpoint = URI.create(lines.replaceAll("(?s).*endpoint +(http\\S+).*", "$1"));
        postgres = lines.replaceAll("(?s).*host=(\\S+) port=(\\S+) .*", "$1:$2");
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException("start " + program, e);
      }
    }

    /** The lines that das-local prints when it is ready; "events" is the last. */
    private String awaitLines() throws IOException, InterruptedException {
      while (process.isAlive()) {
        String lines = Files.readString(output);
        if (lines.matches("(?s).*(^|\n)events .*\n.*")) {
          return lines;
        }
        process.waitFor(50, TimeUnit.MILLISECONDS);
      }
      throw new IOException("das-local ended: " + Files.readString(output));
    }

    @Override
    public URI endpoint() {
      return endpoint;
    }

    @Override
    public String postgres() {
      return postgres;
    }

    @Override
    public String tail() throws Exception {
      Process tail =
          new ProcessBuilder(program, "tail", "--endpoint=" + endpoint, "--no-follow")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String lines = new String(tail.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (tail.waitFor() != 0) {
        throw new IOException("das-local tail failed");
      }
      return lines;
    }

    @Override
    public void close() throws Exception {
      process.destroy(); // SIGTERM: das-local stops its PostgreSQL
      process.waitFor();
      Files.delete(output);
    }
  }
}

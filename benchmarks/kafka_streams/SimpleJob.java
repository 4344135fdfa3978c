// The simple job on Kafka Streams: of each thread, its events and its first response.
//
//   java -cp 'lib/*' SimpleJob BROKERS TOPIC EVENTS GROUP FOLDER (exactly_once_v2 | at_least_once)
//
// It says FIRST with its first record, asks for a commit after its last, and stays until ended.

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

public final class SimpleJob {
  static final String STORE = "threads";
  static final String POST = "org.threadline.post.created.v1";
  static final String COMMENT = "org.threadline.comment.created.v1";
  static final long NONE = Long.MIN_VALUE;
  static final AtomicLong SEEN = new AtomicLong();

  /** As much of an event as the job looks at. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Said(String type, Data data) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Data(String kind) {}

  static final class Counting implements Processor<byte[], byte[], Void, Void> {
    private final ObjectReader reader = new ObjectMapper().readerFor(Said.class);
    private final long events;
    private ProcessorContext<Void, Void> context;
    private KeyValueStore<byte[], byte[]> threads;

    Counting(long events) {
      this.events = events;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
      this.threads = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      long seen = SEEN.incrementAndGet();
      if (seen == 1) {
        System.out.println("FIRST");
      }
      threads.put(record.key(), after(threads.get(record.key()), record));
      if (seen == events) {
        context.commit();
      }
    }

    /** The state of a thread after one more event: its events, when asked, the first response. */
    private byte[] after(byte[] kept, Record<byte[], byte[]> record) {
      ByteBuffer before = kept == null ? null : ByteBuffer.wrap(kept);
      long count = before == null ? 0 : before.getLong();
      long asked = before == null ? NONE : before.getLong();
      long first = before == null ? NONE : before.getLong();
      Said said = read(record.value());
      if (POST.equals(said.type()) || COMMENT.equals(said.type())) {
        if ("question".equals(said.data().kind())) {
          asked = record.timestamp();
        } else if (first == NONE && asked != NONE) {
          first = record.timestamp() - asked;
        }
      }
      return ByteBuffer.allocate(24).putLong(count + 1).putLong(asked).putLong(first).array();
    }

    private Said read(byte[] value) {
      try {
        return reader.readValue(value);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    long events = Long.parseLong(arguments[2]);
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[5]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

    Topology topology = new Topology();
    topology.addSource(
        "log", new ByteArrayDeserializer(), new ByteArrayDeserializer(), arguments[1]);
    topology.addProcessor("counting", () -> new Counting(events), "log");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STORE), Serdes.ByteArray(), Serdes.ByteArray())
            .withCachingEnabled(),
        "counting");
    KafkaStreams streams = new KafkaStreams(topology, settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    Thread.currentThread().join();
  }
}

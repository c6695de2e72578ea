package tidegate;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The clients that the checks share, with names of their own for each run, and what they expect of them. */
class Clients {
  static final int SECONDS = 20;

  final String bootstrap;
  final Admin admin;
  final String suffix = UUID.randomUUID().toString().substring(0, 8);

  Clients(String bootstrap) {
    this.bootstrap = bootstrap;
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    p.put("default.api.timeout.ms", SECONDS * 1000);
    p.put("request.timeout.ms", SECONDS * 500);
    this.admin = Admin.create(p);
  }

  String name(String what) {
    return "java-" + what + "-" + suffix;
  }

  KafkaFuture<Void> create(String topic, int partitions) {
    return admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all();
  }

  String topic(String what, int partitions) throws Exception {
    get(create(name(what), partitions));
    return name(what);
  }

  /** An empty group that has committed `offset` with the metadata "note" in one partition. */
  String groupWithPosition(String what, long offset) throws Exception {
    String topic = topic("group-" + what, 1);
    produce(topic, 0, 10, "none");
    try (var c = consumer(name(what), "none")) {
      c.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(offset, "note")));
    }
    return name(what);
  }

  KafkaProducer<byte[], byte[]> producer(String codec) {
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    p.put("enable.idempotence", true);
    p.put("compression.type", codec);
    p.put("linger.ms", 5);
    p.put("delivery.timeout.ms", SECONDS * 1000);
    p.put("request.timeout.ms", SECONDS * 500);
    return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
  }

  KafkaConsumer<byte[], byte[]> consumer(String group, String reset) {
    return consumer(group, reset, Map.of());
  }

  KafkaConsumer<byte[], byte[]> consumer(String group, String reset, Map<String, Object> more) {
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    p.put("group.id", group);
    p.put("client.id", "java-check");
    p.put("auto.offset.reset", reset);
    p.put("enable.auto.commit", false);
    p.put("heartbeat.interval.ms", 500);
    p.put("session.timeout.ms", 10000);
    p.put("default.api.timeout.ms", SECONDS * 1000);
    p.putAll(more);
    return new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  static byte[] bytes(String s) {
    return s.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] value(int number) {
    return number % 10 == 9 ? null : bytes(("record-" + number + " ").repeat(1 + number % 20));
  }

  /** Sends `count` numbered records to partition 0; the acknowledged offsets, in the order they were sent. */
  List<Long> produce(String topic, int first, int count, String codec) throws Exception {
    try (var p = producer(codec)) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int i = first; i < first + count; i++) {
        var headers = List.<Header>of(new RecordHeader("number", bytes("" + i)));
        sent.add(p.send(new ProducerRecord<>(topic, 0, 1_600_000_000_000L + i, bytes("key-" + i), value(i), headers)));
      }
      List<Long> offsets = new ArrayList<>();
      for (var f : sent) offsets.add(f.get(SECONDS, TimeUnit.SECONDS).offset());
      return offsets;
    }
  }

  static List<ConsumerRecord<byte[], byte[]>> read(KafkaConsumer<byte[], byte[]> c, int count) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    await(count + " records", () -> {
      c.poll(Duration.ofMillis(200)).forEach(all::add);
      return all.size() >= count;
    });
    equal("records", count, all.size());
    return all;
  }

  static void checkRecords(List<ConsumerRecord<byte[], byte[]>> records, int first) {
    for (int i = 0; i < records.size(); i++) {
      var r = records.get(i);
      int number = first + i;
      equal("offset", (long) number, r.offset());
      equal("timestamp", 1_600_000_000_000L + number, r.timestamp());
      isTrue("key of " + number, Arrays.equals(bytes("key-" + number), r.key()));
      isTrue("value of " + number, Arrays.equals(value(number), r.value()));
      isTrue("header of " + number, Arrays.equals(bytes("" + number), r.headers().lastHeader("number").value()));
    }
  }

  ConsumerGroupDescription describe(String group) throws Exception {
    return get(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group));
  }

  Map<TopicPartition, OffsetAndMetadata> committed(String group) throws Exception {
    return get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
  }

  void offsetIs(TopicPartition tp, OffsetSpec spec, long offset, long timestamp) throws Exception {
    var found = get(admin.listOffsets(Map.of(tp, spec)).partitionResult(tp));
    String what = spec.getClass().getSimpleName() + " of " + tp;
    equal(what, offset + "@" + timestamp, found.offset() + "@" + found.timestamp());
  }

  static <T> T get(KafkaFuture<T> future) throws Exception {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(String.valueOf(e.getCause()));
    }
  }

  static void fails(Class<? extends Throwable> expected, KafkaFuture<?> future) throws Exception {
    try {
      future.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (expected.isInstance(e.getCause())) return;
      throw new AssertionError("expected " + expected.getSimpleName() + ", got " + e.getCause());
    }
    throw new AssertionError("expected " + expected.getSimpleName() + ", got success");
  }

  interface Condition {
    boolean holds() throws Exception;
  }

  static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not after " + SECONDS + " s: " + what);
    }
  }

  static void equal(String what, Object expected, Object actual) {
    if (!Objects.equals(expected, actual)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }
  }

  static void isTrue(String what, boolean value) {
    if (!value) throw new AssertionError("not so: " + what);
  }
}

package tidegate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * What Kafka's own Java clients do with a node. {@code AdminCheck BOOTSTRAP COMMAND...}; the command {@code all} is
 * every check. Prints one JSON line per check; the exit code is 1 when one of them failed. Each check has a topic and a
 * group of its own, so they run in any order and on a node that others use.
 */
public final class AdminCheck extends Clients {
  interface Body {
    void run() throws Exception;
  }

  private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  private AdminCheck(String bootstrap) {
    super(bootstrap);
  }

  public static void main(String[] args) {
    AdminCheck check = new AdminCheck(args[0]);
    Map<String, Body> checks = check.checks();
    List<String> wanted = new ArrayList<>(Arrays.asList(args).subList(1, args.length));
    if (wanted.equals(List.of("all"))) wanted = new ArrayList<>(checks.keySet());
    boolean allOk = true;
    for (String name : wanted) {
      Body body = checks.get(name);
      allOk &= report(name, body != null ? body : () -> { throw new IllegalArgumentException("no such command"); });
    }
    check.admin.close(Duration.ofSeconds(5));
    System.exit(allOk ? 0 : 1);
  }

  private Map<String, Body> checks() {
    Map<String, Body> m = new LinkedHashMap<>();
    m.put("cluster", this::cluster);
    m.put("create_topic", this::createTopic);
    m.put("describe_topics", this::describeTopics);
    for (String codec : CODECS) m.put("produce_" + codec, () -> produceAndRead(codec));
    m.put("too_large_record", this::tooLargeRecord);
    m.put("consumer_closes_at_once", this::consumerClosesAtOnce);
    m.put("resume_without_reset", this::resumeWithoutReset);
    m.put("rebalance", this::rebalance);
    m.put("list_offsets", this::listOffsets);
    m.put("list_groups", this::listGroups);
    m.put("describe_groups", this::describeGroups);
    m.put("list_group_offsets", this::listGroupOffsets);
    m.put("alter_group_offsets", this::alterGroupOffsets);
    m.put("delete_groups", this::deleteGroups);
    m.put("delete_group_offsets", this::deleteGroupOffsets);
    m.put("group_in_use_is_protected", this::groupInUseIsProtected);
    m.put("describe_configs", this::describeConfigs);
    m.put("delete_topics", this::deleteTopics);
    m.putAll(new AlterChecks(bootstrap).checks());
    return m;
  }

  private static boolean report(String name, Body body) {
    long start = System.nanoTime();
    String detail = "";
    try {
      body.run();
    } catch (Throwable t) {
      StackTraceElement[] trace = t.getStackTrace();
      String at = Arrays.stream(trace).filter(e -> e.getClassName().startsWith("tidegate"))
          .map(e -> e.getMethodName() + ":" + e.getLineNumber()).collect(Collectors.joining(" < "));
      detail = t + " at " + at;
    }
    System.out.printf("{\"check\":%s,\"ok\":%b,\"ms\":%d,\"detail\":%s}%n", quote(name), detail.isEmpty(),
        (System.nanoTime() - start) / 1_000_000, quote(detail));
    System.out.flush();
    return detail.isEmpty();
  }

  private static String quote(String s) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : s.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  // ---- checks ----

  private void cluster() throws Exception {
    var described = admin.describeCluster();
    equal("nodes", 1, get(described.nodes()).size());
    isTrue("a controller", get(described.controller()) != null);
    isTrue("a cluster id", !get(described.clusterId()).isEmpty());
  }

  private void createTopic() throws Exception {
    String topic = name("create");
    var created = admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "-1"))));
    equal("partitions", 3, get(created.numPartitions(topic)));
    equal("replication", 1, get(created.replicationFactor(topic)));
    isTrue("a topic id", !get(created.topicId(topic)).equals(Uuid.ZERO_UUID));
    equal("retention.ms", "-1", get(created.config(topic)).get("retention.ms").value());
    isTrue("listed", get(admin.listTopics().names()).contains(topic));
    fails(TopicExistsException.class, create(topic, 1));
    fails(InvalidTopicException.class, create("no spaces allowed", 1));
    var odd = new NewTopic(name("odd"), 1, (short) 1).configs(Map.of("no.such.config", "1"));
    fails(InvalidConfigurationException.class, admin.createTopics(List.of(odd)).all());
  }

  private void describeTopics() throws Exception {
    String topic = topic("describe", 3);
    TopicDescription byName = get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic));
    equal("partitions", List.of(0, 1, 2), byName.partitions().stream().map(p -> p.partition()).sorted().toList());
    for (var p : byName.partitions()) {
      isTrue("leader", p.leader() != null && p.replicas().contains(p.leader()) && p.isr().equals(p.replicas()));
    }
    var ids = TopicCollection.ofTopicIds(List.of(byName.topicId()));
    equal("by id", topic, get(admin.describeTopics(ids).topicIdValues().get(byName.topicId())).name());
    String absent = name("absent");
    fails(UnknownTopicOrPartitionException.class, admin.describeTopics(List.of(absent)).topicNameValues().get(absent));
  }

  private void produceAndRead(String codec) throws Exception {
    String topic = topic("produce-" + codec, 1);
    List<Long> offsets = produce(topic, 0, 1000, codec);
    equal("offsets", LongStream.range(0, 1000).boxed().toList(), offsets);
    try (var c = consumer(name("unused"), "none")) {
      c.assign(List.of(new TopicPartition(topic, 0)));
      c.seekToBeginning(c.assignment());
      checkRecords(read(c, 1000), 0);
    }
  }

  private void tooLargeRecord() throws Exception {
    String topic = name("large");
    var limited = new NewTopic(topic, 1, (short) 1).configs(Map.of("max.message.bytes", "1000"));
    get(admin.createTopics(List.of(limited)).all());
    try (var p = producer("none")) {
      p.send(new ProducerRecord<>(topic, 0, null, new byte[5000])).get(SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("a record above max.message.bytes was taken");
    } catch (ExecutionException e) {
      isTrue("RecordTooLargeException: " + e.getCause(), e.getCause() instanceof RecordTooLargeException);
    }
    equal("the next record", List.of(0L), produce(topic, 0, 1, "none"));
  }

  /** A closing consumer ends its fetch session with a fetch of no partitions and waits for the answer. */
  private void consumerClosesAtOnce() throws Exception {
    String topic = topic("close", 1);
    produce(topic, 0, 1, "none");
    var c = consumer(name("unused"), "none");
    c.assign(List.of(new TopicPartition(topic, 0)));
    c.seekToBeginning(c.assignment());
    read(c, 1);
    long start = System.nanoTime();
    c.close();
    long ms = (System.nanoTime() - start) / 1_000_000;
    isTrue("closed within 10 s: " + ms + " ms", ms < 10_000);
  }

  private void resumeWithoutReset() throws Exception {
    String topic = topic("resume", 1);
    String group = name("resume");
    try (var c = consumer(group, "none")) {
      c.subscribe(List.of(topic));
      try {
        read(c, 1);
        throw new AssertionError("a group without a position read records although reset is none");
      } catch (NoOffsetForPartitionException expected) {
        equal("partition", Set.of(new TopicPartition(topic, 0)), expected.partitions());
      }
    }
    produce(topic, 0, 500, "lz4");
    try (var c = consumer(group, "earliest")) {
      c.subscribe(List.of(topic));
      checkRecords(read(c, 500), 0);
      c.commitSync();
    }
    produce(topic, 500, 500, "zstd");
    try (var c = consumer(group, "none")) {
      c.subscribe(List.of(topic));
      checkRecords(read(c, 500), 500);
      c.commitSync();
    }
    equal("committed", 1000L, committed(group).get(new TopicPartition(topic, 0)).offset());
  }

  private void rebalance() throws Exception {
    String topic = topic("rebalance", 4);
    String group = name("rebalance");
    try (var a = consumer(group, "earliest"); var b = consumer(group, "earliest")) {
      a.subscribe(List.of(topic));
      b.subscribe(List.of(topic));
      await("two partitions each", () -> {
        a.poll(Duration.ofMillis(50));
        b.poll(Duration.ofMillis(50));
        return a.assignment().size() == 2 && b.assignment().size() == 2;
      });
      Set<TopicPartition> both = new HashSet<>(a.assignment());
      both.addAll(b.assignment());
      equal("all partitions", 4, both.size());
      b.unsubscribe();
      await("all partitions at one", () -> {
        a.poll(Duration.ofMillis(50));
        return a.assignment().size() == 4;
      });
    }
  }

  private void listOffsets() throws Exception {
    String topic = topic("offsets", 2);
    TopicPartition tp = new TopicPartition(topic, 0);
    TopicPartition empty = new TopicPartition(topic, 1);
    long base = 1_700_000_000_000L;
    int[] times = {0, 10, 20, 90, 30, 40};  // the newest record is in the middle of its batch
    try (var p = producer("gzip")) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int t : times) sent.add(p.send(new ProducerRecord<>(topic, 0, base + t, null, bytes("x"))));
      p.flush();
      for (var f : sent) f.get(SECONDS, TimeUnit.SECONDS);
    }
    offsetIs(tp, OffsetSpec.earliest(), 0, -1);
    offsetIs(tp, OffsetSpec.latest(), 6, -1);
    offsetIs(tp, OffsetSpec.maxTimestamp(), 3, base + 90);
    offsetIs(tp, OffsetSpec.forTimestamp(base - 1000), 0, base);
    offsetIs(tp, OffsetSpec.forTimestamp(base + 15), 2, base + 20);
    offsetIs(tp, OffsetSpec.forTimestamp(base + 20), 2, base + 20);
    offsetIs(tp, OffsetSpec.forTimestamp(base + 35), 3, base + 90);
    offsetIs(tp, OffsetSpec.forTimestamp(base + 91), -1, -1);
    offsetIs(empty, OffsetSpec.earliest(), 0, -1);
    offsetIs(empty, OffsetSpec.latest(), 0, -1);
    offsetIs(empty, OffsetSpec.maxTimestamp(), -1, -1);
    offsetIs(empty, OffsetSpec.forTimestamp(base), -1, -1);
    try (var c = consumer(name("unused"), "none")) {
      equal("beginning", Map.of(tp, 0L, empty, 0L), c.beginningOffsets(List.of(tp, empty)));
      equal("end", Map.of(tp, 6L, empty, 0L), c.endOffsets(List.of(tp, empty)));
      equal("for times", 2L, c.offsetsForTimes(Map.of(tp, base + 15)).get(tp).offset());
    }
  }

  private void listGroups() throws Exception {
    String group = groupWithPosition("list", 3);
    var listed = get(admin.listConsumerGroups().valid()).stream().filter(g -> g.groupId().equals(group)).toList();
    equal("listed once", 1, listed.size());
    equal("state", "Empty", listed.get(0).groupState().get().toString());
    isTrue("also by listGroups", get(admin.listGroups().valid()).stream().anyMatch(g -> g.groupId().equals(group)));
    equal("no errors", 0, get(admin.listConsumerGroups().errors()).size());
  }

  private void describeGroups() throws Exception {
    String topic = topic("describe-group", 2);
    String group = name("describe-group");
    try (var c = consumer(group, "earliest")) {
      c.subscribe(List.of(topic));
      await("an assignment", () -> {
        c.poll(Duration.ofMillis(50));
        return c.assignment().size() == 2;
      });
      ConsumerGroupDescription stable = describe(group);
      equal("state", "Stable", stable.groupState().toString());
      equal("members", 1, stable.members().size());
      var member = stable.members().iterator().next();
      equal("member id", c.groupMetadata().memberId(), member.consumerId());
      equal("client id", "java-check", member.clientId());
      equal("assignment", c.assignment(), member.assignment().topicPartitions());
      isTrue("coordinator", stable.coordinator() != null && !stable.coordinator().isEmpty());
    }
    await("Empty", () -> describe(group).groupState().toString().equals("Empty"));
    String absent = name("absent");
    fails(GroupIdNotFoundException.class, admin.describeConsumerGroups(List.of(absent)).describedGroups().get(absent));
  }

  private void listGroupOffsets() throws Exception {
    String group = groupWithPosition("list-offsets", 7);
    var positions = committed(group);
    equal("partitions", 1, positions.size());
    OffsetAndMetadata position = positions.values().iterator().next();
    equal("offset", 7L, position.offset());
    equal("metadata", "note", position.metadata());
    equal("unknown group", Map.of(), committed(name("absent")));
  }

  private void alterGroupOffsets() throws Exception {
    String group = groupWithPosition("alter", 5);
    TopicPartition tp = committed(group).keySet().iterator().next();
    get(admin.alterConsumerGroupOffsets(group, Map.of(tp, new OffsetAndMetadata(2))).all());
    equal("altered", 2L, committed(group).get(tp).offset());
    String fresh = name("alter-new");
    get(admin.alterConsumerGroupOffsets(fresh, Map.of(tp, new OffsetAndMetadata(4))).all());
    equal("made by alter", 4L, committed(fresh).get(tp).offset());
  }

  private void deleteGroups() throws Exception {
    String group = groupWithPosition("delete", 5);
    get(admin.deleteConsumerGroups(List.of(group)).all());
    isTrue("not listed", get(admin.listConsumerGroups().valid()).stream().noneMatch(g -> g.groupId().equals(group)));
    equal("no positions", Map.of(), committed(group));
    fails(GroupIdNotFoundException.class, admin.deleteConsumerGroups(List.of(group)).all());
  }

  private void deleteGroupOffsets() throws Exception {
    String group = groupWithPosition("delete-offsets", 5);
    TopicPartition tp = committed(group).keySet().iterator().next();
    get(admin.deleteConsumerGroupOffsets(group, Set.of(tp)).all());
    equal("no position", Map.of(), committed(group));
    fails(GroupIdNotFoundException.class, admin.deleteConsumerGroupOffsets(name("nobody"), Set.of(tp)).all());
  }

  private void groupInUseIsProtected() throws Exception {
    String topic = topic("in-use", 1);
    String group = name("in-use");
    TopicPartition tp = new TopicPartition(topic, 0);
    produce(topic, 0, 10, "none");
    try (var c = consumer(group, "earliest")) {
      c.subscribe(List.of(topic));
      read(c, 10);
      c.commitSync();
      fails(GroupNotEmptyException.class, admin.deleteConsumerGroups(List.of(group)).all());
      var altered = admin.alterConsumerGroupOffsets(group, Map.of(tp, new OffsetAndMetadata(2)));
      fails(UnknownMemberIdException.class, altered.all());
      fails(GroupSubscribedToTopicException.class, admin.deleteConsumerGroupOffsets(group, Set.of(tp)).all());
      equal("position", 10L, committed(group).get(tp).offset());
    }
  }

  private void describeConfigs() throws Exception {
    String topic = name("configs");
    var limited = new NewTopic(topic, 1, (short) 1).configs(Map.of("max.message.bytes", "2000000"));
    get(admin.createTopics(List.of(limited)).all());
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    var configs = get(admin.describeConfigs(List.of(resource)).values().get(resource));
    equal("max.message.bytes", "2000000", configs.get("max.message.bytes").value());
    equal("its source", "DYNAMIC_TOPIC_CONFIG", configs.get("max.message.bytes").source().toString());
    equal("cleanup.policy", "delete", configs.get("cleanup.policy").value());
    isTrue("a default", configs.get("cleanup.policy").isDefault());
    String node = get(admin.describeCluster().nodes()).iterator().next().idString();
    var broker = new ConfigResource(ConfigResource.Type.BROKER, node);
    get(admin.describeConfigs(List.of(broker)).values().get(broker));
    var absent = new ConfigResource(ConfigResource.Type.TOPIC, name("absent"));
    fails(UnknownTopicOrPartitionException.class, admin.describeConfigs(List.of(absent)).values().get(absent));
  }

  private void deleteTopics() throws Exception {
    String topic = topic("delete", 2);
    produce(topic, 0, 10, "none");
    Uuid first = get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic)).topicId();
    get(admin.deleteTopics(List.of(topic)).all());
    isTrue("not listed", !get(admin.listTopics().names()).contains(topic));
    fails(UnknownTopicOrPartitionException.class, admin.deleteTopics(List.of(topic)).all());
    get(create(topic, 2));
    Uuid second = get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic)).topicId();
    isTrue("another topic id", !first.equals(second));
    offsetIs(new TopicPartition(topic, 0), OffsetSpec.latest(), 0, -1);
    get(admin.deleteTopics(TopicCollection.ofTopicIds(List.of(second))).all());
    isTrue("deleted by id", !get(admin.listTopics().names()).contains(topic));
  }
}

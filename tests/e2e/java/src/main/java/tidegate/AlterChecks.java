package tidegate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** What changes topics that exist, and what describes the cluster. */
final class AlterChecks extends Clients {
  AlterChecks(String bootstrap) {
    super(bootstrap);
  }

  Map<String, AdminCheck.Body> checks() {
    Map<String, AdminCheck.Body> m = new LinkedHashMap<>();
    m.put("create_partitions", this::createPartitions);
    m.put("create_partitions_rebalances", this::createPartitionsRebalances);
    m.put("alter_configs", this::alterConfigs);
    m.put("alter_broker_configs", this::alterBrokerConfigs);
    m.put("describe_cluster", this::describeCluster);
    m.put("describe_log_dirs", this::describeLogDirs);
    m.put("list_config_resources", this::listConfigResources);
    return m;
  }

  private int partitions(String topic) throws Exception {
    return get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic)).partitions().size();
  }

  private void createPartitions() throws Exception {
    String topic = topic("grow", 2);
    var onlyValidated = new CreatePartitionsOptions().validateOnly(true);
    get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4)), onlyValidated).all());
    equal("not grown", 2, partitions(topic));
    get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4, List.of(List.of(1), List.of(1))))).all());
    equal("grown", 4, partitions(topic));
    for (int count : new int[] {4, 3, 10001}) {
      fails(InvalidPartitionsException.class, admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(count))).all());
    }
    var elsewhere = NewPartitions.increaseTo(5, List.of(List.of(7)));
    fails(InvalidReplicaAssignmentException.class, admin.createPartitions(Map.of(topic, elsewhere)).all());
    var absent = Map.of(name("absent"), NewPartitions.increaseTo(5));
    fails(UnknownTopicOrPartitionException.class, admin.createPartitions(absent).all());
  }

  /** A group that runs meets the new partitions by itself, from their first record on, and keeps its positions. */
  private void createPartitionsRebalances() throws Exception {
    String topic = topic("grow-group", 1);
    String group = name("grow-group");
    produce(topic, 0, 10, "none");
    try (var c = consumer(group, "earliest", Map.of(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 500))) {
      c.subscribe(List.of(topic));
      checkRecords(read(c, 10), 0);
      c.commitSync();
      get(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all());
      try (var p = producer("none")) {
        p.send(new ProducerRecord<>(topic, 2, null, bytes("new"))).get();
      }
      List<String> seen = new ArrayList<>();
      await("the new partitions", () -> {
        c.poll(Duration.ofMillis(100)).forEach(r -> seen.add(r.partition() + " " + r.offset()));
        return c.assignment().size() == 3 && !seen.isEmpty();
      });
      equal("records", List.of("2 0"), seen);
      equal("position", 10L, committed(group).get(new TopicPartition(topic, 0)).offset());
    }
  }

  private static AlterConfigOp op(String name, String value, OpType type) {
    return new AlterConfigOp(new ConfigEntry(name, value), type);
  }

  private void alter(ConfigResource resource, AlterConfigOp... ops) throws Exception {
    Collection<AlterConfigOp> all = List.of(ops);
    get(admin.incrementalAlterConfigs(Map.of(resource, all)).all());
  }

  private ConfigEntry config(ConfigResource resource, String name) throws Exception {
    return get(admin.describeConfigs(List.of(resource)).values().get(resource)).get(name);
  }

  private void alterConfigs() throws Exception {
    String topic = topic("alter-configs", 1);
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    produce(topic, 0, 1, "none");
    alter(resource, op("max.message.bytes", "100", OpType.SET), op("retention.ms", "86400000", OpType.SET));
    equal("retention.ms", "86400000", config(resource, "retention.ms").value());
    equal("its source", "DYNAMIC_TOPIC_CONFIG", config(resource, "retention.ms").source().toString());
    try (var p = producer("none")) {
      var large = new ProducerRecord<byte[], byte[]>(topic, 0, null, new byte[5000]);
      try {
        p.send(large).get(SECONDS, TimeUnit.SECONDS);
        isTrue("too large", false);
      } catch (ExecutionException e) {
        equal("error", RecordTooLargeException.class, e.getCause().getClass());
      }
    }
    alter(resource, op("max.message.bytes", "", OpType.DELETE), op("cleanup.policy", "delete", OpType.APPEND));
    isTrue("a default", config(resource, "max.message.bytes").isDefault());
    equal("kept", "86400000", config(resource, "retention.ms").value());
    Collection<AlterConfigOp> one = List.of(op("retention.ms", "1", OpType.SET));
    get(admin.incrementalAlterConfigs(Map.of(resource, one), new AlterConfigsOptions().validateOnly(true)).all());
    equal("only validated", "86400000", config(resource, "retention.ms").value());
    List<AlterConfigOp> bad = List.of(op("retention.ms", "soon", OpType.SET), op("no.such", "1", OpType.SET),
        op("cleanup.policy", "compact", OpType.APPEND), op("retention.ms", "1", OpType.APPEND));
    for (AlterConfigOp each : bad) {
      Collection<AlterConfigOp> only = List.of(each);
      fails(InvalidConfigurationException.class, admin.incrementalAlterConfigs(Map.of(resource, only)).all());
    }
    var absent = new ConfigResource(ConfigResource.Type.TOPIC, name("absent"));
    fails(UnknownTopicOrPartitionException.class, admin.incrementalAlterConfigs(Map.of(absent, one)).all());
  }

  private void alterBrokerConfigs() throws Exception {
    String node = get(admin.describeCluster().nodes()).iterator().next().idString();
    Collection<AlterConfigOp> ops = List.of(op("num.partitions", "3", OpType.SET));
    for (String name : List.of(node, "")) {
      var broker = new ConfigResource(ConfigResource.Type.BROKER, name);
      fails(InvalidRequestException.class, admin.incrementalAlterConfigs(Map.of(broker, ops)).all());
    }
  }

  private void describeCluster() throws Exception {
    var found = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
    equal("nodes", 1, get(found.nodes()).size());
    equal("controller", get(found.nodes()).iterator().next(), get(found.controller()));
    isTrue("a cluster id", !get(found.clusterId()).isEmpty());
    isTrue("all operations", get(found.authorizedOperations()).containsAll(
        Set.of(AclOperation.CREATE, AclOperation.ALTER, AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS)));
  }

  private void describeLogDirs() throws Exception {
    String topic = topic("log-dirs", 2);
    produce(topic, 0, 100, "none");
    int node = get(admin.describeCluster().nodes()).iterator().next().id();
    var dirs = get(admin.describeLogDirs(List.of(node)).allDescriptions()).get(node);
    equal("directories", 1, dirs.size());
    var dir = dirs.values().iterator().next();
    isTrue("no error", dir.error() == null);
    isTrue("a volume", dir.totalBytes().orElse(-1) > 0 && dir.usableBytes().orElse(-1) > 0);
    isTrue("bytes", dir.replicaInfos().get(new TopicPartition(topic, 0)).size() > 10_000);
    equal("none", 0L, dir.replicaInfos().get(new TopicPartition(topic, 1)).size());
  }

  private void listConfigResources() throws Exception {
    String topic = topic("resources", 1);
    var all = get(admin.listConfigResources().all());
    isTrue("the topic", all.contains(new ConfigResource(ConfigResource.Type.TOPIC, topic)));
    isTrue("the broker", all.stream().anyMatch(r -> r.type() == ConfigResource.Type.BROKER));
  }
}

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Judges the lines of emit.cpp by Kafka's own classes: a message must be parsed to its last byte and serialised again
 * to the same bytes, a schema must equal the message definition in the jar. Versions that Kafka 4 dropped are counted
 * as skipped. Exits with 1 when a line is wrong, or when there is none.
 */
public final class Oracle {
  private static final ObjectMapper JSON = new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);
  private static final Map<String, JsonNode> DEFINITIONS = new HashMap<>();

  public static void main(String[] args) throws IOException {
    int right = 0;
    int wrong = 0;
    int skipped = 0;
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ", 5);
      ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(words[1]));
      short version = Short.parseShort(words[2]);
      // Kafka 3.9 knows API 74 under an older name, and its fields too; their bytes are the same.
      boolean isRenamed = words[0].equals("schema") && type.name.equals("ListClientMetricsResources");
      if (isRenamed || version < type.lowestSupportedVersion() || version > type.highestSupportedVersion(true)) {
        skipped++;
        continue;
      }
      String answer;
      try {
        answer = words[0].equals("schema") ? schema(type, words[3], version) : again(type, words[3], version, words[4]);
      } catch (RuntimeException e) {
        answer = e.toString();
      }
      if (answer.equals(words[4])) {
        right++;
      } else if (wrong++ < 20) {
        System.out.println(type.name + " " + line + "\n  expected " + answer);
      }
    }
    System.out.printf("oracle: %d right, %d wrong, %d of versions it does not know%n", right, wrong, skipped);
    System.exit(right > 0 && wrong == 0 ? 0 : 1);
  }

  private static String again(ApiMessageType type, String direction, short version, String hex) {
    ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    ApiMessage message = direction.equals("request") ? type.newRequest() : type.newResponse();
    message.read(new ByteBufferAccessor(bytes), version);
    if (bytes.hasRemaining()) return bytes.remaining() + " bytes less";
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer result = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(result), cache, version);
    return HexFormat.of().formatHex(result.array());
  }

  private static String schema(ApiMessageType type, String direction, short version) throws IOException {
    String name = type.name + (direction.equals("request") ? "Request" : "Response");
    JsonNode definition = DEFINITIONS.get(name);
    if (definition == null) {
      try (InputStream in = ApiMessageType.class.getResourceAsStream("/common/message/" + name + ".json")) {
        definition = JSON.readTree(in);
      }
      DEFINITIONS.put(name, definition);
    }
    StringBuilder out = new StringBuilder();
    fields(definition, definition.get("fields"), "", version, out);
    return out.toString();
  }

  private static void fields(JsonNode definition, JsonNode fields, String prefix, short version, StringBuilder out) {
    for (JsonNode field : fields) {
      if (!contains(field.path("versions"), version)) continue;
      String type = field.get("type").asText();
      String element = type.replace("[]", "");
      boolean isStruct = Character.isUpperCase(element.charAt(0));
      String path = prefix + field.get("name").asText();
      out.append(path).append(' ').append(isStruct ? type.replace(element, "struct") : type);
      if (contains(field.path("nullableVersions"), version)) out.append('?');
      if (contains(field.path("taggedVersions"), version)) out.append(" #").append(field.get("tag").asInt());
      out.append(';');
      if (isStruct) fields(definition, inner(definition, field, element), path + ".", version, out);
    }
  }

  private static JsonNode inner(JsonNode definition, JsonNode field, String type) {
    if (field.has("fields")) return field.get("fields");
    for (JsonNode common : definition.path("commonStructs")) {
      if (common.get("name").asText().equals(type)) return common.get("fields");
    }
    return MissingNode.getInstance();
  }

  /** Whether "3", "3-5", "3+" or "none" contains the version. */
  private static boolean contains(JsonNode range, short version) {
    String text = range.asText("");
    if (text.isEmpty() || text.equals("none")) return false;
    String[] ends = text.replace("+", "-" + Short.MAX_VALUE).split("-");
    return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
  }
}

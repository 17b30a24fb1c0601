import com.sun.management.OperatingSystemMXBean;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableDescriptor;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;

/**
 * Runs one streaming query of Flink SQL in a cluster inside of this process and prints what it took as JSON. Arguments: threads, a
 * file of CREATE TABLE statements (separated by lines of ";"), the query, and a file for its result; without one the
 * rows go nowhere.
 */
public final class FlinkPeer {
    private FlinkPeer() {}

    public static void main(String[] arguments) throws Exception {
        int threads = Integer.parseInt(arguments[0]);
        Configuration options = new Configuration();
        options.setString("parallelism.default", String.valueOf(threads));
        options.setString("taskmanager.numberOfTaskSlots", String.valueOf(threads));
        options.setString("taskmanager.memory.network.min", "256mb");
        options.setString("taskmanager.memory.network.max", "256mb");
        options.setString("taskmanager.memory.managed.size", "1gb");
        options.setString("execution.runtime-mode", "STREAMING");
        options.setString("pipeline.object-reuse", "true");
        options.setString("state.backend.type", "hashmap");
        StreamExecutionEnvironment environment =
            StreamExecutionEnvironment.createLocalEnvironment(threads, options);
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        // Rows of a batch are put together before a change goes on, as a backlog wants it.
        tables.getConfig().set("table.exec.mini-batch.enabled", "true");
        tables.getConfig().set("table.exec.mini-batch.allow-latency", "2 s");
        tables.getConfig().set("table.exec.mini-batch.size", "50000");
        for (String statement : Files.readString(Path.of(arguments[1])).split("(?m)^;$")) {
            if (!statement.isBlank()) tables.executeSql(statement);
        }
        Table query = tables.sqlQuery(arguments[2]);
        long start = System.nanoTime();
        if (arguments.length > 3) {
            write(query, Path.of(arguments[3]));
        } else {
            query.executeInsert(TableDescriptor.forConnector("blackhole").build()).await();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        System.out.printf(
            "{\"seconds\":%.3f,\"cpu\":%.3f,\"megabytes\":%.1f}%n",
            seconds, system.getProcessCpuTime() / 1e9, peakMegabytes());
        System.exit(0);
    }

    /** The rows that are left of all changes, a line each, fields apart by tabs. */
    private static void write(Table query, Path file) throws Exception {
        Map<String, Integer> bag = new HashMap<>();
        try (CloseableIterator<Row> changes = query.execute().collect()) {
            while (changes.hasNext()) {
                Row row = changes.next();
                StringBuilder line = new StringBuilder();
                for (int i = 0; i < row.getArity(); i++) {
                    if (i > 0) line.append('\t');
                    line.append(row.getField(i));
                }
                boolean enters = row.getKind() == RowKind.INSERT || row.getKind() == RowKind.UPDATE_AFTER;
                bag.merge(line.toString(), enters ? 1 : -1, Integer::sum);
            }
        }
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file))) {
            bag.forEach((line, count) -> {
                for (int i = 0; i < count; i++) out.println(line);
            });
        }
    }

    private static double peakMegabytes() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) return Integer.parseInt(line.replaceAll("\\D", "")) / 1024.0;
        }
        return Double.NaN;
    }
}

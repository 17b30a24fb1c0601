// The PostgreSQL JDBC driver, unmodified, against a server: the port is the argument.

import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

public class Jdbc {
  interface Step {
    void run() throws Exception;
  }

  static String port;
  static boolean failed = false;

  static Connection connect(String... options) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", "tidewire");
    for (int i = 0; i < options.length; i += 2) properties.setProperty(options[i], options[i + 1]);
    return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/tidewire", properties);
  }

  static void step(String name, Step step) {
    try {
      step.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      failed = true;
      System.out.println("failed " + name);
      error.printStackTrace(System.out);
    }
    System.out.flush();
  }

  static void equal(Object expected, Object actual, String what) {
    boolean same = expected instanceof byte[] bytes ? Arrays.equals(bytes, (byte[]) actual) : expected.equals(actual);
    if (!same) throw new AssertionError(what + ": expected " + expected + ", got " + actual);
  }

  static SQLException fails(String sqlstate, Step step) throws Exception {
    try {
      step.run();
    } catch (SQLException error) {
      equal(sqlstate, error.getSQLState(), error.getMessage());
      return error;
    }
    throw new AssertionError("no error " + sqlstate);
  }

  /** Each type as a parameter and as a result; after some executions the driver names the statement and goes binary. */
  static void everyType(Connection connection) throws Exception {
    Object[][] values = {
      {"bool", Boolean.TRUE, Boolean.class},
      {"int2", 7, Integer.class},
      {"int4", -123456, Integer.class},
      {"int8", 1L << 60, Long.class},
      {"float4", 1.5f, Float.class},
      {"float8", -2.25e300, Double.class},
      {"numeric", new BigDecimal("12345678901234567890.1230"), BigDecimal.class},
      {"text", "čaj 茶", String.class},
      {"varchar", "v", String.class},
      {"bytea", new byte[] {0, 1, -1}, byte[].class},
      {"date", LocalDate.of(1999, 12, 31), LocalDate.class},
      {"time", LocalTime.of(23, 59, 59, 999_999_000), LocalTime.class},
      {"timestamp", LocalDateTime.of(2024, 2, 29, 12, 0, 0, 123_456_000), LocalDateTime.class},
      {"timestamptz", OffsetDateTime.of(2024, 2, 29, 12, 0, 0, 123_456_000, ZoneOffset.UTC), OffsetDateTime.class},
      {"uuid", UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), UUID.class},
    };
    for (Object[] entry : values) {
      String type = (String) entry[0];
      try (PreparedStatement statement = connection.prepareStatement("SELECT ?::" + type + ", NULL::" + type)) {
        for (int round = 0; round < 8; round++) {
          statement.setObject(1, entry[1]);
          try (ResultSet rows = statement.executeQuery()) {
            if (!rows.next()) throw new AssertionError("no row for " + type);
            Object got = entry[2] == byte[].class ? rows.getBytes(1) : rows.getObject(1, (Class<?>) entry[2]);
            equal(entry[1], got, type + ", round " + round);
            rows.getObject(2);
            if (!rows.wasNull()) throw new AssertionError("NULL of " + type);
          }
        }
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    port = arguments[0];
    step("every type in text and binary", () -> {
      try (Connection connection = connect()) {
        everyType(connection);
      }
      try (Connection connection = connect("binaryTransfer", "false")) {
        everyType(connection);
      }
      try (Connection connection = connect("preferQueryMode", "simple")) {
        everyType(connection);
      }
    });
    step("batches and generated keys", () -> {
      try (Connection connection = connect(); Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE j (id int PRIMARY KEY, note text, at timestamptz)");
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO j VALUES (?, ?, ?)")) {
          for (int i = 0; i < 500; i++) {
            insert.setInt(1, i);
            insert.setString(2, i % 2 == 0 ? null : "n" + i);
            insert.setNull(3, Types.TIMESTAMP_WITH_TIMEZONE);
            insert.addBatch();
          }
          equal(500, Arrays.stream(insert.executeBatch()).sum(), "rows of the batch");
        }
        connection.commit();
        connection.setAutoCommit(true);
        String sql = "INSERT INTO j (id, note) VALUES (1000, 'k')";
        statement.executeUpdate(sql, new String[] {"id"});
        try (ResultSet keys = statement.getGeneratedKeys()) {
          keys.next();
          equal(1000, keys.getInt(1), "the generated key");
        }
      }
    });
    step("fetch size reads in portions", () -> {
      try (Connection connection = connect()) {
        connection.setAutoCommit(false);
        try (PreparedStatement select = connection.prepareStatement("SELECT id FROM j WHERE id < ? ORDER BY id")) {
          select.setInt(1, 500);
          select.setFetchSize(37);
          int expected = 0;
          try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) equal(expected++, rows.getInt(1), "row");
          }
          equal(500, expected, "rows");
        }
        connection.commit();
      }
    });
    step("transactions, savepoints, autosave", () -> {
      try (Connection connection = connect(); Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("UPDATE j SET note = 'first' WHERE id = 1");
        Savepoint savepoint = connection.setSavepoint("s");
        statement.execute("DELETE FROM j");
        connection.rollback(savepoint);
        fails("23505", () -> statement.execute("INSERT INTO j VALUES (2, '', NULL)"));
        fails("25P02", () -> statement.execute("SELECT 1"));
        connection.rollback(savepoint);
        connection.commit();
        try (ResultSet rows = statement.executeQuery("SELECT note, (SELECT count(*) FROM j) FROM j WHERE id = 1")) {
          rows.next();
          equal("first", rows.getString(1), "note");
          equal(501L, rows.getLong(2), "rows");
        }
        connection.rollback();
      }
      try (Connection connection = connect("autosave", "always"); Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("UPDATE j SET note = 'kept' WHERE id = 3");
        fails("42P01", () -> statement.execute("SELECT * FROM nowhere"));
        connection.commit();
        try (ResultSet rows = statement.executeQuery("SELECT note FROM j WHERE id = 3")) {
          rows.next();
          equal("kept", rows.getString(1), "note");
        }
      }
    });
    step("errors have their SQLSTATE and place", () -> {
      try (Connection connection = connect(); Statement statement = connection.createStatement()) {
        SQLException error = fails("42703", () -> statement.executeQuery("SELECT nothing FROM j"));
        if (!error.getMessage().contains("Position: 8")) throw new AssertionError(error.getMessage());
        fails("22012", () -> statement.executeQuery("SELECT 1 / 0"));
        fails("42601", () -> statement.executeQuery("SELEC 1"));
        fails("0A000", () -> statement.execute("LISTEN news"));
      }
    });
    step("COPY in and out", () -> {
      try (Connection connection = connect()) {
        CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
        long in = copy.copyIn("COPY j (id, note) FROM STDIN WITH (FORMAT csv)", new StringReader("2000,\"a, b\"\n2001,\n"));
        equal(2L, in, "rows in");
        StringWriter out = new StringWriter();
        equal(2L, copy.copyOut("COPY (SELECT id, note FROM j WHERE id >= 2000 ORDER BY id) TO STDOUT", out), "rows out");
        equal("2000\ta, b\n2001\t\\N\n", out.toString(), "lines");
      }
    });
    step("a subscription by COPY and by cursor", () -> {
      try (Connection connection = connect(); Connection writer = connect(); Connection copying = connect()) {
        CopyManager copy = copying.unwrap(PGConnection.class).getCopyAPI();
        CopyOut changes = copy.copyOut("COPY (SUBSCRIBE (SELECT id FROM j WHERE id >= 2001)) TO STDOUT");
        List<String> seen = new ArrayList<>();
        seen.add(new String(changes.readFromCopy()).trim().split("\t", 2)[1]);
        writer.createStatement().execute("INSERT INTO j (id) VALUES (2002)");
        seen.add(new String(changes.readFromCopy()).trim().split("\t", 2)[1]);
        equal(List.of("1\t2001", "1\t2002"), seen, "changes");
        copying.close();
        try (Statement statement = connection.createStatement()) {
          connection.setAutoCommit(false);
          statement.execute("DECLARE c CURSOR FOR SUBSCRIBE (SELECT id FROM j WHERE id >= 2002)");
          try (ResultSet rows = statement.executeQuery("FETCH 1 FROM c WITH (TIMEOUT = '10 s')")) {
            rows.next();
            equal(2002, rows.getInt("id"), "id");
            equal(1L, rows.getLong("tw_diff"), "tw_diff");
            rows.getBigDecimal("tw_timestamp");
          }
          connection.rollback();
        }
      }
    });
    step("cancel and query timeout", () -> {
      try (Connection connection = connect(); Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        fails("57014", () -> statement.executeQuery("SUBSCRIBE j"));
        statement.setQueryTimeout(0);
        CompletableFuture<Void> cancel = CompletableFuture.runAsync(() -> {
          try {
            Thread.sleep(300);
            statement.cancel();
          } catch (Exception error) {
            throw new IllegalStateException(error);
          }
        });
        fails("57014", () -> statement.executeQuery("SUBSCRIBE j"));
        cancel.get();
        try (ResultSet rows = statement.executeQuery("SELECT 1")) {
          rows.next();
        }
      }
    });
    step("what the driver tells of server and connection", () -> {
      try (Connection connection = connect()) {
        if (connection.getMetaData().getDatabaseMajorVersion() < 15) throw new AssertionError("the version");
        equal(true, connection.isValid(5), "isValid");
        equal("public", connection.getSchema(), "schema");
        connection.setReadOnly(true);
        connection.setAutoCommit(false);
        fails("25006", () -> connection.createStatement().execute("DELETE FROM j"));
        connection.rollback();
        try (PreparedStatement select = connection.prepareStatement("SELECT id, note, at FROM j WHERE id = ?")) {
          equal("int4", select.getMetaData().getColumnTypeName(1), "type of id");
          equal(Types.TIMESTAMP, select.getMetaData().getColumnType(3), "type of at");
          equal(Types.INTEGER, select.getParameterMetaData().getParameterType(1), "type of the parameter");
        }
      }
    });
    System.exit(failed ? 1 : 0);
  }
}

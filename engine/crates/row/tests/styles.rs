//! DateStyle, IntervalStyle and TimeZone against PostgreSQL 18's answers (`golden/styles.tsv`).

mod common;

use common::{describe, report, scalar, unescape};
use tidewire_row::io::{DateOrder, DateStyle, IntervalStyle};
use tidewire_row::{Arena, FormatSettings, Zone, text_in, text_out};

fn settings(zone: &str, style: &str) -> FormatSettings {
    let mut settings = FormatSettings::default();
    match style {
        "postgres" => settings.interval_style = IntervalStyle::Postgres,
        "postgres_verbose" => settings.interval_style = IntervalStyle::PostgresVerbose,
        "sql_standard" => settings.interval_style = IntervalStyle::SqlStandard,
        "iso_8601" => settings.interval_style = IntervalStyle::Iso8601,
        _ => {
            let (format, order) = style.split_once(", ").unwrap();
            settings.date_style = match format {
                "ISO" => DateStyle::Iso,
                "SQL" => DateStyle::Sql,
                "German" => DateStyle::German,
                _ => DateStyle::Postgres,
            };
            settings.date_order = match order {
                "DMY" => DateOrder::Dmy,
                "YMD" => DateOrder::Ymd,
                _ => DateOrder::Mdy,
            };
            settings.time_zone = Zone::lookup(zone).unwrap_or_else(|| panic!("zone {zone}"));
        }
    }
    settings
}

#[test]
fn output_styles_are_those_of_postgresql() {
    let mut differences = Vec::new();
    let mut cases = 0;
    for line in include_str!("golden/styles.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [type_name, second, third, input, expected] = fields[..] else { panic!("line {line:?}") };
        let of = scalar(type_name);
        let settings = settings(second, if third.is_empty() { second } else { third });
        let arena = Arena::new();
        let input = unescape(input);
        let mut out = Vec::new();
        match text_in(of, -1, &input, &settings, &arena) {
            Ok(_) if expected == "=" => out.push(b'='),
            Ok(value) => text_out(value, of, &settings, &mut out),
            Err(error) if expected.starts_with('!') => {
                out.extend_from_slice(format!("!{}", error.sqlstate()).as_bytes())
            }
            Err(error) => out.extend_from_slice(describe(&error).as_bytes()),
        }
        let actual = String::from_utf8(out).unwrap();
        cases += 1;
        if actual != expected {
            differences.push(format!(
                "{type_name} {second} {third} {input:?}: expected {expected:?}, got {actual:?}"
            ));
        }
    }
    report(differences, cases);
}

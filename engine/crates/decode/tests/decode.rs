//! Streams to rows: each format, however its bytes are cut.

use tidewire_decode::{
    CopyTextFormat, CsvFormat, CsvHeader, Decoded, Field, Format, JsonFormat, StreamDecoder,
};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, FormatSettings, decode};

fn field(name: &str, scalar: ScalarType) -> Field {
    Field { name: name.to_string(), column: ColumnType { scalar, typmod: -1, nullable: true } }
}

fn fields() -> Vec<Field> {
    vec![field("id", ScalarType::Int8), field("name", ScalarType::Text), field("ok", ScalarType::Bool)]
}

/// Rows as text, NULL as `-`, columns between `|`.
fn show(decoded: &Decoded, fields: &[Field]) -> Vec<String> {
    let types: Vec<ScalarType> = fields.iter().map(|field| field.column.scalar).collect();
    decoded
        .rows()
        .map(|(row, _)| {
            let arena = Arena::new();
            let mut values = Vec::new();
            decode(row, &types, &arena, &mut values);
            let shown: Vec<String> = values
                .iter()
                .map(|value| match value {
                    Datum::Null => "-".to_string(),
                    Datum::Bool(value) => value.to_string(),
                    Datum::Int64(value) => value.to_string(),
                    Datum::Text(text) => text.to_string(),
                    other => format!("{other:?}"),
                })
                .collect();
            shown.join("|")
        })
        .collect()
}

/// Decodes in one piece and in pieces of every small size: the results must agree.
fn run(format: Format, fields: &[Field], input: &[u8]) -> (Vec<String>, Vec<(u64, u64, String)>) {
    let mut first = None;
    for size in [input.len().max(1), 1, 2, 3, 5, 7, 11] {
        let mut decoder = StreamDecoder::new(format.clone(), fields.to_vec(), FormatSettings::default());
        let mut decoded = Decoded::new();
        for chunk in input.chunks(size) {
            decoder.push(chunk, false, &mut decoded);
        }
        decoder.push(&[], true, &mut decoded);
        assert_eq!(decoder.pending(), 0, "nothing is left behind a flush");
        let errors: Vec<(u64, u64, String)> = decoded
            .errors
            .iter()
            .map(|e| {
                assert_eq!(
                    input[e.position.offset as usize..][..e.bytes.len()],
                    e.bytes,
                    "an error's offset points at its bytes"
                );
                (e.position.offset, e.position.line, format!("{} {}", e.error.sqlstate(), e.error.message()))
            })
            .collect();
        let result = (show(&decoded, fields), errors);
        match &first {
            None => first = Some(result),
            Some(first) => assert_eq!(*first, result, "cut into pieces of {size}"),
        }
    }
    first.unwrap_or_default()
}

fn json() -> Format {
    Format::Json(JsonFormat::default())
}

#[test]
fn json_lines() {
    let input = concat!(
        "{\"id\":1,\"name\":\"a\",\"ok\":true}\n",
        "{\"ok\":false, \"name\" : \"\\u00e9\\n\\ud83d\\ude00\", \"id\" : \"22\"}\r\n",
        "\n",
        "{\"id\":null,\"other\":{\"a\":[1,{\"b\":\"]}\"}],\"c\":-1.5e3},\"name\":{\"x\":1}}\n",
        "{\"n\\u0061me\":\"escaped key\",\"id\":-7,\"id\":8}"
    );
    let (rows, errors) = run(json(), &fields(), input.as_bytes());
    assert_eq!(rows, ["1|a|true", "22|é\n😀|false", "-|{\"x\":1}|-", "8|escaped key|-"]);
    assert_eq!(errors, []);
}

#[test]
fn json_errors_cost_one_record() {
    let bad = [
        "{\"id\":x}",
        "{\"id\":1",
        "{\"id\":1} 2",
        "[1]",
        "{\"id\":01}",
        "{\"id\":{}}",
        "{\"name\":\"\\x\"}",
        "{\"name\":\"\\u0000\"}",
        "{\"name\":\"\\udc00\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1}}",
        "{\"id\":\"1a\"}",
        "{\"a\":\"tab\tinside\"}",
    ];
    let input = format!("{}\n{{\"id\":1}}\n", bad.join("\n"));
    let (rows, errors) = run(json(), &fields(), input.as_bytes());
    assert_eq!(rows, ["1|-|-"]);
    assert_eq!(errors.len(), bad.len(), "{errors:?}");
    for (i, (_, line, message)) in errors.iter().enumerate() {
        assert_eq!(*line, i as u64 + 1);
        assert!(message.starts_with("22P0"), "{}: {message}", bad[i]);
    }
}

#[test]
fn json_that_is_not_utf8() {
    let (rows, errors) = run(json(), &fields(), b"{\"name\":\"\xe9\"}\n{\"id\":1}\n");
    assert_eq!(rows, ["1|-|-"]);
    assert_eq!(errors[0].2, "22021 invalid byte sequence for encoding \"UTF8\": 0xe9 0x22 0x7d");
}

#[test]
fn json_nested_without_end() {
    let input = format!("{{\"a\":{}}}\n{{\"id\":2}}", "[".repeat(100_000));
    let mut decoder = StreamDecoder::new(json(), fields(), FormatSettings::default());
    let mut decoded = Decoded::new();
    decoder.push(input.as_bytes(), true, &mut decoded);
    assert_eq!(show(&decoded, &fields()), ["2|-|-"]);
    assert_eq!(decoded.errors[0].error.sqlstate(), "54001");
}

#[test]
fn null_in_a_field_that_is_not_nullable() {
    let mut fields = fields();
    fields[0].column.nullable = false;
    let (rows, errors) = run(json(), &fields, b"{\"name\":\"a\"}\n{\"id\":1}");
    assert_eq!(rows, ["1|-|-"]);
    assert_eq!(errors[0].2, "23502 null value in column \"id\" violates not-null constraint");
}

#[test]
fn csv_as_copy_reads_it() {
    let input = concat!(
        "1,plain,t\n",
        "2,\"with, comma and \"\"quote\"\"\nand line\",f\n",
        "3,,\n",
        "4,\"\",t\n",
        "5,a\"b,c\"d,t\n",
        "6,\u{e9},true"
    );
    let (rows, errors) = run(Format::Csv(CsvFormat::default()), &fields(), input.as_bytes());
    assert_eq!(
        rows,
        [
            "1|plain|true",
            "2|with, comma and \"quote\"\nand line|false",
            "3|-|-",
            "4||true",
            "5|ab,cd|true",
            "6|é|true"
        ]
    );
    assert_eq!(errors, []);
}

#[test]
fn csv_errors() {
    let (rows, errors) =
        run(Format::Csv(CsvFormat::default()), &fields(), b"1,a\n2,a,t,x\nx,a,t\n\n4,a,t\n5,\"a");
    assert_eq!(rows, ["4|a|true"]);
    let messages: Vec<&str> = errors.iter().map(|(_, _, message)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "22P04 missing data for column \"ok\"",
            "22P04 extra data after last expected column",
            "22P02 invalid input syntax for type bigint: \"x\"",
            "22P04 missing data for column \"name\"",
            "22P04 unterminated CSV quoted field"
        ]
    );
    assert_eq!(
        errors.iter().map(|(offset, line, _)| (*offset, *line)).collect::<Vec<_>>(),
        [(0, 1), (4, 2), (12, 3), (18, 4), (25, 6)]
    );
}

#[test]
fn csv_with_its_own_marks() {
    let format = CsvFormat {
        delimiter: b'|',
        quote: b'\'',
        escape: b'\\',
        null: "NULL".to_string(),
        skip_blank: true,
        ..CsvFormat::default()
    };
    let input = b"1|'it\\'s \\\\ a|b'|t\r\n\r\n2|NULL|NULL\r\n3|'NULL'|f\r\n";
    let (rows, errors) = run(Format::Csv(format), &fields(), input);
    assert_eq!(rows, ["1|it's \\ a|b|true", "2|-|-", "3|NULL|false"]);
    assert_eq!(errors, []);
}

#[test]
fn csv_header_by_name() {
    let format = CsvFormat { header: CsvHeader::ByName, skip_blank: true, ..CsvFormat::default() };
    let input = b"\xef\xbb\xbfOK,extra,name,id\nt,x,a,1\n\nf,\"y\nz\",b,2\n";
    let (rows, errors) = run(Format::Csv(format.clone()), &fields(), input);
    assert_eq!(rows, ["1|a|true", "2|b|false"]);
    assert_eq!(errors, []);
    let (rows, errors) = run(Format::Csv(format), &fields(), b"id,name\n1,a\n");
    assert_eq!(rows, [""; 0]);
    assert_eq!(errors.len(), 2, "the header and each record are refused");
    assert_eq!(errors[0].2, "42703 column \"ok\" is not in the CSV header");
}

#[test]
fn csv_header_match() {
    let format = CsvFormat { header: CsvHeader::Match, ..CsvFormat::default() };
    let (rows, _) = run(Format::Csv(format.clone()), &fields(), b"id,name,ok\n1,a,t\n");
    assert_eq!(rows, ["1|a|true"]);
    let (_, errors) = run(Format::Csv(format), &fields(), b"id,nam,ok\n");
    assert_eq!(
        errors[0].2,
        "22P04 column name mismatch in header line field 2: got \"nam\", expected \"name\""
    );
}

#[test]
fn copy_text() {
    let input = concat!(
        "1\ta\\tb\\\\c\\nd\tt\n",
        "2\t\\N\t\\N\n",
        "3\t\\x41\\102\\q\tf\n",
        "4\tline\\\nbreak\tt\n",
        "\\.\n",
        "ignored"
    );
    let mut decoder =
        StreamDecoder::new(Format::CopyText(CopyTextFormat::default()), fields(), FormatSettings::default());
    for size in [1, 4, 1000] {
        decoder = StreamDecoder::new(
            Format::CopyText(CopyTextFormat::default()),
            fields(),
            FormatSettings::default(),
        );
        let mut decoded = Decoded::new();
        for chunk in input.as_bytes().chunks(size) {
            decoder.push(chunk, false, &mut decoded);
        }
        decoder.push(&[], true, &mut decoded);
        assert_eq!(
            show(&decoded, &fields()),
            ["1|a\tb\\c\nd|true", "2|-|-", "3|ABq|false", "4|line\nbreak|true"],
            "cut into pieces of {size}"
        );
        assert_eq!(decoded.errors, []);
    }
    assert!(decoder.ended(), "the end mark was read");
}

#[test]
fn copy_text_errors() {
    let (rows, errors) = run(
        Format::CopyText(CopyTextFormat::default()),
        &fields(),
        b"1\ta\n1\ta\tt\tx\n2\ta\rb\tt\n3\t\xff\tt\n",
    );
    assert_eq!(rows, [""; 0]);
    let messages: Vec<&str> = errors.iter().map(|(_, _, message)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "22P04 missing data for column \"ok\"",
            "22P04 extra data after last expected column",
            "22P04 literal carriage return found in data",
            "22021 invalid byte sequence for encoding \"UTF8\": 0xff"
        ]
    );
}

#[test]
fn a_stream_goes_on_behind_a_flush() {
    let mut decoder = StreamDecoder::new(json(), fields(), FormatSettings::default());
    let mut decoded = Decoded::new();
    decoder.push(b"{\"id\":1}", false, &mut decoded);
    assert_eq!((decoded.len(), decoder.pending()), (0, 8));
    decoder.push(&[], true, &mut decoded);
    decoder.push(b"{\"id\":2}\n", false, &mut decoded);
    assert_eq!(show(&decoded, &fields()), ["1|-|-", "2|-|-"]);
}

/// A line break behind a flush ends the flushed record: places do not tell whether there was a flush.
#[test]
fn a_flush_leaves_places_as_they_are() {
    let places = |chunks: &[(&[u8], bool)]| -> Vec<(u64, u64)> {
        let mut decoder = StreamDecoder::new(json(), fields(), FormatSettings::default());
        let mut decoded = Decoded::new();
        for (chunk, flush) in chunks {
            decoder.push(chunk, *flush, &mut decoded);
        }
        assert_eq!(decoded.errors, vec![], "no blank line is a record");
        decoded.rows().map(|(_, position)| (position.offset, position.line)).collect()
    };
    let whole = places(&[(b"{}\r\n{}\r\n{}", true)]);
    assert_eq!(whole, vec![(0, 1), (4, 2), (8, 3)]);
    assert_eq!(places(&[(b"{}", true), (b"\r\n{}", true), (b"\r", false), (b"\n{}", true)]), whole);
}

#[test]
fn random_bytes_never_panic() {
    let mut seed = 42u64;
    let mut random = move |bound: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % bound
    };
    let alphabet = b"{}[]\":,\\\n\r\t'|\"u0041truefalsenull-1.5e9 \xc3\xa9\x00";
    for _ in 0..3000 {
        let input: Vec<u8> = (0..random(60)).map(|_| alphabet[random(alphabet.len())]).collect();
        for format in [json(), Format::Csv(CsvFormat::default()), Format::CopyText(CopyTextFormat::default())]
        {
            let whole = {
                let mut decoder = StreamDecoder::new(format.clone(), fields(), FormatSettings::default());
                let mut decoded = Decoded::new();
                decoder.push(&input, true, &mut decoded);
                (show(&decoded, &fields()), decoded.errors)
            };
            let size = 1 + random(9);
            let mut decoder = StreamDecoder::new(format, fields(), FormatSettings::default());
            let mut decoded = Decoded::new();
            for chunk in input.chunks(size) {
                decoder.push(chunk, false, &mut decoded);
            }
            decoder.push(&[], true, &mut decoded);
            assert_eq!(whole, (show(&decoded, &fields()), decoded.errors), "{input:?} in pieces of {size}");
        }
    }
}

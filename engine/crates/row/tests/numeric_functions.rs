//! Arithmetic of numeric against PostgreSQL 18's answers (`golden/numeric.tsv`).

mod common;

use common::{describe, report};
use tidewire_row::{Arena, EvalResult, Numeric};

fn apply(operation: &str, a: &str, b: &str, arena: &Arena) -> EvalResult<String> {
    if operation == "from8" {
        return Numeric::from_f64(a.parse().unwrap(), arena).map(|value| value.to_string());
    }
    if operation == "from4" {
        return Numeric::from_f32(a.parse().unwrap(), arena).map(|value| value.to_string());
    }
    let x = Numeric::parse(a, -1, arena)?;
    let y = Numeric::parse(b, -1, arena)?;
    let float = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    };
    let value = match operation {
        "add" => x.add(&y, arena)?,
        "sub" => x.sub(&y, arena)?,
        "mul" => x.mul(&y, arena)?,
        "div" => x.div(&y, arena)?,
        "mod" => x.rem(&y, arena)?,
        "divtrunc" => x.div_trunc(&y, arena)?,
        "cmp" => return Ok((x.compare(&y) as i32).to_string()),
        "log2" => y.log(&x, arena)?,
        "power" => x.power(&y, arena)?,
        "sqrt" => x.sqrt(arena)?,
        "exp" => x.exp(arena)?,
        "ln" => x.ln(arena)?,
        "log" => x.log10(arena)?,
        "ceil" => x.ceil(arena)?,
        "floor" => x.floor(arena)?,
        "round" => x.round(b.parse().unwrap(), arena)?,
        "trunc" => x.trunc(b.parse().unwrap(), arena)?,
        "trim_scale" => x.trim_scale(arena),
        "min_scale" => return Ok(x.min_scale(arena).map_or("NULL".into(), |scale| scale.to_string())),
        "abs" => x.abs(arena),
        "neg" => x.neg(arena),
        "int2" => return x.to_i16().map(|value| value.to_string()),
        "int4" => return x.to_i32().map(|value| value.to_string()),
        "int8" => return x.to_i64().map(|value| value.to_string()),
        "float8" => {
            let value = x.to_f64()?;
            return Ok(float(&|out| tidewire_row::io::write_float8(value, 1, out)));
        }
        "float4" => {
            let value = x.to_f32()?;
            return Ok(float(&|out| tidewire_row::io::write_float4(value, 1, out)));
        }
        other => panic!("operation {other}"),
    };
    Ok(value.to_string())
}

#[test]
fn numeric_functions_are_those_of_postgresql() {
    let mut differences = Vec::new();
    let mut cases = 0;
    for line in include_str!("golden/numeric.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [operation, a, b, expected] = fields[..] else { panic!("line {line:?}") };
        let arena = Arena::new();
        let actual = match apply(operation, a, b, &arena) {
            Ok(value) => format!("={value}"),
            Err(error) => describe(&error),
        };
        cases += 1;
        if actual != expected {
            differences.push(format!("{operation} {a} {b}: expected {expected}, got {actual}"));
        }
    }
    report(differences, cases);
}
